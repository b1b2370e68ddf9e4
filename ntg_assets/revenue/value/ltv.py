"""Lifetime value over a finite horizon, and one identity for what is kept and what may be lost.

    V   value over the stated horizon of who stays (is active in the next churn horizon)
    R   what a leaver still brings over it: the chance to return times its worth
    P   churn probability

    ltv = (1 - P) V + P R        revenue at risk = P (V - R)        ltv + revenue at risk = V

Who is outside the at-risk population has left: V = R = ltv, and nothing more is at stake. V and R
come from the ways of foreseeing value that the past has weighed (`value_shapes`): the sum over the
horizon is theirs, and so is R / V. Amounts stand on a grid (`money_grid`), so the identity holds to
the last bit for each user and in every sum, and revenue at risk is the floating product of P and
what is at stake; that is V - R to within a few steps of the grid over P.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.snapshots import History
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.blending import blend, combined
from ntg_assets.revenue.value.money_grid import grid_step, on_grid, product_on_grid
from ntg_assets.revenue.value.prices import levels_to, priced, priced_frame
from ntg_assets.revenue.value.value_errors import log_value_errors, shape_error
from ntg_assets.revenue.value.value_model import predict_value
from ntg_assets.revenue.value.value_ranges import range_of
from ntg_assets.revenue.value.ways.day_log import day_log
from ntg_assets.revenue.value.ways.population import discounted_days, period_weights, population
from ntg_assets.revenue.value.ways.value_candidates import NextHorizon, Population, candidate_values
from ntg_assets.revenue.value.worth import counted
from ntg_assets.statistics.glm import Z_95


@dataclass(frozen=True)
class ValueModel:
    """What a value needs, as tables: `value_coefficients`, `value_shapes`, `value_ranges`,
    `ltv_ranges`, `capped_days`, `price_steps`.
    """

    coefficients: pl.DataFrame
    shapes: pl.DataFrame
    ranges: pl.DataFrame
    whole_ranges: pl.DataFrame
    capped: pl.DataFrame
    price_steps: pl.DataFrame


class Stakes(NamedTuple):
    """The identity, user by user; amounts on one grid."""

    ltv: Floats
    if_stays: Floats
    if_leaves: Floats
    at_stake: Floats
    at_risk: Floats


def stakes(
    total: Floats, leaver_share: Floats, churn_probability: Floats, is_at_risk: Flags
) -> Stakes:
    """Divide what is expected of each user into what is kept and what may be lost.

    Args:
        total: Expected value over the horizon.
        leaver_share: R / V.
        churn_probability: P.
        is_at_risk: Whether anything is still at stake.
    """
    kept = 1 - churn_probability * (1 - leaver_share)
    stays = np.where(is_at_risk, total / np.where(kept > 0, kept, 1.0), total)
    step = grid_step(float(stays.sum()))
    if_stays = on_grid(stays, step)
    staked = np.where(is_at_risk, if_stays * (1 - leaver_share), 0.0)
    at_stake, at_risk = product_on_grid(churn_probability, staked, step)
    # no difference of V and what is at stake: the latter moves by steps / P, to which R is little
    if_leaves = np.where(is_at_risk, if_stays * leaver_share, if_stays)
    return Stakes(if_stays - at_risk, if_stays, if_leaves, at_stake, at_risk)


def score_value(
    snapshots: pl.DataFrame,
    scores: pl.DataFrame,
    model: ValueModel,
    user_days: pl.DataFrame,
    history: History,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Estimate what everyone is worth at the cutoff of a history.

    Args:
        snapshots: `churn_snapshots`; the rows at the cutoff are read.
        scores: `churn_scores`.
        model: What was learned.
        user_days: One row per (user, active day).
        history: Span of the log and its cutoff.
        churn: Horizon, which is the period, and at-risk window.
        value: Unit, horizon, discount, basis.

    Returns:
        `ltv_estimates`, by user.
    """
    placed = scores.sort("user_id")
    now = snapshots.filter(pl.col("snapshot_on") == history.cutoff_on)
    activity = (
        counted(priced(now, user_days, model.price_steps), model.capped)
        .join(placed.select("user_id"), on="user_id", how="semi")
        .sort("user_id")
    )
    days = priced_frame(user_days, levels_to(model.price_steps))
    users = population(
        activity,
        day_log(days, activity["user_id"], model.capped, cutoff_on=history.cutoff_on),
        log_days=(history.cutoff_on - history.start_on).days,
        next_horizon=NextHorizon(
            placed["churn_probability"].to_numpy(), predict_value(activity, model.coefficients)[0]
        ),
        churn=churn,
        value=value,
    )
    estimates = ltv_estimates(users, placed, model.shapes, model.ranges, settings=value)
    low, high = (
        range_of(estimates["ltv"].to_numpy(), model.whole_ranges)
        if model.whole_ranges.height
        else (np.full(estimates.height, np.nan),) * 2
    )
    return estimates.with_columns(
        pl.Series("ltv_range_low", low).fill_nan(None),
        pl.Series("ltv_range_high", high).fill_nan(None),
        ltv_range_days=pl.lit(model.whole_ranges["n_days"].max(), pl.Int64),
        is_worth_capped=pl.col("user_id").is_in(model.capped["user_id"].implode()),
    )


