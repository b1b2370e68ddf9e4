"""Contract of the churn scores."""

import polars as pl

from ntg_assets.churn.learning.candidates import METHODS
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

MADE_BY = "churn_snapshots, churn_coefficients.coefficient"


@contract("churn_scores")
@summary(
    measures={
        "mean_churn_probability": "avg(churn_probability) filter (is_at_risk_population)",
        "share_at_risk_population": "avg(cast(is_at_risk_population as double))",
        "mean_interval_width": "avg(churn_probability_high - churn_probability_low)",
        "mean_recency_days": "avg(recency_days)",
    },
    columns=(
        "user_id",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "recency_days",
        "reason_1",
        "reason_2",
    ),
    order=("churn_probability desc", "user_id"),
)
class ChurnScores(Contract):
    """One row per user known in TRAIN: probability of no active day within the horizon,
    what it is made of, and why.
    """

    user_id: str = identifier("user", "Who")
    cutoff_on: pl.Date = column(
        "Day from which the user is looked at: the stage's cutoff", unit="date"
    )
    churn_logit: float = column(
        "Log odds of churn: the contributions added from left to right",
        unit="log odds",
        sources=MADE_BY,
    )
    churn_probability: float = column(
        "Probability of no active day in [cutoff, cutoff + horizon)",
        unit="probability",
        ge=0,
        le=1,
        sources=MADE_BY,
    )
    churn_probability_low: float = column(
        "Lower end of the 95% interval of the true probability given the log: sampling of the"
        " coefficients (users as clusters), season and drift between origins, lack of fit of the"
        " linear model (churn_uncertainty)",
        unit="probability",
        ge=0,
        le=1,
        sources=f"{MADE_BY}, churn_uncertainty",
    )
    churn_probability_high: float = column(
        "Upper end of the same interval",
        unit="probability",
        ge=0,
        le=1,
        sources=f"{MADE_BY}, churn_uncertainty",
    )
    contribution_baseline: float = column(
        "Log odds of the average user of the fit", unit="log odds"
    )
    contribution_recency: float = column(
        "Log odds by how long ago the user was active, the usual gap and the trend",
        unit="log odds",
    )
    contribution_frequency: float = column(
        "Log odds by how often the user is active", unit="log odds"
    )
    contribution_depth: float = column(
        "Log odds by what an active day holds: events, items, value", unit="log odds"
    )
    contribution_tenure: float = column("Log odds by how long the user is known", unit="log odds")
    contribution_season: float = column(
        "Log odds by the time of year; 0 where the fit spans less than two years", unit="log odds"
    )
    contribution_calibration: float = column(
        "Log odds by the bend of the recalibration; 0: none", unit="log odds"
    )
    is_at_risk_population: bool = column(
        "Active in [cutoff - at risk, cutoff); outside it the probability is an extrapolation"
    )
    recency_days: int = column("Days since the last active day", unit="days", ge=1)
    tenure_days: int = column("Days since the first active day", unit="days", ge=1)
    method: str = column("How the coefficients were found", isin=METHODS)
    reason_1: str = column(
        "First reason: the strongest that surely raises the risk; where none does, the strongest"
        " that lowers it, and for users at risk that nothing sets them apart",
        nullable=True,
    )
    reason_2: str = column(
        "Second reason: what raises the risk comes first, then what lowers it; unsure directions"
        " are not told",
        nullable=True,
    )
    reason_3: str = column("Third reason", nullable=True)
    churn_probability_before: float = column(
        "Probability one snapshot step earlier, by the same coefficients; null when not yet known",
        nullable=True,
        ge=0,
        le=1,
        sources=MADE_BY,
    )
    churn_probability_at_last_visit: float = column(
        "Probability had the last active day been yesterday: what silence has done is the"
        " difference; null outside the at-risk population",
        nullable=True,
        ge=0,
        le=1,
        sources=MADE_BY,
    )
    risk_percentile: float = column(
        "Place among the at-risk population (mid-rank); null outside it", nullable=True, ge=0, le=1
    )

    class Config:
        unique = ["user_id"]
