"""The chance of a return: odds made of the parts, and of what every two of them say together."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.ranking.scoring.sources import RETURN_DEFAULTS, RETURN_PAIRS, RETURN_PARTS

# deviations from the middle: what is further off than most cases that taught says no more by a
# product; on the Complete Journey lists are better by 1.4% with 2, by 1.1% with 3, worse without
FURTHEST = 2.0
LARGEST_LOG_ODDS = 30.0  # beyond, a double holds 1 - p no more


class ReturnForm(NamedTuple):
    """What makes the odds of a return of its parts.

    Attributes:
        weights: The base, then the power of each part.
        middle: Value of each part in the middle of the cases that taught.
        scale: Its deviation among them.
        pairs: Weight of what two parts say together, in the order of `RETURN_PAIRS`; all 0: only
            the parts by themselves count.
    """

    weights: Floats
    middle: Floats
    scale: Floats
    pairs: Floats

    @classmethod
    def of_parts(cls, weights: Floats) -> "ReturnForm":
        """Return the form in which every part counts by itself."""
        n_parts = len(weights) - 1
        return cls(weights, np.zeros(n_parts), np.ones(n_parts), np.zeros(len(RETURN_PAIRS)))


def middle_of(part: str) -> str:
    """Name the row of `ranking_weights` that holds the middle of a part."""
    return f"{part} (middle)"


def scale_of(part: str) -> str:
    """Name the row that holds its deviation."""
    return f"{part} (deviation)"


def return_form(learned: Mapping[str, float]) -> ReturnForm:
    """Read the form out of the weights of `ranking_weights` by feature; what is not there is the
    default, by which every part counts by itself.
    """
    return ReturnForm(
        np.array([learned.get(name, weight) for name, weight in RETURN_DEFAULTS.items()]),
        np.array([learned.get(middle_of(part), 0.0) for part in RETURN_PARTS]),
        np.array([learned.get(scale_of(part), 1.0) for part in RETURN_PARTS]),
        np.array([learned.get(pair, 0.0) for pair in RETURN_PAIRS]),
    )


def places(parts: Floats, form: ReturnForm) -> Floats:
    """Return how far each part lies from its middle, in deviations, at most `FURTHEST`:
    parts x rows.
    """
    place = np.clip((parts - form.middle) / form.scale, -FURTHEST, FURTHEST)
    return np.ascontiguousarray(place.T)


def return_probability(parts: Floats, form: ReturnForm) -> Floats:
    """Return odds / (1 + odds).

    The odds are the base times the parts' powers, and what every two parts say together: the
    product of their places times its weight, in the exponent. They are multiplied in the order of
    the parts, then of the pairs, so the bits do not depend on who else is asked for.
    """
    log_odds = np.full(len(parts), np.log(form.weights[0]))
    for position, weight in enumerate(form.weights[1:]):
        log_odds += parts[:, position] * weight
    if form.pairs.any():
        place = places(parts, form)
        for (first, second), weight in zip(RETURN_PAIRS.values(), form.pairs, strict=True):
            log_odds += place[first] * place[second] * weight
    odds = np.exp(np.clip(log_odds, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS))
    return odds / (1 + odds)
