"""Materialize a selection of assets in this process and tell what happens, asset by asset."""

import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import dagster as dg
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._utils.interrupts import check_captured_interrupt

from ntg_assets.cli.interruption import received
from ntg_assets.cli.loading import loading
from ntg_assets.cli.running.events import RunEvent, RunOutcome, read_event
from ntg_assets.cli.running.time_left import TimeLeft, step_seconds
from ntg_assets.configuration.settings import project_home
from ntg_assets.orchestration.domains import part_of
from ntg_assets.orchestration.remembering.planned import PLANNED_ON
from ntg_assets.orchestration.runs.code_location import location_name
from ntg_assets.orchestration.runs.failed_runs import say_why
from ntg_assets.orchestration.runs.logs import TO_FILE_ONLY, log_file
from ntg_assets.sql import Table

DEFINITIONS = "ntg_assets.definitions"
LOOKED_BACK_RUNS = 3  # a run of a part knows only its own steps
Assets = set[dg.AssetKey]


def nightly_job() -> dg.JobDefinition:
    """Load the job over everything (a function, so that Dagster can find it again)."""
    if DEFINITIONS not in sys.modules:  # loading it reads the configuration, which a command names
        with loading():
            import_module(DEFINITIONS).defs.resolve_job_def("nightly")
    from ntg_assets.definitions import defs  # noqa: PLC0415  # as above

    return defs.resolve_job_def("nightly")


def select_assets(parts: Sequence[str]) -> Assets:
    """List the assets of some parts (`backtest_features`); of all parts when none is named."""
    graph = nightly_job().asset_layer.asset_graph
    return {
        key
        for key in graph.materializable_asset_keys
        if not parts or part_of(graph.get(key)) in parts
    }


def never_made(selected: Assets, *, instance: dg.DagsterInstance) -> Assets:
    """List what some assets need, directly or not, and no run has made yet."""
    graph = nightly_job().asset_layer.asset_graph
    needed = set(dg.AssetSelection.assets(*selected).upstream().resolve(graph)) - selected
    missing = {key for key in needed if instance.get_latest_materialization_event(key) is None}
    together = dg.AssetSelection.assets(*missing).required_multi_asset_neighbors()
    return set(together.resolve(graph)) - selected if missing else missing


def time_left(selected: Assets, *, instance: dg.DagsterInstance, logs: Path) -> TimeLeft:
    """Know from the logs of the last runs that succeeded how long the steps of a run take.

    Args:
        selected: What is made.
        instance: The history of runs.
        logs: Folder of the logs of runs: reading as much out of the history costs seconds.
    """
    layer = nightly_job().asset_layer
    checks = {key for key in layer.asset_graph.asset_check_keys if key.asset_key in selected}
    steps = {str(layer.get_op_output_handle(key).node_handle) for key in selected | checks}
    usual: dict[str, float] = {}
    succeeded = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    for run in reversed(instance.get_runs(succeeded, limit=LOOKED_BACK_RUNS)):
        usual |= step_seconds(log_file(logs, run.run_id))
    return TimeLeft(
        {step: seconds for step, seconds in usual.items() if step in steps},
        n_new=len(steps - {*usual}),
    )


def origin_of_runs() -> RemoteRepositoryOrigin:
    """Say where the UI finds the definitions: its overview leaves out runs without it."""
    import ntg_assets.definitions as module  # noqa: PLC0415  # as above

    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=module.__name__)
    return RemoteRepositoryOrigin(
        ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name(project_home())),
        module.defs.get_repository_def().name,
    )


def assets_of(tables: Iterable[Table]) -> Assets:
    """Name tables as assets."""
    return {dg.AssetKey([table.schema, table.name]) for table in tables}


def run_assets(
    selected: Assets,
    *,
    instance: dg.DagsterInstance,
    remake: bool = True,
    planned_on: str | None = None,
) -> Iterator[RunEvent]:
    """Materialize the selected assets with their checks;
    the last thing yielded is the `RunOutcome`.

    Args:
        selected: What is made.
        instance: The history of runs.
        remake: Whether each of them is made even if it would come out just so.
        planned_on: State of the warehouse by which they were selected (`state_of`).
    """
    job = dg.reconstructable(nightly_job).get_subset(asset_selection=selected)
    definition = job.get_definition()
    run = instance.create_run_for_job(
        definition,
        run_config={**TO_FILE_ONLY, "resources": {"project": {"config": {"remake": remake}}}},
        tags={**definition.run_tags, **({PLANNED_ON: planned_on} if planned_on else {})},
        asset_selection=selected,
        remote_job_origin=origin_of_runs().get_job_origin(definition.name),
    )
    outcome = RunOutcome(run.run_id)
    started = time.monotonic()
    for event in _until_interrupted(execute_run_iterator(job, run, instance)):
        if event.is_step_start:
            started = time.monotonic()
        yield from read_event(event, outcome, seconds=time.monotonic() - started)
    say_why(instance, run.run_id)
    yield outcome


def _until_interrupted(events: Iterator[dg.DagsterEvent]) -> Iterator[dg.DagsterEvent]:
    """Yield the events of a run, and let it end before the next step where a library has swallowed
    the request to end.
    """
    for event in events:
        yield event
        handler = signal.getsignal(signal.SIGINT)
        if (
            event.is_step_start
            and received()
            and not check_captured_interrupt()
            and callable(handler)
        ):
            handler(signal.SIGINT, None)  # Dagster's own, which raises when the step begins
