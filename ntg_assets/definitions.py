"""Everything Dagster knows of NTG: assets, checks, jobs, schedule, sensor,
resources. Nothing else lists them.
"""

from datetime import timedelta

import dagster as dg

from ntg_assets.churn.assets import churn_assets
from ntg_assets.churn.checks import churn_checks
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.evaluation.churn.assets import churn_evaluation_assets
from ntg_assets.evaluation.gate.assets import gate_assets
from ntg_assets.evaluation.gate.checks import gate_checks
from ntg_assets.evaluation.ranking.assets import ranking_evaluation_assets
from ntg_assets.events.assets import ingest_assets
from ntg_assets.events.checks import ingest_checks
from ntg_assets.events.sensor import landing_sensor
from ntg_assets.experiments.assets import experiment_assets
from ntg_assets.experiments.checks import experiment_checks
from ntg_assets.features.assets import feature_assets
from ntg_assets.off_policy.assets import off_policy_assets
from ntg_assets.off_policy.checks import off_policy_checks
from ntg_assets.optional_sources.assets import optional_source_assets
from ntg_assets.optional_sources.checks import optional_source_checks
from ntg_assets.orchestration.launchpad import one_process, project_of_run, warehouse_of_run
from ntg_assets.orchestration.logs import TO_STANDARD_ERROR, structured_log
from ntg_assets.orchestration.nightly import nightly_schedule
from ntg_assets.orchestration.unfinished_runs import killed_runs_sensor, tags_of_runs
from ntg_assets.publish.assets import publish_assets
from ntg_assets.ranking.assets import ranking_assets
from ntg_assets.ranking.checks import ranking_checks
from ntg_assets.revenue.assets import revenue_assets
from ntg_assets.revenue.checks import revenue_checks
from ntg_assets.splits.assets import split_assets
from ntg_assets.splits.checks import split_checks
from ntg_assets.stages import INGEST, LIVE, PUBLISHED
from ntg_assets.taste.assets import taste_assets

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

assets = [
    *optional_source_assets,
    *ingest_assets,
    *split_assets,
    *feature_assets,
    *taste_assets,
    *ranking_assets,
    *churn_assets,
    *revenue_assets,
    *ranking_evaluation_assets,
    *off_policy_assets,
    *churn_evaluation_assets,
    *gate_assets,
    *experiment_assets,
    *publish_assets,
]


def tell_when_late(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Let the UI say when a table that people rely on is older than a night and some hours."""
    return (
        dg.apply_freshness_policy(spec, late)
        if settings.schedule.enabled and spec.key.path[0] in PEOPLE_RELY_ON
        else spec
    )


defs = dg.Definitions(
    assets=dg.map_asset_specs(tell_when_late, assets),
    asset_checks=[
        *optional_source_checks,
        *ingest_checks,
        *split_checks,
        *ranking_checks,
        *churn_checks,
        *revenue_checks,
        *off_policy_checks,
        *experiment_checks,
        *gate_checks,
    ],
    jobs=[nightly],
    schedules=[nightly_schedule(nightly, settings)],
    sensors=[landing_sensor(nightly, settings), killed_runs_sensor(settings)],
    resources={"project": project_of_run, "io_manager": warehouse_of_run},
    executor=one_process,
    loggers={"console": structured_log},
)
