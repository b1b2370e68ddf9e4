"""Checks of stored tables, written once and asked in each stage."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from ntg_assets.orchestration.declaring import Beside, issued, keys_of_tables
from ntg_assets.orchestration.decorated import note
from ntg_assets.orchestration.remembered_steps import check_with_memory
from ntg_assets.sql import Table


def staged_check(
    table: str,
    *,
    stages: Sequence[str],
    reads: Mapping[str, str] | None = None,
    blocking: bool = False,
    files: Sequence[str] = (),
    op_tags: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., dg.AssetCheckResult]], list[dg.AssetChecksDefinition]]:
    """Make the decorated function a check of a table in each of `stages`.

    Its name is the check's, its docstring the description; its parameters are the tables that it
    reads, as in `staged_asset`: the checked one need not be among them.

    Args:
        table: The checked table.
        stages: Where it is checked.
        reads: Stage of inputs that do not come from the table's own stage.
        blocking: Whether nothing downstream is made when it fails.
        files: Folders and files that it reads beside its tables, below the workspace.
        op_tags: Tags of the step.
    """

    def build(function: Callable[..., dg.AssetCheckResult]) -> list[dg.AssetChecksDefinition]:
        return [
            _check_in(
                dg.AssetKey([stage, table]),
                function,
                reads=reads or {},
                blocking=blocking,
                beside=Beside(files=tuple(files)),
                op_tags=op_tags,
            )
            for stage in stages
        ]

    return build


def check_name(key: dg.AssetCheckKey) -> str:
    """Name of a check in the graph, for a person to read."""
    return f"{key.asset_key.to_user_string()}: {key.name}"


def _check_in(
    checked: dg.AssetKey,
    function: Callable[..., dg.AssetCheckResult],
    *,
    reads: Mapping[str, str],
    blocking: bool,
    beside: Beside,
    op_tags: Mapping[str, str] | None,
) -> dg.AssetChecksDefinition:
    keys = keys_of_tables(function, checked.path[0], reads)
    others = {name: dg.AssetIn(key) for name, key in keys.items() if key != checked}
    table = Table(checked.path[0], checked.path[-1])
    work = beside.work(f"{'__'.join(checked.path)}_{function.__name__}", function, [], keys)
    name = f"{checked.to_user_string()}: {function.__name__}"
    run = issued(function, beside.declared(name, keys))
    made: Any = dg.asset_check(  # noqa: TID251  # the decorator itself
        asset=checked, additional_ins=others, blocking=blocking, op_tags=dict(op_tags or {})
    )(
        check_with_memory(
            run, work._replace(checks=((table, function.__name__),), is_blocking=blocking)
        )
    )
    for key in made.check_keys:
        note(check_name(key), function)
    return made
