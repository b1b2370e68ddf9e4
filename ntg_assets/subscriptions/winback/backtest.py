"""What was forecast of people who left at past origins, beside who came back."""

from typing import Any

import numpy as np
import polars as pl

from ntg_assets.randomness import random_stream
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.probability_metrics import (
    auc,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)
from ntg_assets.subscriptions.hazard.backtest import BINS, NOISE_SAMPLES, TOGETHER

BACKTEST_TYPES: dict[str, Any] = {
    "model": pl.String,
    "origin": pl.String,
    "n_left": pl.Int64,
    "n_returned": pl.Int64,
    "expected_returned": pl.Float64,
    "log_loss": pl.Float64,
    "auc": pl.Float64,
    "calibration_error": pl.Float64,
    "calibration_error_noise_95": pl.Float64,
    "is_chosen": pl.Boolean,
}


def return_backtest(forecasts: pl.DataFrame, *, chosen: str) -> pl.DataFrame:
    """Judge forecasts by model and origin, and over all origins.

    Args:
        forecasts: `return_walk_forward`.
        chosen: Model that the gate let pass.

    Returns:
        `return_backtest`.
    """
    dated = forecasts.with_columns(pl.col("origin_on").cast(pl.String).alias("origin"))
    both = pl.concat([dated, dated.with_columns(origin=pl.lit(TOGETHER))])
    rows = [
        (model, origin, *_judged(part), model == chosen)
        for (model, origin), part in both.sort("model", "origin", "user_id", "origin_on").group_by(
            "model", "origin", maintain_order=True
        )
    ]
    return pl.DataFrame(rows, schema=BACKTEST_TYPES, orient="row")


def _judged(part: pl.DataFrame) -> tuple[Any, ...]:
    chance = sigmoid(part["return_logit"].to_numpy())
    came = part["returned"].cast(pl.Float64).to_numpy()
    bins = equal_mass_bins(chance, BINS)
    area = float(auc(chance, came, np.ones((1, len(came))))[0])
    rng = random_stream(0, "return_backtest")
    return (
        len(came),
        int(came.sum()),
        float(chance.sum()),
        float(log_loss(chance, came).mean()),
        None if np.isnan(area) else area,
        float(expected_calibration_error(chance, came[None, :], bins)[0]),
        calibration_noise(chance, bins, samples=NOISE_SAMPLES, rng=rng)[1],
    )
