"""Lifetime value over a finite horizon: P(active) x E[value | active],
renewed from period to period, discounted.

With periods as long as the churn horizon H, V = E[value of a period | active], p = 1 - P(churn), r
= the user's persistence and D_k = discounted days of period k:

    value if active  = V / H * (D_0 + D_1 + ...)
    value at run rate = decayed value per day * (D_0 + D_1 + ...)
    lifetime value   = V / H * p * (D_0 + r D_1 + r^2 D_2 + ...)

The first two have no churn inside, so multiplying one of them with P(churn) counts the risk once:
either is the value if the user stays, and `value.stake` says which one is at stake.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.purchase_pace import present_pace, priced, renewal
from ntg_assets.revenue.value.value_model import predict_value
from ntg_assets.revenue.value.value_ranges import range_of
from ntg_assets.revenue.value.worth import counted
from ntg_assets.statistics.glm import Z_95

DAYS_PER_YEAR = 365.0
TINY = 1e-12  # keeps the log odds of a saturated probability finite


def ltv_estimates(
    snapshots: pl.DataFrame,
    scores: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    habits: pl.DataFrame,
    ranges: pl.DataFrame,
    capped: pl.DataFrame,
    *,
    churn_horizon_days: int,
    settings: ValueSettings,
) -> pl.DataFrame:
    """Estimate what each scored user is worth.

    Args:
        snapshots: `churn_snapshots`; the rows at the cutoff of `scores` are read.
        scores: `churn_scores`.
        value_coefficients: The value of a period while active.
        habits: Renewals and present pace by user (`user_habits`).
        ranges: `value_ranges`: how far the next period may lie from its forecast.
        capped: `capped_days`: amounts that count only in part.
        churn_horizon_days: Length of a period.
        settings: Unit, horizon, discount, prior of persistence.

    Returns:
        `ltv_estimates`, by user.
    """
    rows = scores.join(
        snapshots,
        left_on=["user_id", "cutoff_on"],
        right_on=["user_id", "snapshot_on"],
        suffix="_seen",
        how="inner",
    )
    known = renewal(priced(habits, settings=settings), settings=settings)
    rows = (
        counted(rows.rename({"cutoff_on": "snapshot_on"}), capped)
        .join(known, on="user_id", how="left")
        .sort("user_id")
    )
    value, log_error = predict_value(rows, value_coefficients)
    days = discounted_days(
        horizon_days=settings.horizon_days,
        period_days=churn_horizon_days,
        annual_discount=settings.annual_discount,
    )
    active = 1 - rows["churn_probability"].to_numpy()
    per_day, kept = value / churn_horizon_days, _renewed_days(days, rows["persistence"].to_numpy())
    stays, whole = per_day * days.sum(), per_day * active * kept
    run_rate = present_pace(rows, horizon_days=churn_horizon_days, settings=settings) * days.sum()
    most = float(value_coefficients["largest_value"].max()) / churn_horizon_days  # type: ignore[arg-type]  # a column of numbers
    next_low, next_high = range_of(active * value, ranges)
    whole_error = np.sqrt(log_error**2 + _log_active_error(rows) ** 2)
    return rows.select("user_id").with_columns(
        pl.Series("ltv", whole),
        pl.Series("ltv_low", whole * np.exp(-Z_95 * whole_error)),
        pl.Series("ltv_high", np.minimum(whole * np.exp(Z_95 * whole_error), most * kept)),
        pl.Series("ltv_if_stays", run_rate if settings.stake == "run_rate" else stays),
        pl.Series("ltv_if_active", stays),
        pl.Series("ltv_if_active_low", stays * np.exp(-Z_95 * log_error)),
        pl.Series(
            "ltv_if_active_high", np.minimum(stays * np.exp(Z_95 * log_error), most * days.sum())
        ),
        pl.Series("ltv_at_run_rate", run_rate),
        pl.Series("next_value", active * value),
        pl.Series("next_value_low", next_low),
        pl.Series("next_value_high", next_high),
        pl.Series("active_probability", active),
        pl.Series("engagement_intensity", per_day),
        rows["persistence"],
        (rows["decayed_active_days_90d"] / rows["active_days"]).alias("recency_weight"),
        is_worth_capped=rows["user_id"].is_in(capped["user_id"].implode()),
        unit=pl.lit(settings.unit),
        horizon_days=pl.lit(settings.horizon_days, dtype=pl.Int64),
        discounted_days=pl.lit(float(days.sum())),
    )


def discounted_days(*, horizon_days: int, period_days: int, annual_discount: float) -> Floats:
    """Days of each period up to the horizon, each discounted to today from its middle;
    the last period may be cut short.
    """
    weights = (1 + annual_discount) ** (-(np.arange(horizon_days) + 0.5) / DAYS_PER_YEAR)
    starts = np.arange(0, horizon_days, period_days)
    return np.add.reduceat(weights, starts)


def _renewed_days(days: Floats, persistence: Floats) -> Floats:
    total = np.zeros_like(persistence)
    for k, period in enumerate(days):
        total = total + period * persistence**k
    return total


def _log_active_error(rows: pl.DataFrame) -> Floats:
    """Standard error of ln P(active), from the interval of the score: d ln(1 - p) = -p d logit."""
    low, high = (
        rows[f"churn_probability_{end}"].clip(TINY, 1 - TINY).to_numpy() for end in ("low", "high")
    )
    logit_error = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / (2 * Z_95)
    return rows["churn_probability"].to_numpy() * logit_error
