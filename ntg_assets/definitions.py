"""Everything Dagster knows of NTG: assets, checks, jobs, schedule, sensor, resources. Nothing else lists them."""

from datetime import timedelta

import dagster as dg

from ntg_assets.churn.assets import churn_assets
from ntg_assets.churn.checks import churn_checks
from ntg_assets.errors import ConfigurationError
from ntg_assets.evaluation.churn_assets import churn_evaluation_assets
from ntg_assets.evaluation.gate_assets import gate_assets
from ntg_assets.evaluation.gate_checks import gate_checks
from ntg_assets.evaluation.ranking_assets import ranking_evaluation_assets
from ntg_assets.events.assets import ingest_assets
from ntg_assets.events.checks import ingest_checks
from ntg_assets.events.sensor import landing_sensor
from ntg_assets.experiments.assets import experiment_assets
from ntg_assets.experiments.checks import experiment_checks
from ntg_assets.features.assets import feature_assets
from ntg_assets.logs import structured_log
from ntg_assets.off_policy.assets import off_policy_assets
from ntg_assets.off_policy.checks import off_policy_checks
from ntg_assets.optional_sources.assets import optional_source_assets
from ntg_assets.optional_sources.checks import optional_source_checks
from ntg_assets.project import Project
from ntg_assets.publish.assets import publish_assets
from ntg_assets.ranking.assets import ranking_assets
from ntg_assets.ranking.checks import ranking_checks
from ntg_assets.revenue.assets import revenue_assets
from ntg_assets.revenue.checks import revenue_checks
from ntg_assets.settings import load_settings, project_paths
from ntg_assets.splits.assets import split_assets
from ntg_assets.splits.checks import split_checks
from ntg_assets.stages import INGEST, LIVE, PUBLISHED
from ntg_assets.storage.io_manager import NtgDuckDBIOManager
from ntg_assets.taste.assets import taste_assets

settings = load_settings()
project = Project.configure_at_launch()

late = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=settings.schedule.late_after_hours))
PEOPLE_RELY_ON = frozenset({INGEST, LIVE, PUBLISHED})  # the back-test and its experiments are read when somebody asks

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
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
    return dg.apply_freshness_policy(spec, late) if settings.schedule.enabled and spec.key.path[0] in PEOPLE_RELY_ON else spec


def every_night() -> dg.ScheduleDefinition:
    """Start the whole job at the configured time."""
    try:
        return dg.ScheduleDefinition(
            name="every_night",
            job=nightly,
            cron_schedule=settings.schedule.cron,
            execution_timezone=settings.schedule.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING if settings.schedule.enabled else dg.DefaultScheduleStatus.STOPPED,
        )
    except dg.DagsterInvalidDefinitionError:
        raise ConfigurationError(f"configuration: schedule.cron: {settings.schedule.cron!r} names no time (such as 0 3 * * *).") from None


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
    schedules=[every_night()],
    sensors=[landing_sensor(nightly, settings)],
    resources={
        "project": project,
        "io_manager": NtgDuckDBIOManager(project=project, database=str(project_paths(settings).warehouse)),
    },
    executor=dg.in_process_executor,
    loggers={"console": structured_log},
)
