"""Several ways of foreseeing value, brought to one sum and added up."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.value_spread import Spread

Part = tuple[float, Floats, Floats]


def combined(
    forecasts: Mapping[str, tuple[Floats, Floats]], shapes: pl.DataFrame, *, n_periods: int
) -> list[Part]:
    """Bring the ways that could be taken to one sum and one spread.

    Args:
        forecasts: By way: expected value of each user, and R / V, shape (n,).
        shapes: `value_shapes`. A way that could not be taken leaves its weights to the others.
        n_periods: Length of the span.

    Returns:
        Of each way with something to tell its factor, its expected values, and its R / V, as
            `blend` takes them.
    """
    rows = {row["candidate"]: row for row in shapes.to_dicts()}
    sums = {name: float(total.sum()) for name, (total, _) in forecasts.items()}
    taken = [name for name in forecasts if sums[name] > 0]
    if not taken:
        return []
    doublings = np.log2(n_periods)
    level = np.average(
        [
            np.log(sums[name]) + rows[name]["log_level"] + rows[name]["log_trend"] * doublings
            for name in taken
        ],
        weights=_weights([rows[name]["level_weight"] for name in taken]),
    )
    weights = _weights([rows[name]["weight"] for name in taken])
    return [
        (
            float(weight * np.exp(level - np.log(sums[name]))),
            Spread(rows[name]["spread_power"], rows[name]["spread_floor"]).of(forecasts[name][0]),
            forecasts[name][1],
        )
        for name, weight in zip(taken, weights, strict=True)
        if weight > 0
    ]


def _weights(raw: list[float]) -> Floats:
    """Shares of the whole; equal ones where all are 0."""
    raw_weights = np.array(raw)
    return (
        raw_weights / raw_weights.sum()
        if raw_weights.sum() > 0
        else np.full(len(raw_weights), 1 / len(raw_weights))
    )


def blend(parts: list[Part], chance: Floats) -> tuple[Floats, Floats]:
    """Add up V and R of several ways.

    Args:
        parts: Of each way its factor, its expected value, and its R / V.
        chance: P(churn), shape (n,).

    Returns:
        Expected value, and R / V, shape (n,): V and R are the weighed sums of those of the ways.
    """
    stays, leaves = np.zeros(len(chance)), np.zeros(len(chance))
    for factor, total, share in parts:
        kept = 1 - chance * (1 - share)
        if_stays = factor * np.maximum(total, 0.0) / np.where(kept > 0, kept, 1.0)
        stays += if_stays
        leaves += if_stays * share
    together = np.minimum(leaves / np.where(stays > 0, stays, 1.0), 1.0)
    return stays * (1 - chance * (1 - together)), together
