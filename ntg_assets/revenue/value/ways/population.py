"""Everyone known at a cutoff, with what the models of the day say of the next horizon."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.ways.day_log import DayLog
from ntg_assets.revenue.value.ways.present_pace import present_paces
from ntg_assets.revenue.value.ways.seasons import (
    Season,
    fit_season,
    is_learnable,
    unlearned_error,
)
from ntg_assets.revenue.value.ways.value_candidates import NextHorizon, Population, SeasonFactors

MOST_PAST_PERIODS = 26  # of the chain of returns
LOOKED_BACK = 2  # horizons of which the model of the next one says most
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
    log: DayLog,
    *,
    log_days: int,
    next_horizon: NextHorizon | None,
    churn: ChurnSettings,
    value: ValueSettings,
) -> Population:
    """Put together what is known of everyone at a cutoff.

    Args:
        activity: Activity features at the cutoff, by user id.
        log: Days of these users, amounts as they count; only days before the cutoff are looked at.
        log_days: Days from the first day of the log to the cutoff.
        next_horizon: Of each row of `activity`, or None.
        churn: Horizon, which is the period, and at-risk window.
        value: Horizon and basis of value.
    """
    # the first day of each user is no repeat
    is_repeat = log.is_past & (np.diff(log.user, prepend=-1) == 0)
    season = fit_season(log, log_days=log_days)
    ends = period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days)
    return Population(
        activity=activity,
        is_at_risk=(activity["recency_days"] <= churn.at_risk_window_days).to_numpy(),
        next_horizon=next_horizon,
        n_repeats=log.n_days(is_repeat),
        n_paid_repeats=log.n_days(is_repeat & (log.amount != 0)),
        repeat_value=log.value(is_repeat),
        was_active=_was_active(log, log_days=log_days, period_days=churn.horizon_days),
        period_ends=ends,
        day_price=None if value.basis == "event_value" else value.day_price,
        paces=present_paces(log, season, log_days=log_days, churn=churn, value=value),
        recent_value=_recent_value(log, churn=churn, value=value),
        seasonal=seasonal(season, ends, tenure_days=activity["tenure_days"].to_numpy()),
        season_error=0.0
        if is_learnable(log_days)
        else unlearned_error(n_days=ends[-1], looked_back_days=LOOKED_BACK * ends[0]),
    )


def seasonal(season: Season, ends: Sequence[int], *, tenure_days: Longs) -> SeasonFactors:
    """What the time of the year does to each period ahead, by what a way has looked at.

    Args:
        season: Of the log.
        ends: Last day of each period.
        tenure_days: Of each user.
    """
    if season.is_flat:
        return SeasonFactors(*(np.ones(len(ends)) for _ in SeasonFactors._fields))
    ahead = np.array(
        [season.mean(first, end) for first, end in zip([0, *ends[:-1]], ends, strict=True)]
    )
    # users known so many days before the cutoff
    alive = np.cumsum(np.bincount(tenure_days)[::-1])[::-1].astype(np.float64)
    lived = float((season.at(-1 - np.arange(len(alive))) * alive).sum() / alive.sum())
    return SeasonFactors(
        calibrated=ahead / season.mean(-LOOKED_BACK * ends[0], 0),
        structural=ahead / lived,
        paces=ahead,
    )


def _recent_value(log: DayLog, *, churn: ChurnSettings, value: ValueSettings) -> Floats:
    """Value per churn horizon over the at-risk window; not below 0."""
    window = churn.at_risk_window_days
    recent = log.is_past & (log.age_days <= window)
    is_money = value.basis == "event_value"
    brought = log.value(recent) if is_money else log.n_days(recent) * value.day_price
    return np.maximum(brought, 0.0) * churn.horizon_days / window


def _was_active(log: DayLog, *, log_days: int, period_days: int) -> Flags:
    """Whether users were active in each whole past period, oldest first."""
    n_whole = min(log_days // period_days, MOST_PAST_PERIODS)
    ones = np.ones(len(log.user))
    past = log.by_period(ones, first=-n_whole, n_periods=n_whole, period_days=period_days)
    return past > 0
