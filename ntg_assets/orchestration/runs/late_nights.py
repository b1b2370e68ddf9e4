"""A night that did not come, where people look first.

Dagster's overview shows runs, and nothing of a night for which none was started: its bars are those
of the days before, all green. So a sensor asks how old the publication is, and starts a run that
does no more than say so and fail: a red bar of its own, whose reason stands in the list of runs.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import dagster as dg

from ntg_assets.configuration.schedule import ScheduleSettings
from ntg_assets.orchestration.runs.failed_runs import REASON_TAG
from ntg_assets.orchestration.runs.logs import TO_STANDARD_ERROR, structured_log
from ntg_assets.stages import PUBLISHED

PUBLICATION = dg.AssetKey([PUBLISHED, "publication"])
NAME = "late_night"
SECONDS_BETWEEN_LOOKS = 120
HOURS, MINUTES = 3600.0, 60.0


class Lateness(NamedTuple):
    """How late a publication is.

    Attributes:
        published_at: When the last one was made (UTC).
        age_hours: Hours since then.
        n_days: Whole days since it counts as late; one alarm is given for each.
    """

    published_at: datetime
    age_hours: float
    n_days: int


def lateness(published_at: datetime, *, now: datetime, late_after_hours: float) -> Lateness | None:
    """Say how late a publication is; None where it is not.

    Args:
        published_at: When the last one was made (UTC).
        now: The present (UTC).
        late_after_hours: Age in hours above which it is.
    """
    age = now - published_at
    over = age - timedelta(hours=late_after_hours)
    if over <= timedelta():
        return None
    return Lateness(published_at, age.total_seconds() / HOURS, over.days)


def lateness_now(instance: dg.DagsterInstance, *, late_after_hours: float) -> Lateness | None:
    """Say how late the publication is by what Dagster remembers; None where it is not, or where
    nothing was ever published.
    """
    event = instance.get_latest_materialization_event(PUBLICATION)
    if event is None:
        return None
    published_at = datetime.fromtimestamp(event.timestamp, UTC)
    return lateness(published_at, now=datetime.now(UTC), late_after_hours=late_after_hours)


def in_words(late: Lateness, *, late_after_hours: float, newest: dg.DagsterRun | None) -> str:
    """Say what is late, by how much, and what became of the newest run.

    Args:
        late: How late the publication is.
        late_after_hours: From when it counts as late.
        newest: The newest run of the night; None: there is none.
    """
    begun = "no run of nightly is known" if newest is None else _fate(newest)
    return (
        f"nothing was published for {_span(late.age_hours)}: the publication is of"
        f" {late.published_at:%Y-%m-%d %H:%M} UTC, and late after {_span(late_after_hours)}"
        f" (schedule.late_after_hours); {begun}. The page Automation says whether every_night was"
        " skipped, and why."
    )


def _fate(run: dg.DagsterRun) -> str:
    if not run.is_finished:
        return f"run {run.run_id[:8]} of nightly is {run.status.value}"
    reason = f" ({run.tags[REASON_TAG]})" if REASON_TAG in run.tags else ""
    return f"the newest run of nightly, {run.run_id[:8]}, ended as {run.status.value}{reason}"


def _span(hours: float) -> str:
    return f"{hours:.0f} hours" if hours >= 1 else f"{hours * MINUTES:.0f} minutes"


def late_night_job(late_after_hours: float) -> dg.JobDefinition:
    """Make the job that fails where the publication is late, and does nothing else.

    Args:
        late_after_hours: Age of a publication above which it is late.
    """

    @dg.op(name="publication_is_fresh")  # noqa: TID251  # no asset: it makes and reads no table
    def publication_is_fresh(context: dg.OpExecutionContext) -> None:
        late = lateness_now(context.instance, late_after_hours=late_after_hours)
        if late is None:
            context.log.info("a publication has come meanwhile")
            return
        newest = [*context.instance.get_runs(dg.RunsFilter(job_name="nightly"), limit=1), None][0]
        raise dg.Failure(
            in_words(late, late_after_hours=late_after_hours, newest=newest), allow_retries=False
        )

    @dg.job(
        name=NAME,
        config=TO_STANDARD_ERROR,
        logger_defs={"console": structured_log},
        description=(
            "Fails, and says why, where nothing was published for longer than"
            " schedule.late_after_hours. It makes nothing."
        ),
    )
    def late_night() -> None:
        publication_is_fresh()

    return late_night


def late_nights_sensor(schedule: ScheduleSettings) -> dg.SensorDefinition:
    """Make the sensor that starts the alarm, once for each day on which nothing came; it rests
    where no night is scheduled.

    Args:
        schedule: When nights begin, and when a publication is late.
    """
    late_after_hours = schedule.late_after_hours

    @dg.sensor(
        name="late_nights",
        job_name=NAME,  # by the job itself Dagster makes the sensor again, and warns of that
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=(
            dg.DefaultSensorStatus.RUNNING if schedule.enabled else dg.DefaultSensorStatus.STOPPED
        ),
        description=(
            f"Lets the run {NAME} fail on each day on which the publication is older than"
            f" {_span(late_after_hours)}, so that the overview shows it."
        ),
    )
    def late_nights(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        late = lateness_now(context.instance, late_after_hours=late_after_hours)
        if late is None:
            return dg.SkipReason("the publication is not late")
        return dg.RunRequest(run_key=f"{late.published_at.isoformat()} {late.n_days}")

    return late_nights
