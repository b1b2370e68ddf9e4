"""How much each way of foreseeing value counts, on the evidence of earlier cuts of the same log.

How much money and who brings it are two questions, judged apart: a way may know who is worth most
and tell too little of all. At each past cutoff a way is looked at over the longest span that has
closed.

*How much* is asked in `value_levels`: each way is corrected by its own ratios of seen to told, and
the sum of all is the geometric mean of the corrected sums.

*Who.* Its error is *misplaced* = sum over the deciles of its forecast of |told - seen|, over all
seen, mean over the cutoffs, spans weighed by their length, + `MISSED_COUNTS` of *missed* = what
leavers had been worth that P (V - R) by this way alone does not hold at the top, of what P times
that worth holds. Weights go as 1 / error^(4 n / (n + 2)) with n cutoffs: nearly a
choice where many say that one way is clearly better, an average where few do (averages of forecasts
that err differently err less: Bates and Granger 1969, "The combination of forecasts"). What could
not be judged counts as if it had misplaced `UNJUDGED` of the money, and held of the loss what such
ways typically hold. How far apart each way's forecasts lie is corrected too (`value_spread`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.revenue.value.value_levels import correction, level_weights, spread
from ntg_assets.revenue.value.value_spread import Spread, fit_spread
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES

MOST_MISPLACED = 2.0  # more is not told apart: one bad cutoff must not decide everything
# A share of the attainable loss that a radar missed counts as three of the money misplaced: on a
# fifth of the Complete Journey the captured share rose from .71 (0) over .83 (1) to .92 (3), the
# misplaced one from .072 to .085; more moved neither.
MISSED_COUNTS = 3.0
# What stands for the captured share where no earlier cut knew a probability: what the ways held on
# the Complete Journey, CDNOW and MovieLens at cuts that did.
TYPICALLY_CAPTURED = {"present_pace": 0.95, "learned_pace": 0.9}
ELSE_CAPTURED = 0.75
LEAST_MISPLACED = 0.03  # below this it is luck
UNJUDGED = 0.35  # misplaced share that stands for a way no earlier cut could judge
SHARPNESS, HALF_SHARP = 4.0, 2.0  # the power with many cutoffs, and how many give half of it


def value_shapes(
    evidence: pl.DataFrame, *, known_on: date, n_stated: int, available: Sequence[str] = CANDIDATES
) -> pl.DataFrame:
    """Weigh the ways for one cutoff.

    Args:
        evidence: `value_evidence`; only spans that had closed by `known_on` are looked at.
        known_on: The cutoff.
        n_stated: Periods of the stated horizon.
        available: Ways that can be taken at this cutoff.

    Returns:
        `value_shapes`, by way: its evidence in short, weight and correction at the stated horizon.
    """
    longest = longest_closed(evidence, known_on)
    errors = _errors(longest, available)
    captured = {name: _captured(longest.filter(pl.col("candidate") == name)) for name in CANDIDATES}
    weights = _weights(
        _total(errors, captured), available, n_cutoffs=longest["origin_on"].n_unique()
    )
    best = max(weights, key=lambda name: weights[name])
    levels = level_weights(longest, available)
    rows = [
        {
            "candidate": name,
            "weight": weights[name],
            "is_heaviest": name == best,
            "level_weight": levels[name],
            "misplaced_share": errors[name],
            "captured_share": captured[name],
            **_evidence_of(longest.filter(pl.col("candidate") == name), n_stated=n_stated),
        }
        for name in CANDIDATES
    ]
    return pl.DataFrame(rows, schema=SHAPES_SCHEMA)


def _evidence_of(mine: pl.DataFrame, *, n_stated: int) -> dict[str, Any]:
    """What earlier cutoffs say of one way: its correction, its spread, and what they rest on."""
    level, trend = correction(mine)
    power, floor = _spread_of(mine)
    forecast, seen = float(mine["told_value"].sum()), float(mine["seen_value"].sum())
    return {
        "told_over_seen": forecast / seen if seen > 0 else None,
        "log_level": level,
        "log_trend": trend,
        "correction": float(np.exp(level + trend * np.log2(n_stated))),
        "spread_power": power,
        "spread_floor": floor,
        "log_spread": spread(mine, level, trend),
        "n_origins": mine.height,
        "longest_days": int(mine["n_days"].max() or 0),  # type: ignore[arg-type]  # whole days
        "first_origin_on": mine["origin_on"].min(),
        "last_closed_on": mine["closes_on"].max(),
    }


SHAPES_SCHEMA = {
    "candidate": pl.String,
    "weight": pl.Float64,
    "is_heaviest": pl.Boolean,
    "level_weight": pl.Float64,
    "misplaced_share": pl.Float64,
    "captured_share": pl.Float64,
    "told_over_seen": pl.Float64,
    "log_level": pl.Float64,
    "log_trend": pl.Float64,
    "correction": pl.Float64,
    "spread_power": pl.Float64,
    "spread_floor": pl.Float64,
    "log_spread": pl.Float64,
    "n_origins": pl.Int64,
    "longest_days": pl.Int64,
    "first_origin_on": pl.Date,
    "last_closed_on": pl.Date,
}


def in_words(shapes: pl.DataFrame) -> str:
    """One sentence: which way counts most, on what evidence, and how it was corrected."""
    row = shapes.filter("is_heaviest").row(0, named=True)
    ways = ", ".join(
        f"{name} {weight:.0%}"
        for name, weight in shapes.sort("weight", descending=True)
        .filter(pl.col("weight") >= 0.01)  # noqa: PLR2004  # less is not worth a word
        .select("candidate", "weight")
        .iter_rows()
    )
    leading = shapes.sort("level_weight", descending=True).row(0, named=True)
    ways += f"; the sum leans most on {leading['candidate']} ({leading['level_weight']:.0%})"
    if row["misplaced_share"] is None:
        return f"{ways}: no earlier cut could judge {row['candidate']}"
    return (
        f"{ways}; {row['candidate']} told {row['told_over_seen']:.2f} of what {row['n_origins']}"
        f" earlier cuts then brought (up to {row['longest_days']} days), and counts times"
        f" {row['correction']:.2f}"
    )


def longest_closed(evidence: pl.DataFrame, known_on: date) -> pl.DataFrame:
    """The longest span of each cutoff that had closed by a day."""
    closed = evidence.filter(pl.col("closes_on") <= known_on)
    return closed.filter(pl.col("n_periods") == pl.col("n_periods").max().over("origin_on")).sort(
        "origin_on", "candidate"
    )


def _spread_of(mine: pl.DataFrame) -> Spread:
    shares = (
        [np.asarray(row) for row in mine[f"{kind}_shares"].to_list()] for kind in ("told", "seen")
    )
    return fit_spread(*shares)


def _errors(longest: pl.DataFrame, available: Sequence[str]) -> dict[str, float | None]:
    """Mean misplaced share of each way over the cutoffs at which all that could ever be judged
    were, where there is such a cutoff; over its own otherwise.
    """
    judged = longest.filter(pl.col("candidate").is_in(list(available)))
    common = judged.filter(pl.len().over("origin_on") == judged["candidate"].n_unique())
    rows = common if common.height else judged
    return {name: _mean_error(rows.filter(pl.col("candidate") == name)) for name in CANDIDATES}


def _mean_error(mine: pl.DataFrame) -> float | None:
    if mine.is_empty():
        return None
    errors = np.minimum(mine["misplaced_share"].to_numpy(), MOST_MISPLACED)
    return float(np.average(errors, weights=mine["n_periods"].cast(pl.Float64).to_numpy()))


def _captured(mine: pl.DataFrame) -> float | None:
    """Captured over attainable loss of all cutoffs; at most 1, None where nothing was lost."""
    captured, attainable = (
        float(mine[f"{kind}_loss"].sum()) for kind in ("captured", "attainable")
    )
    return min(captured / attainable, 1.0) if attainable > 0 else None


def _total(errors: dict[str, float | None], captured: dict[str, float | None]) -> dict[str, float]:
    """Misplaced share and share of the attainable loss that was missed, which counts alike."""
    return {
        name: (UNJUDGED if error is None else error)
        + MISSED_COUNTS * (1 - _or_typical(name, captured[name]))
        for name, error in errors.items()
    }


def _or_typical(name: str, captured: float | None) -> float:
    return TYPICALLY_CAPTURED.get(name, ELSE_CAPTURED) if captured is None else captured


def _weights(
    errors: dict[str, float], available: Sequence[str], *, n_cutoffs: int
) -> dict[str, float]:
    power = SHARPNESS * n_cutoffs / (n_cutoffs + HALF_SHARP)
    raw = {
        name: max(error, LEAST_MISPLACED) ** -power
        for name, error in errors.items()
        if name in available
    }
    total = sum(raw.values())
    return {name: raw.get(name, 0.0) / total if total > 0 else 0.0 for name in CANDIDATES}
