"""The churn report: discrimination and calibration, overall,
by life-cycle segment and by origin, in one tidy table.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.snapshots import History
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.evaluation.churn.forecasts import HOLDOUT, splits_of
from ntg_assets.statistics.bootstrap import percentile_interval, row_weights
from ntg_assets.statistics.probability_metrics import (
    Metric,
    auc,
    brier_parts,
    calibration_line,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)

UNDEFINED = "not defined: the outcomes or the forecasts do not differ enough"
REPORT_SCHEMA = {
    "evaluation": pl.String,
    "segment": pl.String,
    "metric": pl.String,
    "bin": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
    "n_churned": pl.Int64,
    "note": pl.String,
}


def churn_report(
    forecasts: pl.DataFrame,
    *,
    n_bins: int,
    samples: int,
    rng: np.random.Generator,
    holdout_note: str | None = None,
) -> pl.DataFrame:
    """Measure the forecasts.

    Args:
        forecasts: `churn_forecasts`.
        n_bins: Equal-mass bins of the reliability curve.
        samples: Resamples of users behind each interval, and simulations of the noise floor.
        rng: Stream for both.
        holdout_note: What a reader of the holdout's rows must know.

    Returns:
        `churn_calibration`.
    """
    rows = []
    for evaluation, segment, part in splits_of(forecasts):
        sizes = (part.height, part["user_id"].n_unique(), int(part["is_churned"].sum()))
        note = holdout_note if evaluation == HOLDOUT else None
        rows += [
            (
                evaluation,
                segment,
                metric.name,
                metric.bin,
                metric.value,
                metric.low,
                metric.high,
                *sizes,
                note or (UNDEFINED if metric.value is None else None),
            )
            for metric in measure(part, n_bins=n_bins, samples=samples, rng=rng)
        ]
    return pl.DataFrame(rows, schema=REPORT_SCHEMA, orient="row")


def measure(
    part: pl.DataFrame, *, n_bins: int, samples: int, rng: np.random.Generator
) -> list[Metric]:
    """Measure one set of forecasts (at least one row)."""
    ordered = part.sort("user_id", "origin_on")
    predicted = ordered["churn_probability"].to_numpy()
    churned = ordered["is_churned"].cast(pl.Float64).to_numpy()
    users = ordered["user_id"].rank("dense").to_numpy().astype(np.int64) - 1
    bins = equal_mass_bins(predicted, n_bins)
    weights = row_weights(users, samples=samples, rng=rng)
    floor, point_95 = calibration_noise(predicted, bins, samples=samples, rng=rng)
    error = float(expected_calibration_error(predicted, churned[None, :], bins)[0])
    without_interval = {
        "ece": error,
        "ece_noise_floor": floor,
        "ece_noise_95": point_95,
        **brier_parts(predicted, churned, bins),
    }
    return [
        *_means(predicted, churned, weights),
        _auc(predicted, churned, weights),
        _average_precision(predicted, churned),
        *(Metric(name, value) for name, value in without_interval.items()),
        *calibration_line(predicted, churned, users),
        *_reliability(predicted, churned, bins, weights),
    ]


def holdout_note(history: History, log_end_on: date, *, settings: ChurnSettings) -> str | None:
    """Say what is wrong with the truth at the end of TRAIN, if anything;
    `log_end_on` is the first day that the log does not hold whole.
    """
    if not history.is_common_clock:
        return (
            "per_user split: no common cutoff, so churn is judged inside TRAIN only, on labels that"
            " overstate it"
        )
    closes_on = history.cutoff_on + timedelta(days=settings.horizon_days)
    if log_end_on >= closes_on:
        return None
    return (
        f"the log ends on {log_end_on}, the horizon closes on {closes_on}: users may yet return,"
        " churn is overstated"
    )


def _means(predicted: Floats, churned: Floats, weights: Floats) -> Iterator[Metric]:
    rate = np.full(len(churned), churned.mean())
    columns = {
        "churn_rate": churned,
        "mean_predicted": predicted,
        "log_loss": log_loss(predicted, churned),
        "log_loss_of_base_rate": log_loss(rate, churned),
    }
    for name, values in columns.items():
        yield Metric(
            name,
            float(values.mean()),
            *percentile_interval((weights @ values) / weights.sum(axis=1)),
        )


def _auc(predicted: Floats, churned: Floats, weights: Floats) -> Metric:
    value = float(auc(predicted, churned, np.ones((1, len(churned))))[0])
    if np.isnan(value):
        return Metric("auc", None)
    return Metric("auc", value, *percentile_interval(auc(predicted, churned, weights)))


def _average_precision(predicted: Floats, churned: Floats) -> Metric:
    from sklearn.metrics import average_precision_score  # noqa: PLC0415  # takes seconds to import

    return Metric(
        "pr_auc", float(average_precision_score(churned, predicted)) if churned.any() else None
    )


def _reliability(
    predicted: Floats, churned: Floats, bins: Longs, weights: Floats
) -> Iterator[Metric]:
    for number in range(1, int(bins.max()) + 1):
        inside = bins == number
        drawn = weights[:, inside].sum(axis=1)
        observed = np.where(
            drawn > 0,
            (weights[:, inside] @ churned[inside]) / np.where(drawn > 0, drawn, 1.0),
            np.nan,
        )
        yield Metric("bin_predicted", float(predicted[inside].mean()), bin=number)
        yield Metric(
            "bin_observed",
            float(churned[inside].mean()),
            *percentile_interval(observed),
            bin=number,
        )
