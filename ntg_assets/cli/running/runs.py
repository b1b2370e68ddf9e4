"""Materialize a selection of assets in this process and tell what happens, asset by asset."""

import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module

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
from ntg_assets.cli.running.time_left import TimeLeft
from ntg_assets.configuration.settings import project_home
from ntg_assets.orchestration.domains import part_of
from ntg_assets.orchestration.remembered_steps import REUSED
from ntg_assets.orchestration.remembering.planned import PLANNED_ON
from ntg_assets.orchestration.runs.code_location import location_name
from ntg_assets.orchestration.runs.failed_runs import say_why
from ntg_assets.orchestration.runs.logs import TO_FILE_ONLY
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


def time_left(selected: Assets, *, instance: dg.DagsterInstance) -> TimeLeft:
    """Know from the last runs that succeeded how long the steps of a run take."""
    layer = nightly_job().asset_layer
    checks = {key for key in layer.asset_graph.asset_check_keys if key.asset_key in selected}
    steps = {str(layer.get_op_output_handle(key).node_handle) for key in selected | checks}
    usual: dict[str, float] = {}
    succeeded = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    for run in reversed(instance.get_runs(succeeded, limit=LOOKED_BACK_RUNS)):
        left = _steps_left(instance, run.run_id)
        for stats in instance.get_run_step_stats(run.run_id):
            if stats.start_time and stats.end_time and stats.step_key not in left:
                usual[stats.step_key] = stats.end_time - stats.start_time
    return TimeLeft(
        {step: seconds for step, seconds in usual.items() if step in steps},
        n_new=len(steps - {*usual}),
    )


def _steps_left(instance: dg.DagsterInstance, run_id: str) -> set[str | None]:
    """Name the steps of a run that left their tables as they were: they took no time to speak of,
    which says nothing of what they take when they are made.
    """
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    return {
        event.step_key
        for entry in instance.all_logs(run_id, of_type=kinds)
        if (event := entry.dagster_event) and _is_reported_again(event)
    }


def _is_reported_again(event: dg.DagsterEvent) -> bool:
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return REUSED in event.asset_check_evaluation_data.metadata
    return REUSED in event.step_materialization_data.materialization.metadata


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
