"""Runs that are not finished in Dagster's history: those that go on,
and those whose process was killed.

A run whose process is killed, with its container or for want of memory, stays STARTED and blocks
the queue. Its workspace lock is free, though, and still names it: that is how it is told from one
that goes on.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.events import JobFailureData, RunFailureReason

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, project_paths
from ntg_assets.stages import SCHEMAS
from ntg_assets.storage.run_lock import holder_of, killed_run

WORKSPACE_TAG = "ntg/workspace"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
SECONDS_BETWEEN_LOOKS = 60
DIGITS = 8  # of a hash, in a tag that people see


def tags_of_runs(paths: Paths) -> dict[str, str]:
    """Tags that tell the runs of this workspace from those of others in one history."""
    return {WORKSPACE_TAG: _name(paths)}


def unfinished_run(instance: dg.DagsterInstance, paths: Paths) -> str | None:
    """Say which run of this workspace waits or goes on, also one of another history;
    None when there is none.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    if ours := [run for run in runs if _is_ours(run, paths)]:
        first = ours[-1]  # the oldest: they come with the newest first
        return f"run {first.run_id} is {first.status.value}"
    holder = holder_of(paths.run_lock)
    return (
        f"run {holder.run_id or 'unknown'} of process {holder.process or 'unknown'} holds the"
        " workspace"
        if holder
        else None
    )


def fail_killed_run(instance: dg.DagsterInstance, paths: Paths) -> str | None:
    """End in the history the run whose process was killed while it held the workspace,
    and free its place; return its id.

    A run that goes on holds the lock, so it is never touched; neither is one that this history does
    not know. Several processes may ask at once: one of them ends the run.
    """
    if killed_run(paths.run_lock) is None:
        return None
    with _one_at_a_time(paths.run_lock.with_name("killed_run.lock")):
        run_id = killed_run(paths.run_lock)
        run = instance.get_run_by_id(run_id) if run_id else None
        if run is None or run.is_finished:
            return None
        _end(instance, run)
        return run.run_id


def killed_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Make a sensor that keeps the queue going: at the start of the daemon and once a minute it
    ends a run whose process was killed.
    """

    @dg.sensor(
        name="killed_runs",
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails a run whose process was killed, so that the next one may start.",
    )
    def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        ended = fail_killed_run(context.instance, project_paths(settings))
        return dg.SkipReason(
            f"the process of run {ended} was killed: it is failed, its place is free"
            if ended
            else "no run was killed"
        )

    return killed_runs


def _is_ours(run: dg.DagsterRun, paths: Paths) -> bool:
    if workspace := run.tags.get(WORKSPACE_TAG):
        # runs of older versions name the whole path
        return workspace in {_name(paths), str(paths.workspace)}
    # what the asset graph of the UI starts has no tag
    return any(key.path[0] in SCHEMAS for key in run.asset_selection or ())


def _name(paths: Paths) -> str:
    """The folder's name, and a few digits that tell it from another folder of that name."""
    digest = hashlib.sha256(str(paths.workspace).encode()).hexdigest()
    return f"{paths.workspace.name}-{digest[:DIGITS]}"


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    message = (
        "The process of this run was killed: the workspace that it held is free. Run again; `ntg"
        " verify` tells what is published."
    )
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message)
    else:
        instance.report_run_failed(
            run,
            message,
            JobFailureData(error=None, failure_reason=RunFailureReason.UNEXPECTED_TERMINATION),
        )
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
