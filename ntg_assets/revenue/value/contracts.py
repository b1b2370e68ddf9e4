"""Contracts of value: what users are worth, and how far it may lie from its forecast."""

from typing import Annotated

import polars as pl

from ntg_assets.churn.learning.features import GROUPS
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

UNIT = r"^(index|[a-z]{3})$"  # an index, or a currency by its ISO 4217 code


@contract("capped_days")
@summary(
    measures={
        "n_days": "count(*)",
        "n_users": "count(distinct user_id)",
        "value_left_out": "coalesce(sum(value_sum - counted_value), 0)",
    },
)
class CappedDays(Contract):
    """One row per active day whose amount counts only up to what the log,
    or the user, has shown often enough; none for active days.
    """

    user_id: str = identifier("user", "Who")
    active_on: pl.Date = column("Day", unit="date")
    value_sum: float = column(
        "Amount of the day, in the prices of the cutoff (price_steps)", unit="unit"
    )
    counted_value: float = column(
        "What of it counts: the larger of the amounts that five days of the log and one in a"
        " thousand, or three of the user, have reached",
        unit="unit",
    )

    class Config:
        unique = ["user_id", "active_on"]


@contract("value_coefficients")
class ValueCoefficients(Contract):
    """One row per feature: the value of one churn horizon while the user is active;
    the intercept is position 0.
    """

    position: int = column("Place in the model and in `covariance`", ge=0)
    feature: str = column("Name of the input, as in churn_coefficients")
    feature_group: str = column("Group of the input", isin=("baseline", *GROUPS))
    transform: str = column("Fixed transform of the input; null for the intercept", nullable=True)
    mean: float = column("Mean of the transformed input in the fit")
    scale: float = column("Standard deviation of the transformed input in the fit", gt=0)
    coefficient: float = column("Change of ln(value) per standard deviation")
    standard_error: float = column("Standard error, clustered by user", ge=0)
    value_ratio_per_sd: float = column(
        "Factor on the value per standard deviation; for the intercept, the value of the average"
        " user",
        gt=0,
    )
    covariance: Annotated[pl.List, pl.Float64()] = column(
        "Covariance with each coefficient, in order of position"
    )
    largest_value: float = column(
        "Largest value of a window in the fit (active days: as many as the window has): no forecast"
        " lies above it",
        unit="unit",
        gt=0,
    )
    method: str = column("poisson, or mean when too few users stayed", isin=("poisson", "mean"))
    n_rows: int = column("Snapshots in the fit: those whose user stayed", ge=0)
    n_users: int = column("Users in the fit", ge=0)

    class Config:
        unique = ["position"]


@contract("value_ranges")
class ValueRanges(Contract):
    """One row per bin of the forecast: the middle 90% of seen value over forecast value."""

    bin: int = column("Bins of equal size, 1 has the lowest forecasts", ge=1)
    forecast_upto: float = column(
        "Largest forecast of the bin; infinite for the last", unit="unit", gt=0
    )
    least_forecast: float = column(
        "A smaller forecast counts as this one: a thousandth of the mean", unit="unit", gt=0
    )
    low_ratio: float = column("5% point of seen over forecast", ge=0)
    high_ratio: float = column("95% point of seen over forecast", ge=0)
    n_rows: int = column("Snapshots in the bin", ge=1)

    class Config:
        unique = ["bin"]


@contract("ltv_ranges")
class LtvRanges(Contract):
    """One row per bin of the forecast: the middle 90% of seen over forecast value over the longest
    span that has closed, of everyone known at earlier cuts.
    """

    bin: int = column("Bins of equal size, 1 has the lowest forecasts", ge=1)
    forecast_upto: float = column(
        "Largest forecast of the bin; infinite for the last", unit="unit", gt=0
    )
    least_forecast: float = column(
        "A smaller forecast counts as this one: a thousandth of the mean", unit="unit", gt=0
    )
    low_ratio: float = column("5% point of seen over forecast", ge=0)
    high_ratio: float = column("95% point of seen over forecast", ge=0)
    n_rows: int = column("Users and cuts in the bin", ge=1)
    n_days: int = column("Length of the span", unit="days", ge=1)

    class Config:
        unique = ["bin"]


