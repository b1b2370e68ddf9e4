"""Everyone known at a cutoff, with what the models of the day say of the next horizon."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.present_pace import present_paces
from ntg_assets.revenue.value.value_candidates import NextHorizon, Population
from ntg_assets.revenue.value.worth import counted_days
from ntg_assets.sql import Query, Source, query
from ntg_assets.storage.run import run

MOST_PAST_PERIODS = 26  # of the chain of returns
DAYS_PER_YEAR = 365.0


def period_ends(*, horizon_days: int, period_days: int) -> tuple[int, ...]:
    """Last day of each period up to the horizon; the first is whole, the last may be cut short."""
    whole = max(horizon_days, period_days)
    return tuple(min(end, whole) for end in range(period_days, whole + period_days, period_days))


def discounted_days(*, horizon_days: int, period_days: int, annual_discount: float) -> Floats:
    """Days of each period up to the horizon, each discounted to today from its middle;
    the last period may be cut short.
    """
    weights = (1 + annual_discount) ** (-(np.arange(horizon_days) + 0.5) / DAYS_PER_YEAR)
    starts = np.arange(0, horizon_days, period_days)
    return np.add.reduceat(weights, starts)


def period_weights(*, horizon_days: int, period_days: int, annual_discount: float) -> Floats:
    """What a unit of value in each period is worth today, days beyond the horizon not counted."""
    days = discounted_days(
        horizon_days=horizon_days, period_days=period_days, annual_discount=annual_discount
    )
    ends = period_ends(horizon_days=horizon_days, period_days=period_days)
    return days / np.diff(ends, prepend=0)


def population(
    activity: pl.DataFrame,
    user_days: Source,
    capped: pl.DataFrame,
    *,
    start_on: date,
    cutoff_on: date,
    next_horizon: NextHorizon | None,
    churn: ChurnSettings,
    value: ValueSettings,
) -> Population:
    """Put together what is known of everyone at a cutoff.

    Args:
        activity: Activity features at the cutoff, by user id.
        user_days: One row per (user, active day); only days before the cutoff are looked at.
        capped: `capped_days` at the cutoff.
        start_on: First day of the log.
        cutoff_on: The day.
        next_horizon: Of each row of `activity`, or None.
        churn: Horizon, which is the period, and at-risk window.
        value: Horizon and basis of value.
    """
    days = counted_days(user_days, capped)
    repeats = run(query("revenue.value", "repeat_value", {"user_days": days}, cutoff_on=cutoff_on))
    aligned = activity.select("user_id").join(
        repeats, on="user_id", how="left", maintain_order="left"
    )
    past = run(value_periods(days, start_on=start_on, cutoff_on=cutoff_on, churn=churn))
    return Population(
        activity=activity,
        is_at_risk=(activity["recency_days"] <= churn.at_risk_window_days).to_numpy(),
        next_horizon=next_horizon,
        n_repeats=aligned["n_repeats"].fill_null(0).cast(pl.Float64).to_numpy(),
        repeat_value=aligned["repeat_value"].fill_null(0.0).to_numpy(),
        was_active=_was_active(activity, past, start_on, cutoff_on, churn.horizon_days),
        period_ends=period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days),
        day_price=None if value.basis == "event_value" else value.day_price,
        paces=present_paces(
            activity["user_id"],
            user_days,
            capped,
            start_on=start_on,
            cutoff_on=cutoff_on,
            churn=churn,
            value=value,
        ),
        recent_value=_recent_value(activity, days, cutoff_on, churn=churn, value=value),
    )


def _recent_value(
    activity: pl.DataFrame,
    days: Source,
    cutoff_on: date,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> Floats:
    """Value per churn horizon over the at-risk window; not below 0."""
    window = churn.at_risk_window_days
    seen = run(
        query(
            "revenue.value",
            "value_periods",
            {"user_days": days},
            cutoff_on=cutoff_on,
            start_on=cutoff_on - timedelta(days=window),
            until_on=cutoff_on,
            period_days=window,
            horizon_days=0,
        )
    )
    column = "value_sum" if value.basis == "event_value" else "n_active_days"
    brought = by_user_and_period(activity["user_id"], seen, column, [-1])[:, 0]
    price = 1.0 if value.basis == "event_value" else value.day_price
    return np.maximum(brought, 0.0) * price * churn.horizon_days / window


def value_periods(
    user_days: Source,
    *,
    start_on: date,
    cutoff_on: date,
    churn: ChurnSettings,
    until_on: date | None = None,
    horizon_days: int = 0,
) -> Query:
    """Value by user and period around a cutoff; see `value_periods.sql`.

    Args:
        user_days: One row per (user, active day).
        start_on: First day of the log; the periods before the cutoff are whole.
        cutoff_on: The day.
        churn: Length of a period.
        until_on: First day that is not looked at; None: the cutoff.
        horizon_days: How far after the cutoff.
    """
    n_whole = min((cutoff_on - start_on).days // churn.horizon_days, MOST_PAST_PERIODS)
    return query(
        "revenue.value",
        "value_periods",
        {"user_days": user_days},
        cutoff_on=cutoff_on,
        start_on=cutoff_on - timedelta(days=n_whole * churn.horizon_days),
        until_on=until_on or cutoff_on,
        period_days=churn.horizon_days,
        horizon_days=horizon_days,
    )


def by_user_and_period(
    users: pl.Series, rows: pl.DataFrame, column: str, periods: Sequence[int]
) -> Floats:
    """Spread rows of `value_periods` over users and periods; 0 where nothing was seen."""
    places = pl.DataFrame({"user_id": users}).with_row_index("row")
    wanted = rows.filter(pl.col("period").is_in(list(periods)))
    joined = wanted.join(places, on="user_id", how="inner")
    spread = np.zeros((len(users), len(periods)))
    first = periods[0] if len(periods) else 0
    spread[joined["row"].to_numpy(), (joined["period"] - first).to_numpy()] = (
        joined[column].cast(pl.Float64).to_numpy()
    )
    return spread


def _was_active(
    activity: pl.DataFrame, past: pl.DataFrame, start_on: date, cutoff_on: date, period_days: int
) -> Flags:
    n_whole = min((cutoff_on - start_on).days // period_days, MOST_PAST_PERIODS)
    periods = range(-n_whole, 0)
    return by_user_and_period(activity["user_id"], past, "n_active_days", periods) > 0
