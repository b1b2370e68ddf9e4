"""Contracts of the radar."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.radar.revenue_risk_radar import BANDS, SEGMENTS
from ntg_assets.revenue.radar.segments import DIMENSIONS
from ntg_assets.revenue.value.contracts import UNIT
from ntg_assets.summaries import summary


@contract("revenue_risk_radar")
@summary(
    measures={
        "revenue_at_risk": "sum(revenue_at_risk)",
        "n_at_risk_users": "count(*) filter (is_at_risk_population)",
        "top_tenth_share": (
            "max(cumulative_share) filter (rank <= (select ceil(count(*) / 10.0) from {table}"
            " where is_at_risk_population))"
        ),
        "mean_churn_probability": "avg(churn_probability) filter (is_at_risk_population)",
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
@summary(
    measures={
        "revenue_at_risk": "max(revenue_at_risk)",
        "loss_p05": "max(loss_p05)",
        "loss_p50": "max(loss_p50)",
        "loss_p95": "max(loss_p95)",
        "top_10_percent_share": "max(top_10_percent_share)",
        "n_users": "max(n_users)",
    },
    where="segment = 'all'",
)
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
@summary(
    measures={
        "revenue_at_risk": "max(revenue_at_risk)",
        "revenue_at_risk_change": "max(revenue_at_risk_change)",
        "mean_churn_probability": "max(mean_churn_probability)",
        "predicted_churn": "max(predicted_churn)",
        "realised_churn": "max(realised_churn)",
        "n_at_risk_users": "max(n_at_risk_users)",
    },
    where="dimension = 'all'",
)
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
