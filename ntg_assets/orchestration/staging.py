"""One function, several stages: `backtest` proves the models, `live` makes what is shown tonight.

A function's name is its table, a parameter's name is the table it reads: from the same stage, or
from `ingest`. These decorators are the only way to make an asset or a check (`checking.py`), so
that every one of them has a contract and stands in `decorated.DECORATED`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from ntg_assets.contracts import Contract, table_of
from ntg_assets.errors import ContractError
from ntg_assets.orchestration.column_docs import column_docs
from ntg_assets.orchestration.contract_checks import contract_check, with_contract_checks
from ntg_assets.orchestration.declaring import Beside, issued, keys_of_tables
from ntg_assets.orchestration.decorated import STEPS, StagedAssets, Step, described, note
from ntg_assets.orchestration.domains import group_of, owners_of, tags_of
from ntg_assets.orchestration.inputs import takes_the_project, with_inputs
from ntg_assets.orchestration.remembered_steps import with_memory
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets.sql import Table
from ntg_assets.stages import STAGES


def staged_asset(  # noqa: PLR0913  # all that the graph shows of an asset
    *,
    contract: type[Contract],
    group: str,
    name: str | None = None,
    stages: Sequence[str] = STAGES,
    reads: Mapping[str, str] | None = None,
    live_reads: Mapping[str, str] | None = None,
    after: Sequence[dg.AssetKey] = (),
    files: Sequence[str] = (),
    whole_store: bool = False,
    reads_after: bool = False,
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], StagedAssets]:
    """Make the decorated function an asset in each of `stages`.

    While it runs it may read the tables of its parameters and nothing else
    (`declared_reads.py`).

    Args:
        contract: What its table promises.
        group: Part of the pipeline, a tag of the asset; `domains.py` says in which group of the
        graph it is shown, and who owns it.
        name: Table, where it is not the function's name (two functions that make one table in two
        stages).
        stages: Key prefixes, each the schema of the table.
        reads: Stage of inputs that do not come from the asset's own stage (`{"test_events":
        "backtest"}`).
        live_reads: Tables that stand in `live` for parameters of other names (`LEARNED_FROM`).
        after: Assets that must be made before, although the function does not take them as
        arguments.
        files: Folders and files that it reads beside its tables, below the workspace.
        whole_store: Whether it may open the warehouse itself: what publishes all of it.
        reads_after: Whether what it reads there are the tables of `after` and no others.
        kinds: Labels in the UI.

    Raises:
        ContractError: the contract is another table's.
    """

    def build(function: Callable[..., Any]) -> StagedAssets:
        table = name or function.__name__
        _require_own(contract, table, function)
        beside = Beside(tuple(after), tuple(files), whole_store, reads_after)
        return StagedAssets(
            [
                _asset_in(
                    stage,
                    contract,
                    function,
                    group=group,
                    keys=keys_of_tables(function, stage, reads or {}, live_reads),
                    beside=beside,
                    kinds=kinds,
                )
                for stage in stages
            ]
        )

    return build


def staged_assets(
    tables: Mapping[type[Contract], str],
    *,
    group: str,
    stages: Sequence[str] = STAGES,
    reads: Mapping[str, str] | None = None,
    kinds: Sequence[str] = ("python",),
) -> Callable[[Callable[..., Any]], StagedAssets]:
    """Make the decorated function one step that makes several tables in each of `stages`.

    Args:
        tables: What each table holds, in words, by its contract; the function returns their rows in
        this order.
        group: As in `staged_asset`.
        stages: As in `staged_asset`.
        reads: As in `staged_asset`.
        kinds: As in `staged_asset`.
    """

    def build(function: Callable[..., Any]) -> StagedAssets:
        return StagedAssets(
            [
                _assets_in(stage, tables, function, group=group, reads=reads or {}, kinds=kinds)
                for stage in stages
            ]
        )

    return build


def _asset_in(
    stage: str,
    contract: type[Contract],
    function: Callable[..., Any],
    *,
    group: str,
    keys: Mapping[str, dg.AssetKey],
    beside: Beside,
    kinds: Sequence[str],
) -> Callable[[], dg.AssetsDefinition]:
    """Note the step of a stage, and return what makes its asset."""
    table = Table(stage, table_of(contract))
    name = f"{stage}/{table.name}"
    run = issued(function, beside.declared(name, keys))
    STEPS.append(Step(name, stage, group, (contract,), keys, run, bool(beside.files)))
    note(name, function)
    work = beside.work(f"{stage}__{table.name}", function, [table], keys)
    return partial(
        _asset_of,
        _step(run, {contract: stage}, work, keys),
        table,
        contract,
        group=group,
        keys=keys,
        beside=beside,
        kinds=kinds,
    )


def _asset_of(
    step: Callable[..., Any],
    table: Table,
    contract: type[Contract],
    *,
    group: str,
    keys: Mapping[str, dg.AssetKey],
    beside: Beside,
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    return dg.asset(  # noqa: TID251  # the decorator itself
        name=table.name,
        key_prefix=[table.schema],
        dagster_type=dg.Any,  # rows, or that they are left; the IO manager refuses the rest
        deps=[*dict.fromkeys([*keys.values(), *beside.after])],
        group_name=group_of(table.schema, group),
        tags=tags_of(table.schema, group),
        description=inspect.getdoc(step),
        owners=owners_of(group),
        kinds={"duckdb", *kinds},
        metadata={"dagster/column_schema": column_docs(contract), **beside.shown},
        check_specs=[contract_check(dg.AssetKey([table.schema, table.name]), contract)],
    )(step)


def _assets_in(
    stage: str,
    tables: Mapping[type[Contract], str],
    function: Callable[..., Any],
    *,
    group: str,
    reads: Mapping[str, str],
    kinds: Sequence[str],
) -> Callable[[], dg.AssetsDefinition]:
    """Note the step of a stage, and return what makes its assets."""
    keys = keys_of_tables(function, stage, reads)
    run = issued(function, Beside().declared(f"{stage}/{function.__name__}", keys))
    STEPS.append(Step(f"{stage}/{function.__name__}", stage, group, tuple(tables), keys, run))
    stored = [Table(stage, table_of(model)) for model in tables]
    for table in stored:
        note(f"{stage}/{table.name}", function)
    work = Beside().work(f"{stage}__{function.__name__}", function, stored, keys)
    return partial(
        _assets_of,
        _step(run, dict.fromkeys(tables, stage), work, keys),
        work.name,
        stage,
        tables,
        group=group,
        keys=keys,
        kinds=kinds,
    )


def _assets_of(
    step: Callable[..., Any],
    name: str,
    stage: str,
    tables: Mapping[type[Contract], str],
    *,
    group: str,
    keys: Mapping[str, dg.AssetKey],
    kinds: Sequence[str],
) -> dg.AssetsDefinition:
    return dg.multi_asset(  # noqa: TID251  # the decorator itself
        name=name,
        outs={
            table_of(model): described(stage, model, meaning, kinds, part=group)
            for model, meaning in tables.items()
        },
        deps=[*dict.fromkeys(keys.values())],
        group_name=group_of(stage, group),
        check_specs=[
            contract_check(dg.AssetKey([stage, table_of(model)]), model) for model in tables
        ],
    )(step)


def _step(
    run: Callable[..., Any],
    stages: Mapping[type[Contract], str],
    work: Work,
    keys: Mapping[str, dg.AssetKey],
) -> Callable[..., Any]:
    """Make what Dagster runs: left as it is where nothing has changed, else read, made and held to
    its contracts.
    """
    made = with_contract_checks(with_inputs(run, keys), stages)
    return takes_the_project(with_memory(made, work))


def _require_own(contract: type[Contract], table: str, function: Callable[..., Any]) -> None:
    if (own := table_of(contract)) != table:
        raise ContractError(
            f"{function.__module__}.{function.__qualname__} makes {table}, and"
            f" contract={contract.__name__} is that of {own}. Name the contract of {table}."
        )