def ltv_estimates(
    users: Population,
    scores: pl.DataFrame,
    shapes: pl.DataFrame,
    ranges: pl.DataFrame,
    *,
    settings: ValueSettings,
) -> pl.DataFrame:
    """Estimate what each scored user is worth.

    Args:
        users: Everyone at the cutoff, in the order of `scores`.
        scores: `churn_scores`, by user id.
        shapes: `value_shapes`.
        ranges: `value_ranges`: how far what is seen may lie from its forecast.
        settings: Unit, horizon, discount.

    Returns:
        `ltv_estimates`, by user.
    """
    chance = scores["churn_probability"].to_numpy()
    total, share = weighed(users, chance, shapes, settings=settings)
    parts = stakes(total, share, chance, users.is_at_risk)
    per_horizon = users.next_horizon.value_if_active if users.next_horizon else 0 * total
    next_value = (1 - chance) * per_horizon
    next_low, next_high = range_of(next_value, ranges)
    low, high = (
        np.exp(Z_95 * np.hypot(np.hypot(shape_error(shapes), users.season_error), error))
        for error in log_value_errors(scores, share)
    )
    activity = users.activity
    return scores.select("user_id").with_columns(
        pl.Series("ltv", parts.ltv),
        pl.Series("ltv_low", parts.ltv / low),
        pl.Series("ltv_high", parts.ltv * high),
        pl.Series("ltv_if_stays", parts.if_stays),
        pl.Series("ltv_if_leaves", parts.if_leaves),
        pl.Series("ltv_at_stake", parts.at_stake),
        pl.Series("revenue_at_risk", parts.at_risk),
        pl.Series("next_value", next_value),
        pl.Series("next_value_low", next_low),
        pl.Series("next_value_high", next_high),
        pl.Series("active_probability", 1 - chance),
        pl.Series("engagement_intensity", per_horizon / users.period_ends[0]),
        pl.Series("leaver_share", share),
        (activity["decayed_active_days_90d"] / activity["active_days"]).alias("recency_weight"),
        unit=pl.lit(settings.unit),
        horizon_days=pl.lit(settings.horizon_days, dtype=pl.Int64),
        discounted_days=pl.lit(_discounted_days(users, settings)),
    )


def weighed(
    users: Population, chance: Floats, shapes: pl.DataFrame, *, settings: ValueSettings
) -> tuple[Floats, Floats]:
    """What each user is expected to bring over the stated horizon, discounted, and R / V."""
    weights = period_weights(
        horizon_days=settings.horizon_days,
        period_days=users.period_ends[0],
        annual_discount=settings.annual_discount,
    )
    ways = {
        name: (way.total(weights), way.leaver_share(weights))
        for name, way in candidate_values(users).items()
    }
    return blend(combined(ways, shapes, n_periods=len(users.period_ends)), chance)


def _discounted_days(users: Population, settings: ValueSettings) -> float:
    days = discounted_days(
        horizon_days=settings.horizon_days,
        period_days=users.period_ends[0],
        annual_discount=settings.annual_discount,
    )
    return float(days.sum())
