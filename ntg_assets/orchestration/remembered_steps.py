"""Steps that are left as they are when they would be made again just so: their tables stay, their
versions and verdicts are reported again, with the run that made them.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple

import dagster as dg

from ntg_assets.orchestration.remembering.memory import Memory
from ntg_assets.orchestration.remembering.record import Made, MadeTable, Verdict, name_of_table
from ntg_assets.orchestration.remembering.steps import WORKS, Work
from ntg_assets.sql import Table

REUSED = "reused_from_run"  # key of the metadata of a table that was left


class Left(NamedTuple):
    """A table that is left as it is, in place of its rows.

    Attributes:
        run: The run that made it.
        made: What it holds.
    """

    run: str
    made: MadeTable


class _Running:
    """The memory of the run that goes on in this process: there is one, since the warehouse has one
    writer.
    """

    memory: Memory | None = None


def begin(memory: Memory | None) -> None:
    """Name the memory of the run that begins; None: it has ended."""
    _Running.memory = memory


def running() -> Memory | None:
    """Return the memory of the run that goes on; None outside of any."""
    return _Running.memory


def is_left(step: str) -> bool:
    """Whether a step of the run that goes on is left as it is, so that nothing need be read."""
    memory, work = running(), WORKS.get(step)
    return memory is not None and work is not None and memory.unchanged(work) is not None


def with_memory(function: Callable[..., Any], work: Work) -> Callable[..., Any]:
    """Wrap a step, which yields outputs and verdicts, so that it is made only when it has to be."""
    WORKS[work.name] = work

    @wraps(function)
    def run(*args: Any, **named: Any) -> Iterator[Any]:
        memory = running()
        if memory is None:
            yield from function(*args, **named)
        elif (made := memory.unchanged(work)) is not None:
            yield from _report(work, made)
        else:
            with memory.making(work):
                for part in function(*args, **named):
                    if isinstance(part, dg.AssetCheckResult):
                        memory.note(_verdict(part))
                    yield part

    return run


def check_with_memory(
    function: Callable[..., dg.AssetCheckResult], work: Work
) -> Callable[..., dg.AssetCheckResult]:
    """Wrap a check that is a step of its own so that it is kept when it passed."""
    WORKS[work.name] = work

    @wraps(function)
    def run(*args: Any, **named: Any) -> dg.AssetCheckResult:
        memory = running()
        if memory is None:
            return function(*args, **named)
        if (made := memory.unchanged(work)) is not None:
            return _again(made.verdicts[0], made.run)
        with memory.making(work):
            result = function(*args, **named)
            for table, name in work.checks:
                memory.note(_verdict(result, table=table, name=name))
        return result

    return run


def _report(work: Work, made: Made) -> Iterator[Any]:
    for table in work.tables:
        left = Left(made.run, made.tables[name_of_table(table)])
        is_one = len(work.tables) == 1 and work.name == f"{table.schema}__{table.name}"
        yield dg.Output(left, "result" if is_one else table.name)  # as `dg.asset` names it
    for verdict in made.verdicts:
        yield _again(verdict, made.run)


def _again(verdict: Verdict, run: str) -> dg.AssetCheckResult:
    """Say again what a check said."""
    return dg.AssetCheckResult(
        check_name=verdict.check,
        asset_key=dg.AssetKey(verdict.table.split(".")),
        passed=verdict.passed,
        severity=(
            dg.AssetCheckSeverity.WARN if verdict.is_warning else dg.AssetCheckSeverity.ERROR
        ),
        description=verdict.description,
        metadata={REUSED: run},
    )


def _verdict(
    result: dg.AssetCheckResult, *, table: Table | None = None, name: str | None = None
) -> Verdict:
    key = result.asset_key
    if table is None:
        if key is None or result.check_name is None:
            raise ValueError("A step's check names neither its table nor itself.")
        table, name = Table(key.path[0], key.path[-1]), result.check_name
    return Verdict(
        table=name_of_table(table),
        check=name or "",
        passed=bool(result.passed),
        is_warning=result.severity is dg.AssetCheckSeverity.WARN,
        description=result.description or "",
    )
