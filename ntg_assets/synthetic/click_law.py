"""The planted chance of a click, by place, item and user."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.lives.activity import Floats
from ntg_assets.synthetic.planted import Planted

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class ClickLaw:
    """The planted probability of a click.

    Attributes:
        examination: By place, the first one first.
        quality: By item index.
        pace: By user index.
        appeal: Of the own community, the second one, any other.
    """

    examination: Floats
    quality: Floats
    pace: Floats
    appeal: tuple[float, float, float]

    def probability(
        self, planted: Planted, *, user: Indices, item: Indices, place: Indices
    ) -> Floats:
        """Probability of a click of each (user index, item index, place from 0)."""
        population, community = planted.population, planted.catalogue.community[item]
        is_own, is_second = (
            community == population.community[user],
            community == population.second_community[user],
        )
        appeal = np.where(
            is_own, self.appeal[0], np.where(is_second, self.appeal[1], self.appeal[2])
        )
        click: Floats = self.examination[place] * appeal * self.quality[item] * self.pace[user]
        return click


def click_law(planted: Planted) -> ClickLaw:
    """Draw the law of clicks of a world."""
    spec, rules = planted.spec, planted.spec.shown
    rng = random_stream(spec.seed, "synthetic clicks")
    return ClickLaw(
        examination=np.asarray(rules.examination ** np.arange(rules.places), dtype=np.float64),
        quality=rng.uniform(*rules.quality, spec.n_items),
        pace=rng.uniform(*rules.pace, spec.n_users),
        appeal=rules.appeal,
    )
