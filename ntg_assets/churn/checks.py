"""Blocking checks of churn: scores are exactly what their parts say,
and no model is too good to be true.
"""

import dagster as dg
import polars as pl

from ntg_assets.churn.log_holes import describe_holes
from ntg_assets.churn.model_selection import selection_in_words
from ntg_assets.churn.reasons.reason_audit import reasons_against_sense
from ntg_assets.churn.scores import ADDENDS, add_up
from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.stages import BACKTEST, STAGES
from ntg_assets.statistics.glm import sigmoid

MIN_PER_OUTCOME = 30  # with fewer forecasts of one outcome a perfect order can be luck
MOST_RETURNED = 0.5  # of those silent for the at-risk window: with more it is no sign of leaving


def scores_that_do_not_add_up(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the users whose contributions are not their logit to the last bit,
    or whose probability is not that of the logit.
    """
    logit = add_up({name: scores[name].to_numpy() for name in ADDENDS})
    adds_up = (logit == scores["churn_logit"].to_numpy()) & (
        sigmoid(logit) == scores["churn_probability"].to_numpy()
    )
    return scores.filter(~pl.Series(adds_up)).select("user_id", "churn_logit", *ADDENDS)


def implausible_aucs(calibration: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Return the headline AUCs above a threshold that rest on enough forecasts of both outcomes."""
    n_stayed = pl.col("n_rows") - pl.col("n_churned")
    headline = calibration.filter(
        pl.col("metric") == "auc", pl.col("segment") == "all", pl.col("value") > threshold
    )
    return headline.filter(pl.min_horizontal("n_churned", n_stayed) >= MIN_PER_OUTCOME).select(
        "evaluation", "value", "n_rows", "n_churned"
    )


@staged_check("churn_scores", stages=STAGES, blocking=True)
def contributions_add_up_to_the_score(churn_scores: pl.DataFrame) -> dg.AssetCheckResult:
    """The contributions of each user's score add up to its log odds exactly."""
    offenders = scores_that_do_not_add_up(churn_scores)
    sentence = (
        f"{churn_scores.height:,} scores, {offenders.height:,} that their contributions do not"
        " explain"
    )
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        description=sentence,
        metadata={"first": str(offenders["user_id"].head(3).to_list())},
    )


@staged_check("churn_calibration", stages=(BACKTEST,), blocking=True)
def churn_is_not_too_good_to_be_true(
    churn_calibration: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No churn AUC is so high that a leak is likelier than a model."""
    threshold = project.settings.gate.implausible_auc
    offenders = implausible_aucs(churn_calibration, threshold=threshold)
    sentence = (
        f"{offenders.height} headline AUCs above {threshold} on {MIN_PER_OUTCOME} or more forecasts"
        " of each outcome"
    )
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        description=sentence,
        metadata={"offenders": str(offenders.rows())},
    )


@staged_check("churn_drift", stages=(BACKTEST,))
def churn_has_not_drifted(churn_drift: pl.DataFrame) -> dg.AssetCheckResult:
    """At the newest origin, realised churn and the scores are as expected;
    a warning, since drift is a fact and not a fault.
    """
    newest = churn_drift.sort("origin_on", "evaluation").tail(1)
    alarms = newest.filter("is_alarm")
    sentence = (
        f"{churn_drift['is_alarm'].sum()} of {churn_drift.height} origins gave an alarm; the newest"
        f" {'did' if alarms.height else 'did not'}"
    )
    return dg.AssetCheckResult(
        passed=alarms.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence,
        metadata={"newest": str(newest.rows())},
    )


@staged_check("churn_scores", stages=STAGES)
def reasons_make_sense(
    churn_scores: pl.DataFrame, churn_snapshots: pl.DataFrame
) -> dg.AssetCheckResult:
    """No reason names a fact that speaks against its direction; a warning, since the score is
    right all the same.
    """
    offenders = reasons_against_sense(churn_scores, churn_snapshots)
    sentence = (
        f"{churn_scores.height:,} users, {offenders.height:,} facts told against what they say"
        " by plain sense"
    )
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence,
        metadata={"first": str(offenders.head(3).rows())},
    )


def selection_warning(selection: pl.DataFrame) -> str | None:
    """Say that another model than the default is shipped; None where it is the default."""
    is_default = bool(selection.filter("is_shipped")["is_default"].all())
    return None if is_default else selection_in_words(selection)


@staged_check("churn_model_selection", stages=STAGES)
def churn_model_is_the_default(churn_model_selection: pl.DataFrame) -> dg.AssetCheckResult:
    """The churn model is the default one; a warning, since past origins may ask for another."""
    return dg.AssetCheckResult(
        passed=selection_warning(churn_model_selection) is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=selection_in_words(churn_model_selection),
    )


@staged_check("log_holes", stages=STAGES)
def log_has_no_holes(
    log_holes: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No days inside the log are missing; a warning, since a service may have been closed."""
    sentence = describe_holes(
        log_holes,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        at_risk_days=project.settings.churn.at_risk_window_days,
    )
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "every run of days inside the log holds what is usual around it",
        metadata={"n_holes": log_holes.height},
    )


def horizon_warning(report: pl.DataFrame) -> str | None:
    """Say that most of those who are no longer scored as at risk come back; None where they do not,
    or too few silences were that long.

    Args:
        report: `churn_horizon_report`.
    """
    limit = report.filter("is_at_risk_limit", pl.col("n_silences") >= MIN_PER_OUTCOME)
    if limit.is_empty() or limit["ever_returned_share"][0] <= MOST_RETURNED:
        return None
    days, share, n = limit.select("silent_days", "ever_returned_share", "n_silences").row(0)
    enough = report.filter(
        pl.col("silent_days") > days, pl.col("ever_returned_share") <= MOST_RETURNED
    )["silent_days"].min()
    advice = f"about {enough!s}" if enough else f"more than {report['silent_days'].max()!s}"
    return (
        f"{share:.0%} of {n:,} silences of more than {days} days ended all the same: who is silent"
        " for that long is taken for lost and is not scored as at risk, and comes back. Half come"
        f" back after {advice} silent days; set churn.at_risk_days (or churn.horizon_days) so."
    )


@staged_check("churn_horizon_report", stages=STAGES)
def churn_horizon_is_long_enough(churn_horizon_report: pl.DataFrame) -> dg.AssetCheckResult:
    """Most of those who are no longer at risk have left for good; a warning, since the horizon is
    the user's to choose.
    """
    sentence = horizon_warning(churn_horizon_report)
    return dg.AssetCheckResult(
        passed=sentence is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "most who were silent for the at-risk window did not come back",
    )
