"""Forecasts of ends moved to what came of earlier ones."""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.churn.calibration.calibrators import Curve
from ntg_assets.churn.calibration.recalibration import adopted_curve, churn_recalibration
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.subscriptions.hazard.competing_risks import (
    Ends,
)
from ntg_assets.subscriptions.hazard.walk_forward import SMALLEST, logit


def recalibration(forecasts: pl.DataFrame, *, model: str, cutoff_on: date) -> pl.DataFrame:
    """Decide on a calibration of the chosen model, by the rules of `churn/calibration`.

    Args:
        forecasts: `contract_walk_forward`.
        model: Which of its models.
        cutoff_on: Day for which the curve is wanted.
    """
    chosen = forecasts.filter(pl.col("model") == model).select(
        "origin_on",
        "window_end_on",
        user_id="contract_place",
        churn_logit="end_logit",
        is_churned="ended",
    )
    return churn_recalibration(chosen, cutoff_on=cutoff_on)


def calibrated(ends: Ends, decided: pl.DataFrame) -> Ends:
    """Move the chance of an end along the decided curve; its kinds keep their shares."""
    return moved(ends, adopted_curve(decided))


def moved(ends: Ends, curve: Curve) -> Ends:
    """Move chances along a curve of the log odds."""
    total = ends.total
    total_after = sigmoid(curve.of(logit(total)))
    ratio = np.where(total > SMALLEST, total_after / np.maximum(total, SMALLEST), 1.0)
    return Ends(ends.by_kind * ratio[:, None])
