"""What was forecast of contracts at past origins, beside what came: order, calibration, money."""

from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.randomness import random_stream
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.probability_metrics import (
    auc,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)
from ntg_assets.subscriptions.hazard.walk_forward import chosen_model

BINS = 10
NOISE_SAMPLES = 200
TOGETHER = "all origins"
MIN_PER_OUTCOME = 30  # with fewer of either outcome a perfect order can be luck
BACKTEST_TYPES: dict[str, Any] = {
    "model": pl.String,
    "is_used": pl.Boolean,
    "origin": pl.String,
    "currency": pl.String,
    "n_contracts": pl.Int64,
    "n_ended": pl.Int64,
    "expected_ended": pl.Float64,
    "log_loss": pl.Float64,
    "auc": pl.Float64,
    "calibration_error": pl.Float64,
    "calibration_error_noise_95": pl.Float64,
    "mrr_at_risk_minor": pl.Int64,
    "mrr_lost_minor": pl.Int64,
    "mrr_ratio": pl.Float64,
}


def contract_backtest(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Judge forecasts, by model, origin and currency, and over all origins.

    Args:
        forecasts: `contract_walk_forward`.

    Returns:
        `contract_backtest`: expected and real ends, monthly revenue at risk (sum of chance x
        revenue) and lost.
    """
    dated = forecasts.with_columns(pl.col("origin_on").cast(pl.String).alias("origin"))
    both = pl.concat([dated, dated.with_columns(origin=pl.lit(TOGETHER))])
    used = chosen_model(forecasts)
    rows = [
        (model, model == used, origin, currency, *_judged(part))
        for (model, origin, currency), part in both.sort(
            "model", "origin", "currency", "contract_place", "origin_on"
        ).group_by("model", "origin", "currency", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=BACKTEST_TYPES, orient="row")


def _judged(part: pl.DataFrame) -> tuple[Any, ...]:
    chance = sigmoid(part["end_logit"].to_numpy())
    ended = part["ended"].cast(pl.Float64).to_numpy()
    revenue = part["mrr_minor"].to_numpy() * (~part["is_trial"].to_numpy())
    at_risk, lost = round(float(chance @ revenue)), round(float(ended @ revenue))
    bins = equal_mass_bins(chance, BINS)
    area = float(auc(chance, ended, np.ones((1, len(ended))))[0])
    return (
        len(ended),
        int(ended.sum()),
        float(chance.sum()),
        float(log_loss(chance, ended).mean()),
        None if np.isnan(area) else area,
        float(expected_calibration_error(chance, ended[None, :], bins)[0]),
        _noise(chance, bins),
        at_risk,
        lost,
        at_risk / lost if lost else None,
    )


def _noise(chance: Floats, bins: Longs) -> float:
    """The error that a perfect model would exceed once in twenty times on as many rows."""
    rng = random_stream(0, "contract_backtest")
    return calibration_noise(chance, bins, samples=NOISE_SAMPLES, rng=rng)[1]


def implausible_orders(
    backtest: pl.DataFrame, *, rows: str, events: str, threshold: float
) -> pl.DataFrame:
    """Return the forecasts over all origins whose order is so good that a leak is likelier than a
    model.

    Args:
        backtest: `contract_backtest` or `return_backtest`.
        rows: Its column with the number of forecasts.
        events: Its column with the number of events among them.
        threshold: AUC above which no honest model is expected.
    """
    fewer = pl.min_horizontal(events, pl.col(rows) - pl.col(events))
    return backtest.filter(
        pl.col("origin") == TOGETHER, pl.col("auc") > threshold, fewer >= MIN_PER_OUTCOME
    )
