"""How good tonight's churn scores are, tonight: the labels come a horizon late.

If a probability is calibrated, the scores themselves say what any measure of them is expected to
be: outcomes are drawn from them and measured. That they are not quite calibrated is known too: at
each past origin the outcomes asked for an offset and a slope on the log odds. Each draw therefore
first moves all log odds by an offset and a slope, from the second moments of those that had closed
before the origin (season, drift, error of the fit) and the error with which the calibration itself
is known, and only then draws outcomes. The interval so holds what the calibration is not known to,
and the chance of the outcomes; that other users are scored than before is in the scores.

The same is done at each past origin with what was known then, and held against what came.

Source: Bialek, Kuberski, Perrakis and Bifet 2024, "Estimating model performance under covariate
shift without labels" (confidence-based performance estimation, CBPE).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.uncertainty import MIN_ORIGINS, origin_information, origin_moments
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.statistics.probability_metrics import (
    SMALLEST_PROBABILITY,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)

DRAWS = 400
MOST_USERS = 20_000  # measured at each origin, every k-th by id beyond: the rest would add little
INTERVAL = (0.025, 0.975)
# of the slope, where fewer than `MIN_ORIGINS` have closed: there 123 of 128 truths of eleven logs
# lay inside
UNKNOWN_SLOPE_SD = 0.15
TOP_SHARE = 0.1
SCHEMA = {
    "origin_on": pl.Date,
    "metric": pl.String,
    "expected": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "realised": pl.Float64,
    "is_inside": pl.Boolean,
    "is_tonight": pl.Boolean,
    "closes_on": pl.Date,
    "n_origins": pl.Int64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
}


@dataclass(frozen=True)
class Scored:
    """What is measured at one origin.

    Attributes:
        probability: Churn probabilities, shape (n,).
        bins: Equal-mass bins of them, from 1.
        is_top: Who is among the first tenth of the radar.
        worth: Value per horizon while at risk: what is lost where the user leaves.
    """

    probability: Floats
    bins: np.ndarray
    is_top: np.ndarray
    worth: Floats


def expected_quality(
    forecasts: pl.DataFrame,
    tonight: pl.DataFrame,
    *,
    known_on: date,
    horizon_days: int,
    n_bins: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Estimate every measure at each past origin and tonight.

    Args:
        forecasts: `churn_forecasts`: past origins, with outcomes.
        tonight: At-risk users at the newest cutoff: `origin_on`, `user_id`, `churn_probability`,
            `ltv_at_stake`, `value_before`.
        known_on: First day that the log does not hold whole: outcomes of windows that reach beyond
            are not held against anything.
        horizon_days: Churn horizon.
        n_bins: Equal-mass bins of the calibration error.
        rng: Stream of the draws.

    Returns:
        `expected_quality`, by origin and measure, tonight last; `realised` and `is_inside` are null
        where the truth is not known or a measure is not defined.
    """
    closes_on = pl.col("origin_on") + timedelta(days=horizon_days)
    with_logit = forecasts.with_columns(churn_logit=_logit(), closes_on=closes_on)
    closed = with_logit.filter(pl.col("closes_on") <= known_on).sort("origin_on", "user_id")
    past = [rows for _, rows in closed.group_by("origin_on", maintain_order=True)]
    now = tonight.with_columns(
        churn_logit=_logit(), is_churned=pl.lit(None, pl.Boolean), closes_on=closes_on
    )
    made: list[dict[str, object]] = []
    with one_thread():  # the order of sums in a threaded product is not fixed
        for rows in [*past, *([now] if now.height else [])]:
            before = closed.filter(pl.col("closes_on") <= rows["origin_on"][0])
            made += _estimates(rows.sort("user_id"), before, n_bins=n_bins, rng=rng)
    inside = pl.col("realised").is_between("low", "high")
    table = pl.DataFrame(made, schema=SCHEMA).with_columns(is_inside=inside)
    return table.sort("origin_on", "metric")


def calibration_spread(before: pl.DataFrame) -> tuple[Floats, int]:
    """Second moments (2 x 2) of the offset and slope that tonight's outcomes may ask for: what past
    origins asked for beyond chance, and the chance in what they asked for.

    Args:
        before: Closed forecasts: `origin_on`, `user_id`, `churn_logit`, `is_churned`.
    """
    moments, n_origins = origin_moments(before)
    if n_origins < MIN_ORIGINS:
        return np.diag([moments[0, 0], UNKNOWN_SLOPE_SD**2]), n_origins
    return moments + np.linalg.inv(origin_information(before)), n_origins


