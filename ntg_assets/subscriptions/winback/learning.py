"""Everything that is learned of people who left: forecasts of the past, which model they let pass,
its calibration, and how long contracts of returners last.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.calibration.recalibration import (
    TABLE_SCHEMA,
    adopted_curve,
    churn_recalibration,
)
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.subscriptions.hazard.competing_risks import HAZARD_TYPES
from ntg_assets.subscriptions.hazard.snapshots import origin_days
from ntg_assets.subscriptions.hazard.walk_forward import logit
from ntg_assets.subscriptions.winback.away import BASE_RATE, MODELS, columns_for
from ntg_assets.subscriptions.winback.hazard import fit_returns, return_probability
from ntg_assets.subscriptions.winback.return_snapshots import returned_within

MIN_RETURNS = 20  # people who had come back before an origin; a hazard of fewer says nothing
WALK_TYPES: dict[str, Any] = {
    "origin_on": pl.Date,
    "window_end_on": pl.Date,
    "model": pl.String,
    "user_id": pl.String,
    "return_logit": pl.Float64,
    "returned": pl.Boolean,
}


class Learned(NamedTuple):
    """What was learned, as tables, in the order in which they are stored."""

    forecasts: pl.DataFrame
    recalibration: pl.DataFrame
    hazards: pl.DataFrame


def closed(rows: pl.DataFrame, day: date, *, horizon_days: int) -> pl.DataFrame:
    """Keep snapshots whose window had closed by a day; returns of their windows were known then.

    Args:
        rows: `return_snapshots`.
        day: By which windows have closed.
        horizon_days: Length of the windows.
    """
    return rows.filter(pl.col("snapshot_on") <= day - timedelta(days=horizon_days))


def learn_returns(
    rows: pl.DataFrame, *, cutoff_on: date, churn: ChurnSettings, settings: SubscriptionSettings
) -> Learned:
    """Learn from everything that had closed by a cutoff.

    Args:
        rows: `return_snapshots`.
        cutoff_on: The cutoff.
        churn: Horizon, origins.
        settings: Penalty, how long somebody is looked at.

    Returns:
        Empty tables where no window of somebody who left has closed yet.
    """
    rows = rows.sort("user_id", "snapshot_on")
    past = closed(rows, cutoff_on, horizon_days=churn.horizon_days)
    types = WALK_TYPES | {"user_id": rows.schema["user_id"]}
    if past.is_empty():
        nothing = (types, TABLE_SCHEMA, HAZARD_TYPES)
        return Learned(*(pl.DataFrame(schema=schema) for schema in nothing))
    made = [
        _at_origin(rows, day, model, churn=churn, settings=settings)
        for day in _origins(rows, churn=churn)
        for model in MODELS
    ]
    forecasts = pl.concat([pl.DataFrame(schema=types), *made])
    model = chosen_model(forecasts)
    return Learned(
        forecasts,
        recalibration(forecasts, model=model, cutoff_on=cutoff_on),
        _fit(past, model, churn=churn, settings=settings),
    )


def chosen_model(forecasts: pl.DataFrame) -> str:
    """Decide how much the hazard looks at: the base rate, the periods since the end, or people.

    Each step is taken only where it lowered the log loss at past origins by more than one standard
    error (users as clusters) against the step before it that was taken.
    """
    chosen = BASE_RATE
    for model in MODELS[1:]:
        sides = [
            forecasts.filter(pl.col("model") == name).sort("origin_on", "user_id")
            for name in (chosen, model)
        ]
        if sides[0].height and _gains(*sides):
            chosen = model
    return chosen


def recalibration(forecasts: pl.DataFrame, *, model: str, cutoff_on: date) -> pl.DataFrame:
    """Decide on a calibration of the chosen model, by the rules of `churn/calibration`.

    Args:
        forecasts: `return_walk_forward`.
        model: Which of its models.
        cutoff_on: Day for which the curve is wanted.
    """
    same = forecasts.filter(pl.col("model") == model).rename(
        {"return_logit": "churn_logit", "returned": "is_churned"}
    )
    return churn_recalibration(same, cutoff_on=cutoff_on)


def calibrated(chance: Floats, decided: pl.DataFrame) -> Floats:
    """Move chances along the decided curve."""
    return sigmoid(adopted_curve(decided).of(logit(chance))) if decided.height else chance


def _origins(rows: pl.DataFrame, *, churn: ChurnSettings) -> list[date]:
    """The latest closed snapshots a horizon apart before which enough people had come back."""
    days = origin_days(
        rows["snapshot_on"].unique().sort().to_list(), horizon_days=churn.horizon_days
    )
    return [
        day
        for day in days[len(days) - min(len(days), churn.walk_forward_origins) :]
        if _n_returned(closed(rows, day, horizon_days=churn.horizon_days), churn) >= MIN_RETURNS
    ]


def _n_returned(rows: pl.DataFrame, churn: ChurnSettings) -> int:
    return rows.filter(returned_within(rows, churn.horizon_days))["user_id"].n_unique()


def _fit(
    rows: pl.DataFrame, model: str, *, churn: ChurnSettings, settings: SubscriptionSettings
) -> pl.DataFrame:
    return fit_returns(
        rows,
        columns_for(model, rows),
        horizon_days=churn.horizon_days,
        win_back_days=settings.win_back_days,
        regularisation=settings.regularisation,
    )


def _at_origin(
    rows: pl.DataFrame,
    day: date,
    model: str,
    *,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
) -> pl.DataFrame:
    past = closed(rows, day, horizon_days=churn.horizon_days)
    now = rows.filter(pl.col("snapshot_on") == day)
    chance = return_probability(
        now,
        _fit(past, model, churn=churn, settings=settings),
        horizon_days=churn.horizon_days,
        win_back_days=settings.win_back_days,
    )
    return now.select(
        origin_on="snapshot_on",
        window_end_on=pl.col("snapshot_on") + pl.duration(days=churn.horizon_days),
        model=pl.lit(model),
        user_id="user_id",
        return_logit=pl.Series(logit(chance)),
        returned=returned_within(now, churn.horizon_days),
    )


def _gains(before: pl.DataFrame, after: pl.DataFrame) -> bool:
    gains = _losses(before) - _losses(after)
    _, codes = np.unique(before["user_id"].rank("dense").to_numpy(), return_inverse=True)
    error = float(np.sqrt((np.bincount(codes, gains - gains.mean()) ** 2).sum())) / len(gains)
    return bool(gains.mean() > error)


def _losses(rows: pl.DataFrame) -> Floats:
    log_odds = rows["return_logit"].to_numpy()
    return np.logaddexp(0.0, log_odds) - rows["returned"].cast(pl.Float64).to_numpy() * log_odds
