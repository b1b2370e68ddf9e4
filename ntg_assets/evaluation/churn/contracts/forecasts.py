"""Contracts of forecasts beside what came."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.evaluation.churn.forecasts import EVALUATIONS
from ntg_assets.revenue.radar.revenue_risk_radar import SEGMENTS


@contract("churn_outcomes")
class ChurnOutcomes(Contract):
    """One row per user with a held-out event in [cutoff, cutoff + horizon);
    whoever is missing has churned.
    """

    user_id: str = identifier("user", "Who")
    window_active_days: int = column("Active days in the window", unit="days", ge=1)
    window_value: float = column("Sum of event values in the window", unit="value of the source")

    class Config:
        unique = ["user_id"]


@contract("churn_forecasts")
class ChurnForecasts(Contract):
    """One row per (evaluation, origin, user): an at-risk user's forecast at an origin beside what
    then happened.
    """

    evaluation: str = column(
        "holdout: the stage's model at the end of TRAIN; walk_forward: refitted at past origins",
        isin=EVALUATIONS,
    )
    origin_on: pl.Date = column(
        "Day of the forecast; everything fitted saw only windows closed by then", unit="date"
    )
    user_id: str = identifier("user", "Who")
    segment: str = column("Life cycle at the origin", isin=SEGMENTS)
    churn_probability: float = column(
        "Forecast probability of churn", unit="probability", ge=0, le=1
    )
    churn_probability_low: float = column(
        "Lower end of its 95% interval", unit="probability", ge=0, le=1
    )
    churn_probability_high: float = column(
        "Upper end of its 95% interval", unit="probability", ge=0, le=1
    )
    ltv_at_stake: float = column(
        "Forecast of what staying is worth more than leaving", unit="unit", ge=0
    )
    ltv: float = column("Forecast lifetime value", unit="unit", ge=0)
    horizon_at_stake: float = column(
        "What is at stake over the next churn horizon: its value while active, not discounted",
        unit="unit",
        ge=0,
    )
    expected_value: float = column(
        "Forecast value of the next churn horizon: P(active) x E[value | active]", unit="unit", ge=0
    )
    expected_value_low: float = column(
        "Lower end of the 90% range of that value, luck included", unit="unit", ge=0
    )
    expected_value_high: float = column("Upper end of that range", unit="unit", ge=0)
    is_churned: bool = column("Whether the user was not active in [origin, origin + horizon)")
    value_after: float = column("Value in [origin, origin + horizon)", unit="unit", ge=0)
    value_before: float = column(
        "Value in [origin - at risk, origin), per horizon", unit="unit", ge=0
    )
    value_before_last: float = column("Value in [origin - horizon, origin)", unit="unit", ge=0)
    value_before_ever: float = column(
        "Value since the first active day, per horizon", unit="unit", ge=0
    )
    lost_value: float = column("value_before where the user churned, else 0", unit="unit", ge=0)
    dropped_value: float = column("max(0, value_before - value_after)", unit="unit", ge=0)

    class Config:
        unique = ["evaluation", "origin_on", "user_id"]
