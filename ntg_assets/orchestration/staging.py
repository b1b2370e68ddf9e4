"""One function, several stages: `backtest` proves the models, `live` makes what is shown tonight.

A function's name is its table, a parameter's name is the table it reads: from the same stage, or
from `ingest`. These decorators are the only way to make an asset or a check (`checking.py`), so
that every one of them has a contract and stands in `DECORATED`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from ntg_assets.contracts import Contract, table_of
from ntg_assets.errors import ContractError
from ntg_assets.orchestration.column_docs import column_docs
from ntg_assets.stages import INGEST, STAGES

NOT_TABLES = frozenset({"context", "project"})
INGEST_TABLES = frozenset(
    {
        "events",
        "items",
        "item_categories",
        "event_calendar",
        "quarantine",
        "load_ledger",
        "volume_report",
        "optional_sources",
        "user_lists",
        "trial_log",
        "excluded_items",
        "exposure_log",
        "outcome_log",
        "log_row_counts",
        "kept_assignments",
        "shown_log_losses",
    }
)
OWNERS = ["team:data-platform"]


# every function that a decorator has made an asset or a check: its name in the graph and where it
# stands; a test holds this against the graph
DECORATED: list[tuple[str, str]] = []


def staged_asset(
    *,
    contract: type[Contract],
    group: str,
    name: str | None = None,
    stages: Sequence[str] = STAGES,
    reads: Mapping[str, str] | None = None,
    after: Sequence[dg.AssetKey] = (),
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], list[dg.AssetsDefinition]]:
    """Make the decorated function an asset in each of `stages`.

    Args:
        contract: What its table promises.
        group: Part of the pipeline; the Dagster group is `<stage>_<group>`, or the stage alone
        where they are the same word.
        name: Table, where it is not the function's name (two functions that make one table in two
        stages).
        stages: Key prefixes, each the schema of the table.
        reads: Stage of inputs that do not come from the asset's own stage (`{"test_events":
        "backtest"}`).
        after: Assets that must be made before, although the function does not take them as
        arguments.
        kinds: Labels in the UI.

    Raises:
        ContractError: the contract is another table's.
    """

    def build(function: Callable[..., Any]) -> list[dg.AssetsDefinition]:
        table = name or function.__name__
        _require_own(contract, table, function)
        return [
            _asset_in(
                stage, contract, function, group=group, reads=reads or {}, after=after, kinds=kinds
            )
            for stage in stages
        ]

    return build


def staged_assets(
    tables: Mapping[type[Contract], str],
    *,
    group: str,
    stages: Sequence[str] = STAGES,
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], list[dg.AssetsDefinition]]:
    """Make the decorated function one step that makes several tables in each of `stages`.

    Args:
        tables: What each table holds, in words, by its contract; the function returns their rows in
        this order.
        group: As in `staged_asset`.
        stages: As in `staged_asset`.
        kinds: As in `staged_asset`.
    """

    def build(function: Callable[..., Any]) -> list[dg.AssetsDefinition]:
        return [_assets_in(stage, tables, function, group=group, kinds=kinds) for stage in stages]

    return build


def source_step(
    tables: Mapping[type[Contract], str],
    *,
    group: str,
    stages: Mapping[type[Contract], str] | None = None,
    after: Sequence[dg.AssetKey] = (),
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    op_tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Make the decorated function one step that reads files and makes tables of `ingest`.

    Args:
        tables: How each table is made (a label of the UI), by its contract, whose first lines
        describe it; the function yields an output for each, by its name.
        group: The Dagster group.
        stages: Stage of tables that are not of `ingest`, since one other stage alone reads them.
        after: Assets that must be made before.
        check_specs: Checks whose results the function yields.
        op_tags: Tags of the step.
    """

    def build(function: Callable[..., Any]) -> dg.AssetsDefinition:
        outs = {
            table_of(model): _out(
                (stages or {}).get(model, INGEST), model, str(inspect.getdoc(model)), (kind,)
            )
            for model, kind in tables.items()
        }
        made = dg.multi_asset(
            name=function.__name__,
            outs=outs,
            group_name=group,
            deps=list(after),
            check_specs=check_specs,
            op_tags=dict(op_tags or {}),
        )(function)
        return _noted(made, function)

    return build


def keys_of_tables(
    function: Callable[..., Any], stage: str, reads: Mapping[str, str]
) -> dict[str, dg.AssetKey]:
    """Find the tables that a function takes, by the names of its parameters."""
    return {
        table: dg.AssetKey(
            [reads.get(table) or (INGEST if table in INGEST_TABLES else stage), table]
        )
        for table in inspect.signature(function).parameters
        if table not in NOT_TABLES
    }


def note(name: str, function: Callable[..., Any]) -> None:
    """Remember that a function was decorated, under its name in the graph."""
    line = function.__code__.co_firstlineno
    DECORATED.append((name, f"{function.__module__}.{function.__qualname__} (line {line})"))


def _asset_in(
    stage: str,
    contract: type[Contract],
    function: Callable[..., Any],
    *,
    group: str,
    reads: Mapping[str, str],
    after: Sequence[dg.AssetKey],
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    keys = keys_of_tables(function, stage, reads)
    made = dg.asset(
        name=table_of(contract),
        key_prefix=[stage],
        ins={table: dg.AssetIn(key=key) for table, key in keys.items()},
        deps=[key for key in after if key not in keys.values()],
        group_name=stage if group == stage else f"{stage}_{group}",
        description=inspect.getdoc(function),
        owners=OWNERS,
        kinds={"duckdb", *kinds},
        metadata={"dagster/column_schema": column_docs(contract)},
    )(function)
    return _noted(made, function)


def _assets_in(
    stage: str,
    tables: Mapping[type[Contract], str],
    function: Callable[..., Any],
    *,
    group: str,
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    keys = keys_of_tables(function, stage, {})
    made = dg.multi_asset(
        name=f"{stage}__{function.__name__}",
        outs={table_of(model): _out(stage, model, told, kinds) for model, told in tables.items()},
        ins={table: dg.AssetIn(key=key) for table, key in keys.items()},
        group_name=stage if group == stage else f"{stage}_{group}",
    )(function)
    return _noted(made, function)


def _out(
    stage: str, contract: type[Contract], description: str, kinds: Sequence[str]
) -> dg.AssetOut:
    return dg.AssetOut(
        key=dg.AssetKey([stage, table_of(contract)]),
        description=description,
        owners=OWNERS,
        kinds={"duckdb", *kinds},
        metadata={"dagster/column_schema": column_docs(contract)},
    )


def _noted(made: dg.AssetsDefinition, function: Callable[..., Any]) -> dg.AssetsDefinition:
    for key in made.keys:
        note(key.to_user_string(), function)
    return made


def _require_own(contract: type[Contract], table: str, function: Callable[..., Any]) -> None:
    if (own := table_of(contract)) != table:
        raise ContractError(
            f"{function.__module__}.{function.__qualname__} makes {table}, and"
            f" contract={contract.__name__} is that of {own}. Name the contract of {table}."
        )