@contract("ltv_estimates")
@summary(
    measures={
        "ltv": "sum(ltv)",
        "mean_ltv": "avg(ltv)",
        "median_ltv": "median(ltv)",
        "top_tenth_share": (
            "sum(ltv) filter (ltv >= (select quantile_cont(ltv, 0.9) from {table})) /"
            " nullif(sum(ltv), 0)"
        ),
    },
    order=("ltv desc", "user_id"),
)
class LtvEstimates(Contract):
    """One row per user: value over the horizon, if the user stays and if not,
    and what they are made of. ltv + revenue_at_risk = ltv_if_stays, per user and in every sum.
    """

    user_id: str = identifier("user", "Who")
    ltv: float = column(
        "Expected value over the horizon, discounted: (1 - P) ltv_if_stays + P ltv_if_leaves",
        sources="churn_scores.churn_probability, value_coefficients, value_shapes",
        unit="unit",
        ge=0,
    )
    ltv_low: float = column(
        "Lower end of the 95% interval (of the estimate, not of the outcome)", unit="unit", ge=0
    )
    ltv_high: float = column("Upper end of the 95% interval", unit="unit", ge=0)
    ltv_if_stays: float = column(
        "V: value over the horizon of who is active in the next churn horizon; ltv +"
        " revenue_at_risk, exactly",
        unit="unit",
        ge=0,
    )
    ltv_if_leaves: float = column(
        "R: what a leaver still brings over the horizon, by coming back", unit="unit", ge=0
    )
    ltv_at_stake: float = column(
        "V - R; 0 outside the at-risk population, which has left", unit="unit", ge=0
    )
    revenue_at_risk: float = column(
        "churn_probability * ltv_at_stake, exactly",
        sources="churn_scores.churn_probability, value_coefficients, value_shapes",
        unit="unit",
        ge=0,
    )
    ltv_range_low: float = column(
        "Lower end of the 90% range of what will be seen over the horizon, luck included: the"
        " ratios of the longest closed span; null where none has closed",
        unit="unit",
        nullable=True,
        ge=0,
    )
    ltv_range_high: float = column("Upper end of that range", unit="unit", nullable=True, ge=0)
    ltv_range_days: int = column(
        "Length of that span: shorter than the horizon is an extrapolation",
        unit="days",
        nullable=True,
        ge=1,
    )
    next_value: float = column(
        "Expected value of the next churn horizon: P(active) x E[value | active]", unit="unit", ge=0
    )
    next_value_low: float = column(
        "Lower end of the 90% range of what will be seen, luck included", unit="unit", ge=0
    )
    next_value_high: float = column("Upper end of that range", unit="unit", ge=0)
    active_probability: float = column("1 - churn probability", unit="probability", ge=0, le=1)
    engagement_intensity: float = column(
        "Expected value per day while active", unit="unit per day", ge=0
    )
    leaver_share: float = column(
        "R / V: what a leaver still brings, of what who stays brings", unit="share", ge=0, le=1
    )
    recency_weight: float = column(
        "Mean weight of the user's active days, 0.5 ** (age / 90): near 1 when all activity is"
        " recent",
        ge=0,
        le=1,
    )
    is_worth_capped: bool = column(
        "Whether an amount of the user counts only in part: see capped_days"
    )
    unit: str = column("Unit of value: index is for relative priority only", str_matches=UNIT)
    horizon_days: int = column("Horizon of the estimate", unit="days", ge=1)
    discounted_days: float = column("Days of the horizon after discounting", unit="days", gt=0)

    class Config:
        unique = ["user_id"]