def _estimates(
    rows: pl.DataFrame, before: pl.DataFrame, *, n_bins: int, rng: np.random.Generator
) -> list[dict[str, object]]:
    """One origin's rows of the table, but for whether the truth is inside."""
    every_kth = -(-rows.height // MOST_USERS)
    n_users, rows = rows.height, rows.gather_every(every_kth)
    spread, n_origins = calibration_spread(before)
    drawn = _draw(rows["churn_logit"].to_numpy(), spread, rng=rng)
    scored = _scored(rows, n_bins)
    churned = rows["is_churned"].cast(pl.Float64).to_numpy()[None, :]
    is_closed = rows["is_churned"].null_count() == 0
    of_origin = {
        "origin_on": rows["origin_on"][0],
        "is_tonight": not is_closed,
        "closes_on": rows["closes_on"][0],
        "n_origins": n_origins,
        "n_rows": rows.height,
        "n_users": n_users,
    }
    return [
        {
            **of_origin,
            "metric": name,
            **_interval(measure(scored, drawn)),
            "realised": _defined(measure(scored, churned)[0]) if is_closed else None,
        }
        for name, measure in MEASURES.items()
    ]


def _interval(values: Floats) -> dict[str, float | None]:
    """Mean and 95% interval of a measure over the draws in which it is defined."""
    defined = values[~np.isnan(values)]
    if not defined.size:
        return {"expected": None, "low": None, "high": None}
    low, high = np.quantile(defined, INTERVAL)
    return {"expected": float(defined.mean()), "low": float(low), "high": float(high)}


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _draw(logit: Floats, spread: Floats, *, rng: np.random.Generator) -> Floats:
    """Outcomes of every user in each draw, shape (draws, n)."""
    values, vectors = np.linalg.eigh(spread)
    moves = (rng.standard_normal((DRAWS, 2)) * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    chances = sigmoid(logit + moves[:, :1] + moves[:, 1:] * logit)
    return (rng.random(chances.shape) < chances).astype(np.float64)


def _scored(rows: pl.DataFrame, n_bins: int) -> Scored:
    probability = rows["churn_probability"].to_numpy()
    bins = equal_mass_bins(probability, n_bins)
    is_top = _in_first_tenth(probability * rows["ltv_at_stake"].to_numpy())
    return Scored(probability, bins, is_top, rows["value_before"].to_numpy())


def _in_first_tenth(at_risk: Floats) -> Flags:
    """Mark the users with the most revenue at risk; among equals, the first."""
    ranked = np.argsort(-at_risk, kind="stable")
    is_top = np.zeros(len(at_risk), dtype=bool)
    is_top[ranked[: -(-len(at_risk) // round(1 / TOP_SHARE))]] = True
    return is_top


def _auc(scored: Scored, churned: Floats) -> Floats:
    """By ranks: as `auc`, for many sets of outcomes."""
    ranks = pl.Series(scored.probability).rank("average").to_numpy()
    n_churned = churned.sum(axis=1)
    pairs = n_churned * (len(ranks) - n_churned)
    wins = churned @ ranks - n_churned * (n_churned + 1) / 2
    return np.where(pairs > 0, wins / np.where(pairs > 0, pairs, 1.0), np.nan)


def _log_loss(scored: Scored, churned: Floats) -> Floats:
    left, stayed = (
        log_loss(scored.probability, np.full(len(scored.probability), outcome))
        for outcome in (1.0, 0.0)
    )
    return (churned @ (left - stayed) + stayed.sum()) / len(left)


def _calibration_error(scored: Scored, churned: Floats) -> Floats:
    return expected_calibration_error(scored.probability, churned, scored.bins)


def _captured(scored: Scored, churned: Floats) -> Floats:
    """Share of the worth of those who left that the first tenth of the radar holds."""
    lost, held = churned @ scored.worth, churned @ np.where(scored.is_top, scored.worth, 0.0)
    return np.where(lost > 0, held / np.where(lost > 0, lost, 1.0), np.nan)


def _logit() -> pl.Expr:
    kept = pl.col("churn_probability").clip(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return (kept / (1 - kept)).log()


MEASURES: Mapping[str, Callable[[Scored, Floats], Floats]] = {
    "auc": _auc,
    "log_loss": _log_loss,
    "ece": _calibration_error,
    "captured_share": _captured,
}
