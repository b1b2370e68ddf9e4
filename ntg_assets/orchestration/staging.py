"""One asset function, several stages: `backtest` proves the models,
`live` makes what is shown tonight.

A function's name is its table, a parameter's name is the table it reads: from the same stage, or
from `ingest`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from ntg_assets.contracts import Contract, contract_of
from ntg_assets.stages import BACKTEST, INGEST, STAGES

GATE = dg.AssetKey([BACKTEST, "release_gate"])
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


def staged_asset(
    *,
    group: str,
    name: str | None = None,
    stages: Sequence[str] = STAGES,
    reads: Mapping[str, str] | None = None,
    after: Sequence[dg.AssetKey] = (),
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], list[dg.AssetsDefinition]]:
    """Make the decorated function an asset in each of `stages`.

    Args:
        name: Table, where it is not the function's name (two functions that make one table in two
        stages).
        group: Part of the pipeline; the Dagster group is `<stage>_<group>`, or the stage alone
        where they are the same word.
        stages: Key prefixes, each the schema of the table.
        reads: Stage of inputs that do not come from the asset's own stage (`{"test_events":
        "backtest"}`).
        after: Assets that must be made before, although the function does not take them as
        arguments.
        kinds: Labels in the UI.
    """

    def build(function: Callable[..., Any]) -> list[dg.AssetsDefinition]:
        table = name or function.__name__
        return [
            _asset_in(
                stage, table, function, group=group, reads=reads or {}, after=after, kinds=kinds
            )
            for stage in stages
        ]

    return build


def staged_assets(
    tables: Mapping[str, str],
    *,
    group: str,
    stages: Sequence[str] = STAGES,
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], list[dg.AssetsDefinition]]:
    """Make the decorated function one step that makes several tables in each of `stages`.

    Args:
        tables: What each table holds, in words, by name; the function returns their rows in this
        order.
        group: As in `staged_asset`.
        stages: As in `staged_asset`.
        kinds: As in `staged_asset`.
    """

    def build(function: Callable[..., Any]) -> list[dg.AssetsDefinition]:
        return [_assets_in(stage, tables, function, group=group, kinds=kinds) for stage in stages]

    return build


def _assets_in(
    stage: str,
    tables: Mapping[str, str],
    function: Callable[..., Any],
    *,
    group: str,
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    outs = {
        table: dg.AssetOut(
            key=dg.AssetKey([stage, table]),
            description=description,
            owners=OWNERS,
            kinds={"duckdb", *kinds},
            metadata={"dagster/column_schema": column_docs(contract_of(table))},
        )
        for table, description in tables.items()
    }
    made = dg.multi_asset(
        name=f"{stage}__{function.__name__}",
        outs=outs,
        ins=_ins(function, stage, {}),
        group_name=stage if group == stage else f"{stage}_{group}",
    )
    return made(function)


def _ins(
    function: Callable[..., Any], stage: str, reads: Mapping[str, str]
) -> dict[str, dg.AssetIn]:
    """Find the tables that a function takes, by the names of its parameters."""
    tables = [
        parameter
        for parameter in inspect.signature(function).parameters
        if parameter not in NOT_TABLES
    ]
    return {
        table: dg.AssetIn(key=dg.AssetKey([_schema_of(table, stage, reads), table]))
        for table in tables
    }


def _asset_in(
    stage: str,
    name: str,
    function: Callable[..., Any],
    *,
    group: str,
    reads: Mapping[str, str],
    after: Sequence[dg.AssetKey],
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    ins = _ins(function, stage, reads)
    return dg.asset(
        name=name,
        key_prefix=[stage],
        ins=ins,
        deps=[key for key in after if key not in {given.key for given in ins.values()}],
        group_name=stage if group == stage else f"{stage}_{group}",
        description=inspect.getdoc(function),
        owners=OWNERS,
        kinds={"duckdb", *kinds},
        metadata={"dagster/column_schema": column_docs(contract_of(name))},
    )(function)


def _schema_of(table: str, stage: str, reads: Mapping[str, str]) -> str:
    return reads.get(table) or (INGEST if table in INGEST_TABLES else stage)


def column_docs(model: type[Contract]) -> dg.TableSchema:
    """Column names, types, descriptions and constraints of a contract,
    as the Dagster UI shows them.
    """
    schema = model.to_schema()
    key = schema.unique or []
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type="id" if "id" in (found.metadata or {}) else str(found.dtype),
                description=found.description,
                constraints=dg.TableColumnConstraints(
                    nullable=found.nullable,
                    unique=list(key) == [name],
                    other=[_rule(check) for check in found.checks],
                ),
            )
            for name, found in schema.columns.items()
        ],
        constraints=dg.TableConstraints(other=[f"one row per ({', '.join(key)})"] if key else []),
    )


def _rule(check: Any) -> str:
    """Write a column's rule as a person would (`>= 0`), not as Pandera's object says itself."""
    signs = {
        "greater_than_or_equal_to": ">=",
        "greater_than": ">",
        "less_than_or_equal_to": "<=",
        "less_than": "<",
    }
    values = list((check.statistics or {}).values())
    if check.name in signs:
        return f"{signs[check.name]} {values[0]:g}"
    if check.name == "isin":
        return "one of " + ", ".join(str(value) for value in values[0])
    return str(check.name).replace("_", " ") + "".join(
        f" {value}" for value in values if value is not None
    )
