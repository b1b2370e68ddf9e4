"""The contract of every table as a check that people see, fed by what its write has found.

A write that breaks its contract fails the step with the offending rows, and nothing is stored; so
a check of this kind passes or is not reached. It costs no step of its own.
"""

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, cast

import dagster as dg

from ntg_assets.contracts import Contract, file_of, key_of, table_of
from ntg_assets.sql import Table
from ntg_assets.storage.tables import Written

NAME = "contract"
WRITTEN: dict[Table, Written] = {}
"""What the last write of each table in this process found."""


class Clock:
    """How long the table takes that is being made: from where its step began, or from its table
    before, until it is stored. A process makes one table at a time.
    """

    def __init__(self) -> None:
        self.started = time.monotonic()

    def start(self) -> None:
        """Begin with the next table."""
        self.started = time.monotonic()

    def seconds(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self.started


CLOCK = Clock()


def contract_check(key: dg.AssetKey, model: type[Contract]) -> dg.AssetCheckSpec:
    """Describe the check of one table's contract."""
    rows = f"one row per ({', '.join(key_of(model))})" if key_of(model) else "no key"
    return dg.AssetCheckSpec(
        NAME,
        asset=key,
        description=(
            f"The stored rows keep {model.__name__} ({file_of(model)}): its"
            f" {len(model.to_schema().columns)} columns, their types and limits, {rows}."
        ),
    )


def with_contract_checks(
    function: Callable[..., Any], stages: Mapping[type[Contract], str]
) -> Callable[..., Any]:
    """Wrap a step so that each table it gives to be stored is followed by its contract's check.

    Args:
        function: The step: it returns the rows of its tables, or yields outputs.
        stages: Stage of each table that it makes, in order.
    """
    keys = {
        table_of(model): dg.AssetKey([stage, table_of(model)]) for model, stage in stages.items()
    }

    @wraps(function)
    def run(*args: Any, **named: Any) -> Iterator[Any]:
        CLOCK.start()
        made = function(*args, **named)
        parts = made if inspect.isgenerator(made) else _outputs(made, list(keys))
        for part in parts:
            yield part
            CLOCK.start()
            name = getattr(part, "output_name", None)
            if name is not None:  # stored by now: Dagster asks for more when it is done with it
                yield _verdict(keys[name] if name in keys else next(iter(keys.values())))

    return run


def _outputs(made: object, tables: list[str]) -> Iterator[dg.Output[Any]]:
    if len(tables) == 1:
        yield dg.Output(made)
        return
    for rows, table in zip(cast("Iterable[object]", made), tables, strict=True):
        yield dg.Output(rows, table)


def _verdict(key: dg.AssetKey) -> dg.AssetCheckResult:
    written = WRITTEN[Table(key.path[0], key.path[-1])]
    return dg.AssetCheckResult(
        check_name=NAME,
        asset_key=key,
        passed=True,
        description=f"{written.n_rows:,} rows keep it",
        metadata={"rows": written.n_rows, "columns": len(written.column_types)},
    )
