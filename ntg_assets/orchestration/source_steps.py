"""The step that reads files and makes several tables of `ingest` from them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from ntg_assets.contracts import Contract, table_of
from ntg_assets.orchestration.contract_checks import contract_check, with_contract_checks
from ntg_assets.orchestration.declaring import Beside, issued
from ntg_assets.orchestration.decorated import described, noted
from ntg_assets.orchestration.remembered_steps import with_memory
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST


def source_step(
    tables: Mapping[type[Contract], str],
    *,
    group: str,
    files: Sequence[str],
    stages: Mapping[type[Contract], str] | None = None,
    after: Sequence[dg.AssetKey] = (),
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    op_tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Make the decorated function one step that reads files and makes tables of `ingest`.

    Args:
        tables: How each table is made (a label of the UI), by its contract, whose first lines
        describe it; the function yields an output for each, by its name.
        group: As in `staged_asset`.
        files: What it reads, as a person would look for it: configuration keys, folders.
        stages: Stage of tables that are not of `ingest`, since one other stage alone reads them.
        after: Assets that must be made before.
        check_specs: Checks whose results the function yields.
        op_tags: Tags of the step.
    """

    def build(function: Callable[..., Any]) -> dg.AssetsDefinition:
        beside = Beside(tuple(after), tuple(files))
        placed = {model: (stages or {}).get(model, INGEST) for model in tables}
        outs = {
            table_of(model): described(
                placed[model],
                model,
                str(inspect.getdoc(model)),
                (kind,),
                part=group,
                shown=beside.shown,
            )
            for model, kind in tables.items()
        }
        run = issued(function, beside.declared(function.__name__, {}))
        work = beside.work(
            function.__name__,
            function,
            [Table(stage, table_of(model)) for model, stage in placed.items()],
            {},
        )
        made = dg.multi_asset(  # noqa: TID251  # the decorator itself
            name=function.__name__,
            outs=outs,
            group_name=INGEST,
            deps=list(after),
            check_specs=[
                *(
                    contract_check(dg.AssetKey([stage, table_of(model)]), model)
                    for model, stage in placed.items()
                ),
                *check_specs,
            ],
            op_tags=dict(op_tags or {}),
        )(with_memory(with_contract_checks(run, placed), work))
        return noted(made, function)

    return build
