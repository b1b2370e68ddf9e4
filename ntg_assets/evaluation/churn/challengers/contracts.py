"""Contracts of other models beside the shipped ones."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.evaluation.churn.challengers.challenger_report import VERDICTS
from ntg_assets.evaluation.churn.challengers.challengers import CHALLENGERS
from ntg_assets.evaluation.churn.challengers.origin import DIRECT_LOSS
from ntg_assets.evaluation.churn.challengers.value_challengers import VALUE_CHALLENGERS
from ntg_assets.evaluation.churn.forecasts import EVALUATIONS
from ntg_assets.summaries import summary


@contract("challenger_forecasts")
class ChallengerForecasts(Contract):
    """One row per (evaluation, origin, user,
    model): what another model would have said of the same user at the same origin.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    origin_on: pl.Date = column("As in churn_forecasts", unit="date")
    user_id: str = identifier("user", "Who")
    model: str = column(
        "Challenger", isin=tuple(sorted({*CHALLENGERS, *VALUE_CHALLENGERS, DIRECT_LOSS}))
    )
    churn_probability: float = column(
        "Forecast probability of churn; null for a model of value alone",
        unit="probability",
        nullable=True,
        ge=0,
        le=1,
    )
    expected_value: float = column(
        "Forecast value of the next churn horizon; null for a model of churn alone",
        unit="unit",
        nullable=True,
    )
    expected_loss: float = column(
        "Forecast loss of the next churn horizon by a direct model of it; null for other models",
        unit="unit",
        nullable=True,
    )

    class Config:
        unique = ["evaluation", "origin_on", "user_id", "model"]


@contract("churn_challengers")
@summary(
    measures={
        "auc": "max(auc)",
        "log_loss": "max(log_loss)",
        "ece": "max(ece)",
        "brier": "max(brier)",
    },
    where="evaluation = 'walk_forward' and model = 'shipped'",
    columns=("evaluation", "model", "auc", "log_loss", "ece", "log_loss_difference", "verdict"),
    order=("evaluation", "log_loss"),
)
class ChurnChallengers(Contract):
    """One row per (evaluation, model): the shipped churn model beside its challengers,
    on the same forecasts.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    model: str = column("shipped, or a challenger")
    auc: float = column(
        "Area under the ROC curve; null without both outcomes", nullable=True, ge=0, le=1
    )
    log_loss: float = column("Mean minus log likelihood", ge=0)
    brier: float = column("Mean squared error of the probability", ge=0, le=1)
    ece: float = column("Expected calibration error", ge=0, le=1)
    ece_noise_95: float = column(
        "ECE below which a perfectly calibrated model stays 95 times in 100", ge=0, le=1
    )
    log_loss_difference: float = column(
        "log_loss minus that of the shipped model: below 0 the challenger is better"
    )
    standard_error: float = column("Of the difference, users as clusters", ge=0)
    verdict: str = column("Who is better by more than one standard error", isin=VERDICTS)
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "model"]


@contract("value_backtest")
@summary(
    measures={
        "spearman": "max(spearman)",
        "gini_share": "max(gini_share)",
        "top_decile_share": "max(top_decile_share)",
        "bias_ratio": "max(bias_ratio)",
        "n_users": "max(n_users)",
    },
    where="evaluation = 'walk_forward' and model = 'shipped'",
)
class ValueBacktest(Contract):
    """One row per (evaluation, model): forecasts of the value of the next churn horizon beside what
    was seen.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    model: str = column(
        "shipped: P(active) x E[value | active]; run_rate: the present pace, its half-life learned;"
        " bg_nbd: BG/NBD x price or Gamma-Gamma"
    )
    spearman: float = column(
        "Rank correlation of forecast and seen value; null where one does not vary",
        nullable=True,
        ge=-1,
        le=1,
    )
    gini_share: float = column(
        "Gini of the seen value in the forecast's order over that of the perfect order",
        nullable=True,
        le=1,
    )
    top_decile_share: float = column(
        "Share of the seen value held by the tenth with the highest forecasts",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    bias_ratio: float = column(
        "Sum of forecasts over sum of seen values; null when nothing was seen", nullable=True, ge=0
    )
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "model"]
