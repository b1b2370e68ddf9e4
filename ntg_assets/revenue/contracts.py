"""Contracts of value and radar."""

from typing import Annotated

import polars as pl

from ntg_assets.churn.design import GROUPS
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.intervention_contracts import UNIT
from ntg_assets.revenue.radar.revenue_risk_radar import BANDS, SEGMENTS
from ntg_assets.revenue.radar.segments import DIMENSIONS
from ntg_assets.summaries import summary


@contract("capped_days")
class CappedDays(Contract):
    """One row per active day whose amount counts only up to what the log,
    or the user, has shown often enough; none for active days.
    """

    user_id: str = identifier("user", "Who")
    active_on: pl.Date = column("Day", unit="date")
    value_sum: float = column("Amount of the day, as in user_days", unit="unit")
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
    low_ratio: float = column("5% point of seen over forecast", ge=0)
    high_ratio: float = column("95% point of seen over forecast", ge=0)
    n_rows: int = column("Snapshots in the bin", ge=1)

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
    """One row per user: value over the horizon, value if the user stays,
    and the components of both.
    """

    user_id: str = identifier("user", "Who")
    ltv: float = column(
        "Expected value over the horizon: P(active) x value while active, renewed and discounted",
        unit="unit",
        ge=0,
    )
    ltv_low: float = column(
        "Lower end of the 95% interval (of the estimate, not of the outcome)", unit="unit", ge=0
    )
    ltv_high: float = column("Upper end of the 95% interval", unit="unit", ge=0)
    ltv_if_stays: float = column(
        "Value over the horizon if the user stays, no churn inside: one of the next two, by"
        " value.stake",
        unit="unit",
        ge=0,
    )
    ltv_if_active: float = column(
        "Value over the horizon as modelled on users who stayed active", unit="unit", ge=0
    )
    ltv_if_active_low: float = column("Lower end of the 95% interval", unit="unit", ge=0)
    ltv_if_active_high: float = column("Upper end of the 95% interval", unit="unit", ge=0)
    ltv_at_run_rate: float = column(
        "Value over the horizon at the present decayed pace", unit="unit", ge=0
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
    persistence: float = column(
        "Probability that an active period is followed by another, shrunk to that of all",
        unit="probability",
        ge=0,
        le=1,
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


@contract("revenue_risk_radar")
@summary(
    measures={
        "revenue_at_risk": "sum(revenue_at_risk)",
        "n_at_risk_users": "count(*) filter (is_at_risk_population)",
        "top_tenth_share": (
            "max(cumulative_share) filter (rank <= (select ceil(count(*) / 10.0) from {table}))"
        ),
        "mean_churn_probability": "avg(churn_probability)",
    },
    columns=(
        "rank",
        "user_id",
        "churn_probability",
        "ltv_at_stake",
        "revenue_at_risk",
        "band",
        "reason_1",
    ),
    order=("rank",),
)
class RevenueRiskRadar(Contract):
    """One row per user: revenue at risk = churn probability x value at stake, ranked."""

    user_id: str = identifier("user", "Who")
    rank: int = column("Place by revenue at risk, 1 first; ties by user id", ge=1, unique=True)
    churn_probability: float = column("As in churn_scores", unit="probability", ge=0, le=1)
    ltv_at_stake: float = column(
        "Value if the user stays; 0 outside the at-risk population, whose value is already lost",
        unit="unit",
        ge=0,
    )
    revenue_at_risk: float = column("churn_probability * ltv_at_stake, exactly", unit="unit", ge=0)
    cumulative_share: float = column(
        "Share of all revenue at risk held up to this rank", unit="share", ge=0, le=1
    )
    band: str = column(
        "critical: the first half of revenue at risk; high: to 80%; medium: to 95%; low: the rest;"
        " none: nothing at risk",
        isin=BANDS,
    )
    segment: str = column(
        "Life cycle: new, regular, slipping (silent for half a horizon), dormant", isin=SEGMENTS
    )
    is_at_risk_population: bool = column("As in churn_scores")
    run_rate_at_stake: float = column(
        "Value at the present pace; 0 outside the at-risk population", unit="unit", ge=0
    )
    run_rate_at_risk: float = column("churn_probability * run_rate_at_stake", unit="unit", ge=0)
    if_active_at_stake: float = column(
        "Value as modelled on users who stayed active; 0 outside the at-risk population",
        unit="unit",
        ge=0,
    )
    if_active_at_risk: float = column("churn_probability * if_active_at_stake", unit="unit", ge=0)
    unit: str = column("Unit of value", str_matches=UNIT)
    reason_1: str = column("As in churn_scores", nullable=True)
    reason_2: str = column("As in churn_scores", nullable=True)
    reason_3: str = column("As in churn_scores", nullable=True)

    class Config:
        unique = ["user_id"]


@contract("radar_stability")
class RadarStability(Contract):
    """One row per at-risk user: how sure the radar is of the user's place."""

    user_id: str = identifier("user", "Who")
    revenue_at_risk: float = column("As in revenue_risk_radar", unit="unit", ge=0)
    revenue_at_risk_low: float = column(
        "Lower end of the 95% interval over drawn coefficients and model error", unit="unit", ge=0
    )
    revenue_at_risk_high: float = column("Upper end of the 95% interval", unit="unit", ge=0)
    top_decile_probability: float = column(
        "Share of the draws in which the user is in the top decile", unit="probability", ge=0, le=1
    )
    is_in_top_decile: bool = column(
        "Whether the user is in the top decile of the radar as it stands"
    )

    class Config:
        unique = ["user_id"]


@contract("radar_portfolio")
class RadarPortfolio(Contract):
    """One row per life-cycle segment, and `all`: what is at stake,
    what may be lost, how concentrated it is; at-risk users only.
    """

    segment: str = column("all, or a life-cycle segment", isin=("all", *SEGMENTS))
    n_users: int = column("At-risk users", ge=1)
    value_at_stake: float = column("Sum of ltv_at_stake", unit="unit", ge=0)
    revenue_at_risk: float = column("Sum of revenue_at_risk: the expected loss", unit="unit", ge=0)
    mean_churn_probability: float = column("Mean over the users", unit="probability", ge=0, le=1)
    loss_p05: float = column(
        "Loss that is passed 95 times in 100 (coefficients, model error and leaving drawn)",
        unit="unit",
        ge=0,
    )
    loss_p50: float = column("Median loss", unit="unit", ge=0)
    loss_p95: float = column(
        "Loss that is passed 5 times in 100: the portfolio's value at risk", unit="unit", ge=0
    )
    top_1_percent_share: float = column(
        "Share of revenue at risk held by the first 1% of users", unit="share", ge=0, le=1
    )
    top_5_percent_share: float = column("Share held by the first 5%", unit="share", ge=0, le=1)
    top_10_percent_share: float = column("Share held by the first 10%", unit="share", ge=0, le=1)
    unit: str = column("Unit of value", str_matches=UNIT)

    class Config:
        unique = ["segment"]


@contract("radar_segments")
class RadarSegments(Contract):
    """One row per segment: what is at risk now,
    what was forecast and came true at the last closed origin, what changed since.
    """

    as_of_on: pl.Date = column("Cutoff of the radar", unit="date")
    dimension: str = column("What users are divided by", isin=tuple(DIMENSIONS))
    segment: str = column(
        "all, a life-cycle segment or a band",
        isin=tuple(dict.fromkeys(s for d in DIMENSIONS.values() for s in d)),
    )
    n_users: int = column("Users", ge=1)
    n_at_risk_users: int = column("Of these at risk", ge=0)
    value_at_stake: float = column("Sum of ltv_at_stake", unit="unit", ge=0)
    revenue_at_risk: float = column("Sum of revenue_at_risk", unit="unit", ge=0)
    mean_churn_probability: float = column(
        "Mean over the at-risk users; null without any",
        unit="probability",
        nullable=True,
        ge=0,
        le=1,
    )
    revenue_at_risk_share: float = column("Share of all revenue at risk", unit="share", ge=0, le=1)
    closed_on: pl.Date = column(
        "Last origin whose window has closed; null when the segment was empty then",
        unit="date",
        nullable=True,
    )
    n_closed: float = column("At-risk users of the segment at that origin", nullable=True, ge=1)
    predicted_churn: float = column(
        "Mean churn probability at that origin", unit="probability", nullable=True, ge=0, le=1
    )
    realised_churn: float = column(
        "Share that then churned", unit="share", nullable=True, ge=0, le=1
    )
    predicted_loss: float = column(
        "Sum of P(churn) x stake of one horizon at that origin", unit="unit", nullable=True, ge=0
    )
    realised_loss: float = column(
        "Sum of what those who churned had been worth per horizon", unit="unit", nullable=True, ge=0
    )
    previous_on: pl.Date = column(
        "Cutoff of the last publication of an earlier day; null: none", unit="date", nullable=True
    )
    n_users_change: float = column("Change of n_users since then", nullable=True)
    revenue_at_risk_change: float = column(
        "Change of revenue_at_risk since then", unit="unit", nullable=True
    )
    mean_churn_probability_change: float = column("Change of the mean since then", nullable=True)
    unit: str = column("Unit of value", str_matches=UNIT)

    class Config:
        unique = ["dimension", "segment"]
