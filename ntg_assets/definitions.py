"""Everything Dagster knows of NTG: assets, checks, jobs, schedule, sensor,
resources. Assets and checks come from the modules of that name.
"""

from datetime import timedelta

import dagster as dg

# what define_asset_job returns
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.events.sensor import landing_sensor
from ntg_assets.orchestration.asset_specs import with_places
from ntg_assets.orchestration.collection import collected_assets, collected_checks
from ntg_assets.orchestration.domains import GROUPS
from ntg_assets.orchestration.launchpad import one_process, project_of_run, warehouse_of_run
from ntg_assets.orchestration.runs.failed_runs import failed_runs_sensor
from ntg_assets.orchestration.runs.late_nights import late_night_job, late_nights_sensor
from ntg_assets.orchestration.runs.logs import TO_STANDARD_ERROR, structured_log
from ntg_assets.orchestration.runs.nightly import nightly_schedule
from ntg_assets.orchestration.runs.unfinished_runs import killed_runs_sensor, tags_of_runs
from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST, LIVE, PUBLISHED

settings = load_settings()

late = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=settings.schedule.late_after_hours)
)
# the back-test and its experiments are read when somebody asks
PEOPLE_RELY_ON = frozenset({INGEST, LIVE, PUBLISHED})

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    config=TO_STANDARD_ERROR,
    tags=tags_of_runs(project_paths(settings)),
    description="Everything: ingest, back-test, gate, live, experiments, publish.",
)

experiments = dg.define_asset_job(
    "experiments",
    # with what reads the configured files, all at once
    selection=dg.AssetSelection.key_prefixes(EXPERIMENTS).required_multi_asset_neighbors(),
    config=TO_STANDARD_ERROR,
    tags=tags_of_runs(project_paths(settings)),
    description="Experiments alone, on the tables of the last run: their logs are read anew.",
)


STAGE_JOBS = {
    INGEST: "The log, the items and every list: read, judged, accounted for.",
    BACKTEST: "The models on the past, judged on what they have not seen; the release gate.",
    LIVE: "Tonight's lists, scores and contacts, from the log and the gate as they are.",
}


def stage_job(stage: str, description: str) -> UnresolvedAssetJobDefinition:
    """Make the job that runs one stage from what the others have left in the warehouse."""
    return dg.define_asset_job(
        f"{stage}_alone",
        selection=dg.AssetSelection.groups(*(name for name in GROUPS if name.startswith(stage))),
        config=TO_STANDARD_ERROR,
        tags=tags_of_runs(project_paths(settings)),
        description=description,
    )


def with_freshness(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Let the UI say when a table that people rely on is older than a night and some hours."""
    return (
        dg.apply_freshness_policy(spec, late)
        if settings.schedule.enabled and spec.key.path[0] in PEOPLE_RELY_ON
        else spec
    )


defs = dg.Definitions(
    assets=dg.map_asset_specs(lambda spec: with_freshness(with_places(spec)), collected_assets()),
    asset_checks=collected_checks(),
    jobs=[
        nightly,
        experiments,
        *(stage_job(stage, job_settings) for stage, job_settings in STAGE_JOBS.items()),
        late_night_job(settings.schedule.late_after_hours),
    ],
    schedules=[nightly_schedule(nightly, settings)],
    sensors=[
        landing_sensor(nightly, settings),
        killed_runs_sensor(settings),
        failed_runs_sensor(),
        late_nights_sensor(settings.schedule),
    ],
    resources={"project": project_of_run, "io_manager": warehouse_of_run},
    executor=one_process,
    loggers={"console": structured_log},
)
