"""Contracts of value and radar."""

from typing import Annotated, Any

import polars as pl

from ntg_assets.churn.design import GROUPS
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.intervention_contracts import UNIT
from ntg_assets.revenue.radar.revenue_risk_radar import BANDS, SEGMENTS
from ntg_assets.revenue.radar.segments import DIMENSIONS
from ntg_assets.revenue.value.value_candidates import CANDIDATES
from ntg_assets.summaries import summary

_TOLD = "What it foresaw; null where it could not be taken:"
_MONEY: dict[str, Any] = {"unit": "unit", "nullable": True, "ge": 0}
_SHARE: dict[str, Any] = {"unit": "share", "nullable": True, "ge": 0, "le": 1}


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


@contract("value_walk_forward")
class ValueWalkForward(Contract):
    """One row per (past cutoff, number of periods, user): what each way of foreseeing value would
    have said of everyone known, beside what they then brought; not discounted.
    """

    origin_on: pl.Date = column("Cutoff: nothing from it on was known", unit="date")
    user_id: str = identifier("user", "Who")
    n_periods: int = column("Churn horizons that are followed", ge=1)
    n_days: int = column("The same in days", unit="days", ge=1)
    closes_on: pl.Date = column("First day after them", unit="date")
    is_at_risk: bool = column("Whether the user was active in the at-risk window")
    recency_days: int = column("Days since the last active day", unit="days", ge=0)
    tenure_days: int = column("Days since the first active day", unit="days", ge=0)
    churn_probability: float = column(
        "P(churn) at the cutoff; null where no window had closed",
        unit="probability",
        nullable=True,
        ge=0,
        le=1,
    )
    is_silent_first: bool = column("Whether nothing happened in the first period")
    recent_value: float = column(
        "What the user had brought per churn horizon over the at-risk window", unit="unit", ge=0
    )
    seen_value: float = column(
        "What the user brought; a period counts at most three times the largest one known before",
        unit="unit",
        ge=0,
    )
    told_calibrated_bg_nbd: float = column(f"{_TOLD} calibrated_bg_nbd", **_MONEY)
    told_calibrated_pareto_nbd: float = column(f"{_TOLD} calibrated_pareto_nbd", **_MONEY)
    told_calibrated_returns: float = column(f"{_TOLD} calibrated_returns", **_MONEY)
    told_bg_nbd: float = column(f"{_TOLD} bg_nbd", **_MONEY)
    told_pareto_nbd: float = column(f"{_TOLD} pareto_nbd", **_MONEY)
    told_present_pace: float = column(f"{_TOLD} present_pace", **_MONEY)
    told_learned_pace: float = column(f"{_TOLD} learned_pace", **_MONEY)
    leaver_share_calibrated_bg_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_calibrated_pareto_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_calibrated_returns: float = column("R / V by it", **_SHARE)
    leaver_share_bg_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_pareto_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_present_pace: float = column("R / V by it", **_SHARE)
    leaver_share_learned_pace: float = column("R / V by it", **_SHARE)

    class Config:
        unique = ["origin_on", "n_periods", "user_id"]


@contract("value_shapes")
class ValueShapes(Contract):
    """One row per way of foreseeing value: how much it counts tonight, by what earlier cuts of the
    log then brought, and how it is corrected.
    """

    candidate: str = column(
        "calibrated_*: the next horizon as modelled, carried on by BG/NBD, Pareto/NBD or a chain of"
        " returns; bg_nbd, pareto_nbd: expected visits x Gamma-Gamma; *_pace: the"
        " decayed pace of each user, with a half-life of one churn horizon or one learned",
        isin=CANDIDATES,
    )
    weight: float = column("Share of the forecast; all add up to 1", unit="share", ge=0, le=1)
    is_heaviest: bool = column("Whether none counts more")
    misplaced_share: float = column(
        "Sum over deciles of |told - seen| over seen, mean of the earlier cuts by length; null:"
        " none could judge it",
        nullable=True,
        ge=0,
    )
    captured_share: float = column(
        "Loss that a radar of this way alone held at earlier cuts, over what exact worth and the"
        " same probabilities held, mean of the first 5%, 10%, 20%; null: nothing was lost",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    told_over_seen: float = column(
        "Told over seen, in all, before the correction; null: no earlier cut", nullable=True, ge=0
    )
    log_level: float = column("ln(seen / told) at one period, shrunk to 0")
    log_trend: float = column("Its change per doubling of the span, shrunk to 0")
    correction: float = column("Factor on the forecast of the stated horizon", gt=0)
    log_spread: float = column("Spread of ln(seen / told) from cut to cut", ge=0)
    n_origins: int = column("Earlier cuts that judge it", ge=0)
    longest_days: int = column("Longest span that has closed", unit="days", ge=0)
    first_origin_on: pl.Date = column("First of the cuts", unit="date", nullable=True)
    last_closed_on: pl.Date = column("Last day that they look at", unit="date", nullable=True)

    class Config:
        unique = ["candidate"]


@contract("ltv_ranges")
class LtvRanges(Contract):
    """One row per bin of the forecast: the middle 90% of seen over forecast value over the longest
    span that has closed, of everyone known at earlier cuts.
    """

    bin: int = column("Bins of equal size, 1 has the lowest forecasts", ge=1)
    forecast_upto: float = column(
        "Largest forecast of the bin; infinite for the last", unit="unit", gt=0
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
    revenue_at_risk: float = column("churn_probability * ltv_at_stake, exactly", unit="unit", ge=0)
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
        "As in ltv_estimates: what staying is worth more than leaving; 0 outside the at-risk"
        " population, which has left",
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
    ltv: float = column("As in ltv_estimates", unit="unit", ge=0)
    ltv_if_stays: float = column("As in ltv_estimates: ltv + revenue_at_risk", unit="unit", ge=0)
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
