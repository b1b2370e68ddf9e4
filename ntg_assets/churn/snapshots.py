"""The clock of churn: at which days of the past users are looked at,
and what was then known to follow.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.log_holes import Hole, holes_of, is_whole
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.local_days import day_of
from ntg_assets.splits.boundaries import complete_until_day, cutoff_day, part_span, zone_of
from ntg_assets.sql import Query, Source, query

MIN_WARM_SNAPSHOTS = 8  # with fewer left after the warm-up, a short log needs its first days

HORIZONS_WANTED = 8  # in a log: so many windows let a model be fitted and judged


@dataclass(frozen=True)
class History:
    """The span of TRAIN on the calendar of the service's zone.

    Attributes:
        start_on: First day with an event.
        complete_until_on: First day that is not wholly inside TRAIN: no label window may reach
        beyond it.
        cutoff_on: Day from which users are looked at tonight; all of TRAIN lies before it.
        is_common_clock: False under a per-user split, where each history is cut at its own point.
        holes: Days inside that the log does not hold.
    """

    start_on: date
    complete_until_on: date
    cutoff_on: date
    is_common_clock: bool = True
    holes: tuple[Hole, ...] = ()


def train_history(boundaries: pl.DataFrame, log_holes: pl.DataFrame | None = None) -> History:
    """Read the span of TRAIN from `split_boundaries`, and what it does not hold from `log_holes`,
    where that matters.
    """
    start_on = day_of(part_span(boundaries, "train")[0], zone_of(boundaries))
    is_common_clock = boundaries["strategy"][0] != "per_user"
    return History(
        start_on,
        complete_until_day(boundaries),
        cutoff_day(boundaries),
        is_common_clock=is_common_clock,
        holes=() if log_holes is None else holes_of(log_holes),
    )


def closed_snapshots(history: History, *, settings: ChurnSettings) -> pl.DataFrame:
    """List the snapshots whose label window `[T, T + horizon)` had closed before TRAIN ended,
    oldest first.

    The log's first days are left out where enough remain: users who were there before it look new,
    and gaps look short. So are, where others remain, days whose window, or at-risk window, lacks
    days that the log does not hold: nobody could be active on them.

    Returns:
        `snapshot_on`, `at_risk_from_on`, `window_start_on`, `window_end_on` (half-open, dates).

    Raises:
        NotEnoughDataError: TRAIN is not longer than the horizon.
    """
    horizon = timedelta(days=settings.horizon_days)
    at_risk = timedelta(days=settings.at_risk_window_days)
    days = _regular_days(history, settings)
    spans = ((timedelta(0), horizon), (-at_risk, timedelta(0)))
    in_the_log = [
        day
        for day in days
        if all(is_whole(day + start, day + end, history.holes) for start, end in spans)
    ]
    warm_on = history.start_on + timedelta(days=settings.warm_up_window_days)
    warm = [day for day in in_the_log or days if day >= warm_on]
    rows = [
        (day, day - at_risk, day, day + horizon)
        for day in (warm if len(warm) >= MIN_WARM_SNAPSHOTS else in_the_log or days)
    ]
    columns = ["snapshot_on", "at_risk_from_on", "window_start_on", "window_end_on"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.Date), orient="row")


def _regular_days(history: History, settings: ChurnSettings) -> list[date]:
    """Days a step apart after the log's first one, the last as late as its window allows."""
    horizon = timedelta(days=settings.horizon_days)
    latest = history.complete_until_on - horizon
    if latest <= history.start_on:
        n_days = (history.complete_until_on - history.start_on).days
        msg = (
            f"churn_labels: TRAIN spans {n_days} whole days ({history.start_on} to"
            f" {history.complete_until_on}), the churn horizon is {settings.horizon_days}: no"
            f" window has closed. Use a longer log{shorter_horizon(n_days, settings)}."
        )
        raise NotEnoughDataError(msg)
    step = timedelta(days=settings.snapshot_step_days)
    n_snapshots = min(settings.max_snapshots, -((history.start_on - latest) // step))
    days = (latest - k * step for k in reversed(range(n_snapshots)))
    return [day for day in days if day > history.start_on]


def shorter_horizon(n_days: int, settings: ChurnSettings) -> str:
    """Propose the horizon that a log of so many days can bear,
    where it is shorter than the one configured.
    """
    proposed = n_days // HORIZONS_WANTED
    return (
        f" or a smaller horizon, for example churn.horizon_days: {proposed}"
        if 0 < proposed < settings.horizon_days
        else ""
    )


def churn_labels(user_days: Source, history: History, *, settings: ChurnSettings) -> Query:
    """Label the at-risk users of every closed snapshot; see `churn_labels.sql`."""
    snapshots = closed_snapshots(history, settings=settings)
    return query(
        "churn",
        "churn_labels",
        {"user_days": user_days, "snapshots": snapshots},
        min_tenure_days=settings.min_tenure_days,
        max_rows=settings.max_fit_rows,
        is_truncated=not history.is_common_clock,
    )


def looked_at(
    user_days: Source, labels: Source, history: History, *, settings: ChurnSettings
) -> Query:
    """Say who is looked at and when: each labelled (user, snapshot),
    everyone at the cutoff and one step before it, and the day after.

    The day after is that of the last active day, for users at risk: what silence has done is told
    against it.
    """
    return query(
        "churn",
        "looked_at",
        {"user_days": user_days, "churn_labels": labels},
        cutoff_on=history.cutoff_on,
        before_on=history.cutoff_on - timedelta(days=settings.snapshot_step_days),
        at_risk_from_on=history.cutoff_on - timedelta(days=settings.at_risk_window_days),
    )


def churn_snapshots(
    user_days: Source, labels: Source, history: History, *, settings: ChurnSettings
) -> Query:
    """Describe users' activity at every day they are looked at; see `churn_snapshots.sql`."""
    cutoffs = looked_at(user_days, labels, history, settings=settings)
    return query(
        "churn", "churn_snapshots", {"activity": user_activity_features(user_days, cutoffs)}
    )


def churn_horizon_report(user_days: Source, history: History, *, settings: ChurnSettings) -> Query:
    """Say what silence has meant so far, at every quarter of a horizon up to twice the at-risk
    window.
    """
    steps = pl.DataFrame({"silent_days": _silences(settings)}, schema={"silent_days": pl.Int64})
    return query(
        "churn",
        "churn_horizon_report",
        {"user_days": user_days, "steps": steps},
        horizon_days=settings.horizon_days,
        at_risk_days=settings.at_risk_window_days,
        complete_until_on=history.complete_until_on,
    )


def _silences(settings: ChurnSettings) -> list[int]:
    """Lengths of silence that are looked at: quarters of a horizon, the horizon, the window."""
    last = 2 * max(settings.at_risk_window_days, settings.horizon_days)
    quarter = max(1, settings.horizon_days // 4)
    return sorted(
        {*range(quarter, last + 1, quarter), settings.horizon_days, settings.at_risk_window_days}
    )


def at_the_cutoff(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Keep everyone at the cutoff, the latest day of `churn_snapshots`."""
    return snapshots.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max())


def labelled_snapshots(snapshots: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Join what was known at each closed snapshot with what followed, by user and snapshot."""
    outcomes = labels.select(
        "user_id",
        "snapshot_on",
        "window_end_on",
        "is_churned",
        "window_active_days",
        "window_value",
    )
    return snapshots.join(outcomes, on=["user_id", "snapshot_on"], how="inner").sort(
        "user_id", "snapshot_on"
    )
