"""What the launchpad of the UI offers for one run: modelling values, whether everything is made
again, the level of the log, and nothing else.

Dagster lets a launchpad replace every value that a resource, an IO manager or an executor was
given, the path of the database too. So the jobs are given ones that have no such values.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from ntg_assets.configuration.modelling_key import ModellingKey
from ntg_assets.configuration.modelling_keys import modelling_keys, validate_overrides
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project


def _entry(key: ModellingKey) -> dg.Field:
    number: Any = int if key.is_whole else float
    values: Any = [number] if key.is_list else number
    return dg.Field(
        dg.Noneable(values) if key.is_nullable else values,
        is_required=False,
        description=f"{key.description} ({key.told})",
    )


OVERRIDES = dg.Field(
    dg.Shape({key.name: _entry(key) for key in modelling_keys()}),  # type: ignore[no-untyped-call]
    default_value={},
    description=(
        'Modelling values for this run alone: {"ranking.top_k": 10}. Everything else is set in the'
        " configuration file."
    ),
)

REMAKE = dg.Field(
    bool,
    default_value=False,
    description=(
        "Make every step again, also one whose code, settings, files and tables are what they were."
    ),
)


@dg.resource(
    config_schema={"overrides": OVERRIDES, "remake": REMAKE},
    description="Settings, folders, id types and random streams of this run.",
)
def project_of_run(context: dg.InitResourceContext) -> Iterator[Project]:
    """Open the project of this deployment's configuration,
    with the modelling values that the launchpad gave.
    """
    overrides: Mapping[str, Any] = validate_overrides(context.resource_config["overrides"])
    project = Project(overrides=dict(overrides), remake=context.resource_config["remake"])
    with project.yield_for_execution(context) as project:
        yield project


@dg.io_manager(
    config_schema={},
    required_resource_keys={"project"},
    description="The warehouse of this deployment.",
)
def warehouse_of_run(context: dg.InitResourceContext) -> dg.IOManager:
    """Store the tables of a run in the warehouse of its project."""
    project: Project = context.resources.project
    return NtgDuckDBIOManager(
        project=project, database=str(project.paths.warehouse)
    ).create_io_manager(context)


@dg.configured(dg.in_process_executor, config_schema={})
def one_process(_: object) -> dict[str, Any]:
    """Run all steps in one process, one after the other: the warehouse has one writer."""
    return {}
