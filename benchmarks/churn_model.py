"""The shipped churn functions in the order in which the assets of one stage call them."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.log_holes import Hole, daily_users, find_holes, holes_of
from ntg_assets.churn.model import ChurnModel, fit_churn_model
from ntg_assets.churn.scores import churn_scores
from ntg_assets.churn.snapshots import (
    History,
    at_the_cutoff,
    churn_labels,
    churn_snapshots,
    labelled_snapshots,
)
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.storage.run import run

FOUR_WEEKS = ChurnSettings(horizon_days=28, at_risk_days=56)


def whole_history(user_days: pl.DataFrame) -> History:
    """Take the whole log as TRAIN."""
    first_on, last_on = user_days.select(
        first=pl.col("active_on").min(), last=pl.col("active_on").max()
    ).row(0)
    end_on = last_on + timedelta(days=1)
    return History(first_on, end_on, end_on, holes=holes_in(user_days))


def holes_in(user_days: pl.DataFrame) -> tuple[Hole, ...]:
    """Days that a log does not hold."""
    return holes_of(find_holes(run(daily_users(user_days))))


@dataclass(frozen=True)
class Scored:
    """Everything of churn at one cutoff, by the names of its tables."""

    snapshots: pl.DataFrame
    labelled: pl.DataFrame
    raw: pl.DataFrame
    model: ChurnModel
    scores: pl.DataFrame


def scores_of(
    user_days: pl.DataFrame, history: History, churn: ChurnSettings
) -> tuple[pl.DataFrame, ChurnModel]:
    """Score everybody at the cutoff, and the model behind it."""
    made = scores_and_snapshots(user_days, history, churn)
    return made.scores, made.model


def scores_and_snapshots(user_days: pl.DataFrame, history: History, churn: ChurnSettings) -> Scored:
    """Score everybody at the cutoff; all that was made on the way."""
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    raw = walk_forward(labelled, user_days, settings=churn)
    model = fit_churn_model(
        labelled,
        at_the_cutoff(snapshots),
        raw,
        cutoff_on=history.cutoff_on,
        settings=churn,
    )
    scores = churn_scores(snapshots, model.coefficients, model.uncertainty, settings=churn)
    return Scored(snapshots, labelled, raw, model, scores)


def calibrator_of(model: ChurnModel) -> str:
    """Name of the calibrator that the gate let through."""
    return str(model.recalibration.filter("is_adopted")["calibrator"].first() or "none")


def churn_shares(
    values: pl.DataFrame,
    activity: pl.DataFrame,
    user_days: pl.DataFrame,
    cutoff_on: date,
    *,
    churn: ChurnSettings,
) -> dict[str, float]:
    """Mean P(churn) of everyone at risk at a cut, and the share that then was silent.

    Args:
        values: `ltv_estimates`, by user id.
        activity: Activity features at the cut, by user id.
        user_days: The whole log.
        cutoff_on: The cut.
        churn: Horizon and at-risk window.
    """
    end_on = cutoff_on + timedelta(days=churn.horizon_days)
    came = user_days.filter(pl.col("active_on").is_between(cutoff_on, end_on, closed="left"))
    is_at_risk = activity["recency_days"] <= churn.at_risk_window_days
    rows = values.filter(is_at_risk)
    is_silent = ~rows["user_id"].is_in(came["user_id"].unique().implode())
    return {
        "churn_told": 1 - float(rows["active_probability"].to_numpy().mean()),
        "churn_seen": float(is_silent.to_numpy().mean()),
    }
