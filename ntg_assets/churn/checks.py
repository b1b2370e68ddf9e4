"""Blocking checks of churn: scores are exactly what their parts say, and no model is too good to be true."""

import dagster as dg
import polars as pl

from ntg_assets.churn.logistic import sigmoid
from ntg_assets.churn.scores import CONTRIBUTIONS, add_up
from ntg_assets.project import Project
from ntg_assets.stages import BACKTEST, STAGES

CALIBRATION = dg.AssetKey([BACKTEST, "churn_calibration"])
PARTS = ["contribution_baseline", *CONTRIBUTIONS]
MIN_PER_OUTCOME = 30  # with fewer forecasts of one outcome a perfect order can be luck


def scores_that_do_not_add_up(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the users whose contributions are not their logit to the last bit, or whose probability is not that of the logit."""
    logit = add_up({name: scores[name].to_numpy() for name in PARTS})
    adds_up = (logit == scores["churn_logit"].to_numpy()) & (sigmoid(logit) == scores["churn_probability"].to_numpy())
    return scores.filter(~pl.Series(adds_up)).select("user_id", "churn_logit", *PARTS)


def implausible_aucs(calibration: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Return the headline AUCs above a threshold that rest on enough forecasts of both outcomes."""
    n_stayed = pl.col("n_rows") - pl.col("n_churned")
    headline = calibration.filter(pl.col("metric") == "auc", pl.col("segment") == "all", pl.col("value") > threshold)
    return headline.filter(pl.min_horizontal("n_churned", n_stayed) >= MIN_PER_OUTCOME).select("evaluation", "value", "n_rows", "n_churned")


def _contributions_add_up(stage: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=dg.AssetKey([stage, "churn_scores"]), blocking=True, name="contributions_add_up_to_the_score")
    def check(churn_scores: pl.DataFrame) -> dg.AssetCheckResult:
        """The contributions of each user's score add up to its log odds exactly."""
        offenders = scores_that_do_not_add_up(churn_scores)
        told = f"{churn_scores.height:,} scores, {offenders.height:,} that their contributions do not explain"
        return dg.AssetCheckResult(
            passed=offenders.is_empty(), description=told, metadata={"first": str(offenders["user_id"].head(3).to_list())}
        )

    return check


@dg.asset_check(asset=CALIBRATION, blocking=True)
def churn_is_not_too_good_to_be_true(churn_calibration: pl.DataFrame, project: Project) -> dg.AssetCheckResult:
    """No churn AUC is so high that a leak is likelier than a model."""
    threshold = project.settings.gate.implausible_auc
    offenders = implausible_aucs(churn_calibration, threshold=threshold)
    told = f"{offenders.height} headline AUCs above {threshold} on {MIN_PER_OUTCOME} or more forecasts of each outcome"
    return dg.AssetCheckResult(passed=offenders.is_empty(), description=told, metadata={"offenders": str(offenders.rows())})


churn_checks = [*(_contributions_add_up(stage) for stage in STAGES), churn_is_not_too_good_to_be_true]
