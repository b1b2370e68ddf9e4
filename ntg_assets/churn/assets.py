"""Assets of churn: who left in the past, what it depended on, who is about to leave."""

import dagster as dg
import polars as pl

from ntg_assets.churn import model_selection as selecting
from ntg_assets.churn import snapshots as clock
from ntg_assets.churn.calibration import recalibration
from ntg_assets.churn.contracts.models import (
    ChurnCoefficients,
    ChurnModelSelection,
    ChurnRecalibration,
    ChurnUncertainty,
    ChurnWalkForward,
)
from ntg_assets.churn.contracts.scores import ChurnScores
from ntg_assets.churn.contracts.snapshots import (
    ChurnHorizonReport,
    ChurnLabels,
    ChurnSnapshots,
    LearningSnapshots,
    LogHoles,
)
from ntg_assets.churn.learning.candidates import fit_churn
from ntg_assets.churn.log_holes import daily_users, find_holes
from ntg_assets.churn.scores import churn_scores as score
from ntg_assets.churn.snapshots import train_history
from ntg_assets.churn.uncertainty import churn_uncertainty as learn_uncertainty
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import LEARNED_FROM, LIVE

TRUNCATED = (
    "churn: under a per_user split each history ends at its own point, so labels overstate churn;"
    " use split.strategy: global_time."
)


@staged_asset(contract=LogHoles, group="churn", kinds=("polars",), live_reads=LEARNED_FROM)
def log_holes(user_days: Table, project: Project) -> pl.DataFrame:
    """Days inside TRAIN that the log does not hold: nobody could be active on them."""
    return find_holes(project.read(daily_users(user_days)))


@staged_asset(contract=ChurnLabels, group="churn", kinds=("sql",), live_reads=LEARNED_FROM)
def churn_labels(
    context: dg.AssetExecutionContext,
    user_days: Table,
    log_holes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> Query:
    """Which at-risk users fell silent after each closed snapshot of the past."""
    history = train_history(split_boundaries, log_holes)
    if not history.is_common_clock:
        context.log.warning(TRUNCATED)
    return clock.churn_labels(user_days, history, settings=project.settings.churn)


@staged_asset(contract=ChurnHorizonReport, group="churn", kinds=("sql",))
def churn_horizon_report(
    user_days: Table, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """What silence has meant so far: the evidence for the churn horizon and the at-risk window."""
    return clock.churn_horizon_report(
        user_days, train_history(split_boundaries), settings=project.settings.churn
    )


@staged_asset(contract=ChurnSnapshots, group="churn", kinds=("sql",))
def churn_snapshots(
    user_days: Table, churn_labels: Table, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """Users' activity as it was at each snapshot, at the cutoff, and one step before the cutoff."""
    return clock.churn_snapshots(
        user_days, churn_labels, train_history(split_boundaries), settings=project.settings.churn
    )


@staged_asset(contract=LearningSnapshots, group="churn", stages=(LIVE,), kinds=("sql",))
def learning_snapshots(
    learning_days: Table,
    churn_labels: Table,
    learning_boundaries: pl.DataFrame,
    project: Project,
) -> Query:
    """Users' activity as it was at each snapshot, and at the end of what is learned from."""
    return clock.churn_snapshots(
        learning_days,
        churn_labels,
        train_history(learning_boundaries),
        settings=project.settings.churn,
    )


@staged_asset(
    contract=ChurnWalkForward,
    group="churn",
    kinds=("scikitlearn",),
    live_reads=LEARNED_FROM,
)
def churn_walk_forward(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    user_days: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each churn model that may be shipped would have said at past origins, beside what
    followed.
    """
    return walk_forward(
        clock.labelled_snapshots(churn_snapshots, churn_labels),
        user_days,
        settings=project.settings.churn,
    )


@staged_asset(
    contract=ChurnModelSelection, group="churn", kinds=("polars",), live_reads=LEARNED_FROM
)
def churn_model_selection(
    context: dg.AssetExecutionContext,
    churn_walk_forward: pl.DataFrame,
    split_boundaries: pl.DataFrame,
) -> pl.DataFrame:
    """Which churn model is shipped: the default, unless another was surely better at past
    origins.
    """
    decided = selecting.churn_model_selection(
        churn_walk_forward, cutoff_on=train_history(split_boundaries).cutoff_on
    )
    context.log.info("churn: %s", selecting.selection_in_words(decided))
    return decided


@staged_asset(
    contract=ChurnRecalibration, group="churn", kinds=("polars",), live_reads=LEARNED_FROM
)
def churn_recalibration(
    churn_walk_forward: pl.DataFrame,
    churn_model_selection: pl.DataFrame,
    split_boundaries: pl.DataFrame,
) -> pl.DataFrame:
    """Whether recalibrating the shipped churn model would have helped at past origins,
    and what was decided.
    """
    return recalibration.churn_recalibration(
        _of_shipped(churn_walk_forward, churn_model_selection),
        cutoff_on=train_history(split_boundaries).cutoff_on,
    )


@staged_asset(
    contract=ChurnCoefficients,
    group="churn",
    kinds=("scikitlearn",),
    live_reads=LEARNED_FROM,
)
def churn_coefficients(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_model_selection: pl.DataFrame,
    churn_recalibration: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """The churn model as a table: one coefficient per feature with its odds ratio and interval."""
    labelled = clock.labelled_snapshots(churn_snapshots, churn_labels)
    now = clock.at_the_cutoff(churn_snapshots)
    model = selecting.shipped_model(churn_model_selection)
    fitted = fit_churn(labelled, now, settings=project.settings.churn, model=model)
    return recalibration.recalibrate(fitted, churn_recalibration)


@staged_asset(
    contract=ChurnUncertainty,
    group="churn",
    kinds=("scikitlearn",),
    live_reads=LEARNED_FROM,
)
def churn_uncertainty(
    churn_walk_forward: pl.DataFrame,
    churn_model_selection: pl.DataFrame,
    churn_recalibration: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
) -> pl.DataFrame:
    """How far a churn probability may be off beyond the sampling error of its coefficients: season
    and drift, lack of fit.
    """
    shipped = _of_shipped(churn_walk_forward, churn_model_selection)
    forecasts = recalibration.as_recalibrated(shipped, churn_recalibration)
    labelled = clock.labelled_snapshots(churn_snapshots, churn_labels)
    return learn_uncertainty(forecasts, labelled, churn_coefficients)


@staged_asset(contract=ChurnScores, group="churn", kinds=("polars",))
def churn_scores(
    churn_snapshots: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    churn_uncertainty: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How probably each user falls silent within the horizon, and the reasons."""
    return score(
        churn_snapshots, churn_coefficients, churn_uncertainty, settings=project.settings.churn
    )


def _of_shipped(forecasts: pl.DataFrame, selection: pl.DataFrame) -> pl.DataFrame:
    return selecting.forecasts_of(forecasts, selecting.shipped_model(selection))
