"""Amounts of users that stand on two scales: two currencies or units in one column.

What one user pays differs from what another pays by a factor that is spread as one hill. Where the
users of a log fall into two hills with nobody between them, a factor of twenty or more apart, their
amounts are likelier of two currencies, or of euros and cents, than of two kinds of customers; added
up they mean nothing, and whoever pays in the smaller unit is worth most.

Users are split at the widest gap between two of their mean ln(amount) that leaves `LEAST_SHARE` of
them on each side. The parts are two scales where Ashman's D, the distance of the means over the
root mean square of the spreads, is above `LEAST_D` (Ashman, Bird and Zepf 1994, "Detecting
bimodality in astronomical datasets": 2 is two hills), the means are `LEAST_FACTOR` apart, and next
to nobody pays an amount between them.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats

FEWEST_USERS = 50
LEAST_SHARE = 0.02  # of the users, in the smaller part; a few large customers are no scale
LEAST_FACTOR = 20.0  # euros and yen: 150; euros and cents: 100
LEAST_D = 4.0
MOST_BETWEEN = 0.01  # of the users, in the middle third between the means
LEAST_SPREAD = 0.05  # of ln(amount): where everybody pays one price


class Scales(NamedTuple):
    """Two scales of amounts.

    Attributes:
        low: Usual amount of an active day on the lower one (geometric mean over users).
        high: On the upper one.
        n_low: Users on the lower one.
        n_high: On the upper one.
    """

    low: float
    high: float
    n_low: int
    n_high: int


def find_scales(amounts: pl.DataFrame) -> Scales | None:
    """Find two scales; None where there is one.

    Args:
        amounts: `user_id`, `value_sum` above 0, by active day.
    """
    means = amounts.group_by("user_id").agg(mean=pl.col("value_sum").log().mean())
    levels = np.sort(means["mean"].to_numpy())
    if len(levels) < FEWEST_USERS:
        return None
    place = _split(levels)
    low, high = levels[:place], levels[place:]
    distance = float(high.mean() - low.mean())
    spread = float(np.sqrt((low.var() + high.var()) / 2 + LEAST_SPREAD**2))
    third = distance / 3
    between = (levels > low.mean() + third) & (levels < high.mean() - third)
    fewest = min(len(low), len(high))
    if (
        fewest < LEAST_SHARE * len(levels)
        or distance < np.log(LEAST_FACTOR)
        or distance < LEAST_D * spread
        or between.sum() > MOST_BETWEEN * len(levels)
    ):
        return None
    return Scales(float(np.exp(low.mean())), float(np.exp(high.mean())), len(low), len(high))


def _split(levels: Floats) -> int:
    """Where the widest gap of sorted levels lies that leaves enough users on both sides."""
    fewest = max(1, int(LEAST_SHARE * len(levels)))
    gaps = np.diff(levels)[fewest - 1 : len(levels) - fewest]
    return fewest + int(np.argmax(gaps))


def describe_scales(scales: Scales | None) -> str:
    """Say what the two scales are and what to do; empty where there is one."""
    if scales is None:
        return ""
    return (
        f"amounts stand on two scales with nobody between: {scales.n_low:,} users bring about"
        f" {scales.low:,.2f} on an active day, {scales.n_high:,} about {scales.high:,.2f} (times"
        f" {scales.high / scales.low:,.0f}). Two currencies or units in one column (euros and yen,"
        " euros and cents) are added up as if they were one, so sums and ranks of value mean"
        " nothing: bring them to one in the source. Where these are two kinds of customers, it is"
        " right as it is"
    )
