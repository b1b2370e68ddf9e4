"""A sensor that starts a run when new source files have arrived and lie still."""

import hashlib
import json
from pathlib import Path

import dagster as dg

# what define_asset_job returns
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, project_paths
from ntg_assets.errors import SourceError
from ntg_assets.orchestration.runs.unfinished_runs import fail_killed_run, unfinished_run
from ntg_assets.sources.files.file_names import name_of, resolve_files

SECONDS_BETWEEN_LOOKS = 60
ID_DIGITS = 16


def landing_sensor(job: UnresolvedAssetJobDefinition, settings: Settings) -> dg.SensorDefinition:
    """Make a sensor that watches the landing files and requests `job` once for each new state of
    them.

    A state is requested when it differs from the last one that was and has not changed between two
    looks, so that a file is not read while it is still being copied. The first look only remembers
    what is there. While a run waits or goes on, a new state waits too.
    """

    @dg.sensor(
        name="landing_files",
        job=job,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=(
            dg.DefaultSensorStatus.RUNNING
            if settings.schedule.watch_landing
            else dg.DefaultSensorStatus.STOPPED
        ),
        description=(
            "Starts a run when source files arrive or change and have been still since the last"
            " look."
        ),
    )
    def landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        paths = project_paths(settings)
        fail_killed_run(context.instance, paths)
        state = landing_state(settings, paths)
        busy = unfinished_run(context.instance, paths)
        return look(context.cursor, state, busy=busy)

    return landing_files


def landing_state(settings: Settings, paths: Paths) -> str:
    """Names, sizes and times of change of the watched files, as one text."""
    ingest = settings.ingest
    patterns = [ingest.landing_glob] if ingest.landing_glob else ingest.events.files
    try:
        result = resolve_files(
            patterns, home=paths.home, roots=(paths.workspace, *map(Path, ingest.source_folders))
        )
    except SourceError:
        result = []  # nothing has arrived yet
    return json.dumps(
        [
            [name_of(path, paths.home), (stat := path.stat()).st_size, stat.st_mtime_ns]
            for path in result
        ]
    )


def look(cursor: str | None, state: str, *, busy: str | None = None) -> dg.SensorResult:
    """Compare the files with what the last look saw.

    Args:
        cursor: `{"requested": state that was run, "seen": state of the last look}`, or nothing at
        the first look.
        state: The files now.
        busy: The run that waits or goes on; the files stay new until it has ended.
    """
    if cursor is None:
        first = "first look: the files that are there belong to the scheduled run"
        return _remember(state, state, first)
    before = json.loads(cursor)
    requested = before["requested"]
    if state == requested:
        return _remember(state, state, "no new file")
    if not _has_arrived(requested, state):
        return _remember(state, state, "files went away, none arrived")
    if state != before["seen"]:
        return _remember(requested, state, "files are arriving; waiting until they lie still")
    if busy:
        return _remember(requested, state, f"files have arrived; waiting, since {busy}")
    run_key = hashlib.sha256(state.encode()).hexdigest()[:ID_DIGITS]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=run_key)], cursor=_cursor(state, state)
    )


def _has_arrived(before: str, now: str) -> bool:
    """Whether a file is new or changed."""
    existing = json.loads(before)
    return any(file not in existing for file in json.loads(now))


def _remember(requested: str, seen: str, reason: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=_cursor(requested, seen))


def _cursor(requested: str, seen: str) -> str:
    return json.dumps({"requested": requested, "seen": seen})
