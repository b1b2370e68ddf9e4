"""Assets of the models beside the shipped ones; back-test only."""

import dagster as dg
import polars as pl

from ntg_assets.evaluation.churn.challengers import challenger_report as reporting
from ntg_assets.evaluation.churn.challengers.contracts import (
    ChallengerForecasts,
    ChurnChallengers,
    ValueBacktest,
)
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.stages import BACKTEST


@staged_asset(
    contract=ChallengerForecasts, group="evaluation", stages=(BACKTEST,), kinds=("scikitlearn",)
)
def challenger_forecasts(
    churn_forecasts: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    user_days: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What other models of churn and value would have said of the same users at the same
    origins.
    """
    settings = project.settings
    return reporting.all_challenger_forecasts(
        churn_forecasts,
        churn_snapshots,
        churn_labels,
        user_days,
        churn=settings.churn,
        value=settings.value,
        seed=settings.seed,
    )


@staged_asset(contract=ChurnChallengers, group="evaluation", stages=(BACKTEST,))
def churn_challengers(
    context: dg.AssetExecutionContext,
    churn_forecasts: pl.DataFrame,
    challenger_forecasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """The churn model beside base rate, recency, RFM, RF and tenure, BG/NBD and gradient
    boosting.
    """
    found = reporting.churn_challengers(
        churn_forecasts,
        challenger_forecasts,
        n_bins=project.settings.churn.calibration_bins,
        samples=project.settings.gate.bootstrap_samples,
        rng=project.rng("churn_challengers"),
    )
    for row in found.filter(pl.col("verdict") == reporting.VERDICTS[-1]).iter_rows(named=True):
        context.log.warning(
            "churn: %(model)s beats the shipped model (%(evaluation)s): log loss"
            " %(log_loss_difference)+.4f",
            row,
        )
    return found


@staged_asset(contract=ValueBacktest, group="evaluation", stages=(BACKTEST,))
def value_backtest(
    churn_forecasts: pl.DataFrame, challenger_forecasts: pl.DataFrame
) -> pl.DataFrame:
    """How well the value of the next horizon was foreseen, beside the present pace and BG/NBD."""
    return reporting.value_backtest(churn_forecasts, challenger_forecasts)
