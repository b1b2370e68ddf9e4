"""Contracts of how right forecast money and the radar were."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.evaluation.churn.forecasts import EVALUATIONS
from ntg_assets.evaluation.churn.money_calibration import KINDS
from ntg_assets.evaluation.churn.radar_backtest import ATTAINABLE, LOSSES, ORACLE, RANKINGS
from ntg_assets.summaries import summary


@contract("radar_backtest")
@summary(
    measures={
        "captured_share": "max(captured_share)",
        "captured_share_low": "max(captured_share_low)",
        "captured_share_high": "max(captured_share_high)",
        "share_of_oracle": "max(share_of_oracle)",
    },
    where=(
        "evaluation = 'walk_forward' and loss = 'left' and ranking = 'radar' and depth_share = 0.1"
    ),
    columns=(
        "evaluation",
        "loss",
        "ranking",
        "depth_share",
        "captured_share",
        "captured_share_low",
        "captured_share_high",
        "share_of_oracle",
    ),
    order=(
        "evaluation desc",
        "loss <> 'left'",
        "abs(depth_share - 0.1)",
        "captured_share desc",
        "loss",
        "ranking",
    ),
)
class RadarBacktest(Contract):
    """One row per (evaluation, loss, ranking,
    depth): share of the value then lost that the top of a ranking held.
    """

    evaluation: str = column("holdout or walk_forward, as in churn_forecasts", isin=EVALUATIONS)
    loss: str = column(
        "left: value per horizon, while at risk, of users who then churned; left_last, left_ever:"
        " over the last horizon, over the tenure; dropped: any fall below the value while at risk",
        isin=tuple(LOSSES),
    )
    ranking: str = column(
        "How users were ranked: radar = P(churn) x what staying is worth more than leaving",
        isin=(*RANKINGS, ATTAINABLE, ORACLE),
    )
    depth_share: float = column(
        "Share of the at-risk users at each origin that the list holds", unit="share", gt=0, le=1
    )
    captured_share: float = column(
        "Share of the loss held by the list; null when nothing was lost",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    captured_share_low: float = column(
        "Lower end of the 95% interval (users resampled)", unit="share", nullable=True
    )
    captured_share_high: float = column(
        "Upper end of the 95% interval", unit="share", nullable=True
    )
    oracle_captured_share: float = column(
        "What ranking by the loss itself would have held", unit="share", nullable=True, ge=0, le=1
    )
    share_of_oracle: float = column("captured_share / oracle_captured_share", nullable=True, ge=0)
    lost_total: float = column("All value lost", unit="unit", ge=0)
    n_origins: int = column("Origins", ge=1)
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)
    n_losing: int = column("Forecasts with a loss", ge=0)

    class Config:
        unique = ["evaluation", "loss", "ranking", "depth_share"]


@contract("value_horizons")
@summary(
    measures={
        "value_ratio": "arg_max(ratio, n_days) filter (kind = 'value')",
        "revenue_at_risk_ratio": "arg_max(ratio, n_days) filter (kind = 'revenue_at_risk')",
        "longest_days": "max(n_days)",
        "n_origins": "max(n_origins)",
        "n_users": "max(n_users)",
    },
    where="segment = 'all' and bin = 0",
)
class ValueHorizons(Contract):
    """One row per (kind, span, segment, bin): money told at past cutoffs against money seen over
    1, 2, 4, ... churn horizons up to the stated one.
    """

    kind: str = column(
        "value: of everyone known; revenue_at_risk: of at-risk users, against V less what leavers"
        " then brought",
        isin=("value", "revenue_at_risk"),
    )
    n_periods: int = column("Churn horizons", ge=1)
    n_days: int = column("The same in days", unit="days", ge=1)
    is_stated: bool = column("Whether that is the stated horizon of value")
    segment: str = column("all, segment=<life cycle> or origin=<day>")
    bin: int = column("0: the whole segment; 1 to 10: decile by forecast", ge=0)
    told: float = column("Sum of what was told, not discounted", unit="unit")
    seen: float = column("Sum of what was seen", unit="unit")
    ratio: float = column("told / seen; null where nothing was seen", nullable=True)
    ratio_low: float = column("Lower end of the 95% interval, users as clusters", nullable=True)
    ratio_high: float = column("Upper end of the 95% interval", nullable=True)
    covered_share: float = column(
        "Share of users within their 90% range; null for revenue at risk, or where no earlier span"
        " as long had closed",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    n_origins: int = column("Past cutoffs", ge=1)
    n_rows: int = column("Users and cutoffs", ge=1)
    n_users: int = column("Users", ge=1)
    note: str = column(
        "What a reader must know: the stated horizon is an extrapolation", nullable=True
    )

    class Config:
        unique = ["kind", "n_periods", "segment", "bin"]


@contract("money_calibration")
@summary(
    measures={
        "value_predicted": "max(predicted) filter (kind = 'value')",
        "value_realised": "max(realised) filter (kind = 'value')",
        "value_ratio": "max(ratio) filter (kind = 'value')",
        "loss_predicted": "max(predicted) filter (kind = 'loss')",
        "loss_realised": "max(realised) filter (kind = 'loss')",
        "loss_ratio": "max(ratio) filter (kind = 'loss')",
    },
    where="evaluation = 'walk_forward' and segment = 'all' and bin = 0",
    order=("evaluation desc", "segment <> 'all'", "kind desc", "bin", "segment"),
)
class MoneyCalibration(Contract):
    """One row per (evaluation, kind, segment,
    bin): forecast money per user and horizon beside what was then seen.
    """

    evaluation: str = column("holdout or walk_forward, as in churn_forecasts", isin=EVALUATIONS)
    kind: str = column(
        "value: P(active) x E[value | active] against value seen; loss: P(churn) x stake against"
        " value lost",
        isin=tuple(KINDS),
    )
    segment: str = column("all, or segment=<life cycle>")
    bin: int = column("Decile of the forecast, 1 the lowest; 0: all of the segment", ge=0)
    predicted: float = column("Mean forecast", unit="unit", ge=0)
    realised: float = column(
        "Mean of what was seen (value_after, or lost_value)", unit="unit", ge=0
    )
    realised_low: float = column(
        "Lower end of its 95% interval (users resampled)", unit="unit", nullable=True
    )
    realised_high: float = column("Upper end of its 95% interval", unit="unit", nullable=True)
    covered_share: float = column(
        "Share of the values seen inside their 90% range; null for loss",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    ratio: float = column(
        "Sum of forecasts over sum seen; null when nothing was seen", nullable=True, ge=0
    )
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "kind", "segment", "bin"]
