"""The schedule of the nightly run: one run at a time,
so a tick that meets another run is skipped and says which.
"""

import dagster as dg

# what define_asset_job returns
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, project_paths
from ntg_assets.errors import ConfigurationError
from ntg_assets.orchestration.runs.unfinished_runs import fail_killed_run, unfinished_run


def nightly_schedule(
    job: UnresolvedAssetJobDefinition, settings: Settings
) -> dg.ScheduleDefinition:
    """Start the whole job at the configured time,
    unless a run of this workspace waits or goes on.
    """

    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return start_or_wait(context.instance, project_paths(settings))

    try:
        return dg.ScheduleDefinition(
            name="every_night",
            job=job,
            description=(
                f"Starts the job nightly ({settings.schedule.cron},"
                f" {settings.schedule.timezone}), unless a run of this workspace waits or goes on."
                f" A table that people rely on counts as late"
                f" {settings.schedule.late_after_hours:g} hours after it was made."
            ),
            cron_schedule=settings.schedule.cron,
            execution_timezone=settings.schedule.timezone,
            execution_fn=every_night,
            default_status=(
                dg.DefaultScheduleStatus.RUNNING
                if settings.schedule.enabled
                else dg.DefaultScheduleStatus.STOPPED
            ),
        )
    except dg.DagsterInvalidDefinitionError:
        raise ConfigurationError(
            f"configuration: schedule.cron: {settings.schedule.cron!r} names no time (such as 0 3 *"
            " * *)."
        ) from None


def start_or_wait(instance: dg.DagsterInstance, paths: Paths) -> dg.RunRequest | dg.SkipReason:
    """Request a run, or say which other one is in the way;
    one whose process was killed is ended first.
    """
    fail_killed_run(instance, paths)
    busy = unfinished_run(instance, paths)
    return (
        dg.SkipReason(f"{busy}: one run at a time, and this one would do the same work again")
        if busy
        else dg.RunRequest()
    )
