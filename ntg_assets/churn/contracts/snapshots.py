"""Contracts of who is looked at when, and what followed."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier


@contract("churn_labels")
class ChurnLabels(Contract):
    """One row per (user, snapshot): an at-risk user at a closed snapshot of the past,
    and what followed.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column(
        "Day T from which the user is looked at; features see only days before it", unit="date"
    )
    window_start_on: pl.Date = column("First day of the label window", unit="date")
    window_end_on: pl.Date = column(
        "First day after the label window, T + horizon; never after the end of TRAIN", unit="date"
    )
    recency_days: int = column("Days since the last active day at T", unit="days", ge=1)
    tenure_days: int = column("Days since the first active day at T", unit="days", ge=1)
    is_churned: bool = column("Whether no day of the window was active")
    window_active_days: int = column("Active days in the window", unit="days", ge=0)
    window_value: float = column("Sum of event values in the window", unit="value of the source")
    is_truncated: bool = column(
        "True under a per-user split: each history is cut at its own point, so churn is overstated"
    )

    class Config:
        unique = ["user_id", "snapshot_on"]


@contract("churn_snapshots")
class ChurnSnapshots(Contract):
    """One row per (user, snapshot): the user's activity before that day.

    Days: the snapshots of the past, the cutoff, one step before it, and for users at risk the day
    after their last active day.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column("Day from which the user is looked at", unit="date")
    tenure_days: int = column("Days since the first active day", unit="days", ge=1)
    recency_days: int = column("Days since the last active day", unit="days", ge=1)
    active_days: int = column("Active days", unit="days", ge=1)
    active_days_7d: int = column("Active days in the last 7 days", unit="days", ge=0, le=7)
    active_days_30d: int = column("Active days in the last 30 days", unit="days", ge=0, le=30)
    active_days_90d: int = column("Active days in the last 90 days", unit="days", ge=0, le=90)
    decayed_active_days_7d: float = column(
        "Active days, each weighing 0.5 ** (age / 7)", unit="days", ge=0
    )
    decayed_active_days_30d: float = column(
        "Active days, each weighing 0.5 ** (age / 30)", unit="days", ge=0
    )
    decayed_active_days_90d: float = column(
        "Active days, each weighing 0.5 ** (age / 90)", unit="days", ge=0
    )
    decayed_active_days_365d: float = column(
        "Active days, each weighing 0.5 ** (age / 365)", unit="days", ge=0
    )
    active_day_share: float = column("Active days per day of tenure", unit="share", ge=0, le=1)
    events_per_active_day: float = column("Events per active day", gt=0)
    items_per_active_day: float = column("Different items per active day", gt=0)
    mean_gap_days: float = column(
        "Mean gap between active days; null with one active day", unit="days", nullable=True, ge=1
    )
    gap_variation: float = column(
        "Spread of the gaps relative to their mean; null below three active days",
        nullable=True,
        ge=0,
    )
    longest_gap_days: int = column(
        "Longest gap between active days; null with one active day",
        unit="days",
        nullable=True,
        ge=1,
    )
    recency_to_mean_gap: float = column(
        "Recency in units of the usual gap; null with one active day", nullable=True, gt=0
    )
    trend_log_ratio: float = column("ln((active days in the last 30 + 1) / (in the 30 before + 1))")
    weekly_volatility: float = column(
        "Spread of active days per week relative to their mean", nullable=True, ge=0
    )
    value_per_active_day: float = column("Value per active day", unit="value of the source")
    decayed_value_90d: float = column(
        "Value, each day weighing 0.5 ** (age / 90)", unit="value of the source"
    )

    class Config:
        unique = ["user_id", "snapshot_on"]


@contract("learning_snapshots")
class LearningSnapshots(ChurnSnapshots):
    """One row per (user, snapshot) as in `churn_snapshots`, looked at from the end of what is
    learned from: what the churn model is fitted on.
    """


@contract("churn_horizon_report")
class ChurnHorizonReport(Contract):
    """One row per number of silent days: how many came back;
    what defends the horizon and the at-risk window.
    """

    silent_days: int = column("Days without activity", unit="days", ge=1)
    n_silences: int = column(
        "Silences that lasted longer and whose next horizon lies inside TRAIN", ge=1
    )
    return_probability: float = column(
        "Share of them that ended within another horizon", unit="share", ge=0, le=1
    )
    ever_returned_share: float = column(
        "Share of them that ended within TRAIN", unit="share", ge=0, le=1
    )
    is_horizon: bool = column("Whether this is the churn horizon: what is called churn after it")
    is_at_risk_limit: bool = column(
        "Whether this is the at-risk window: who is no longer scored as at risk after it"
    )

    class Config:
        unique = ["silent_days"]


@contract("log_holes")
class LogHoles(Contract):
    """One row per run of days that the log does not hold, although there is usual activity before
    and after it.
    """

    from_on: pl.Date = column("First of them", unit="date")
    until_on: pl.Date = column("First day after them", unit="date")
    n_days: int = column("How many", unit="days", ge=1)
    users_a_day: float = column("Active users on such a day, mean", ge=0)
    usual_users_a_day: float = column(
        "The same on the middle day of the four weeks before or after, whichever held less", ge=0
    )

    class Config:
        unique = ["from_on"]
