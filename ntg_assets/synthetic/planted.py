"""Everything that is drawn before the first event: items, users, their lives,
how full their days are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.catalogue import Catalogue, make_catalogue
from ntg_assets.synthetic.lives.activity import Floats
from ntg_assets.synthetic.lives.life import Lives, Progress, live
from ntg_assets.synthetic.lives.population import Population, make_population
from ntg_assets.synthetic.spec import WorldSpec


@dataclass(frozen=True)
class Planted:
    """A world before its events are written down.

    Attributes:
        n_events: Events of each user-day of `lives`, at least 1; they add up to the world's.
        expected_per_active_day: Per user: 1 + expected further events on an active day.
    """

    spec: WorldSpec
    catalogue: Catalogue
    population: Population
    lives: Lives
    n_events: NDArray[np.int64]
    expected_per_active_day: Floats


def plant(spec: WorldSpec, *, progress: Progress) -> Planted:
    """Draw a world. One stream of random numbers for each part of it,
    so the parts do not disturb each other.
    """
    population = make_population(spec)
    lives = live(population, spec=spec, progress=progress)
    n_events, expected = _fill_days(lives, population=population, spec=spec)
    return Planted(spec, make_catalogue(spec), population, lives, n_events, expected)


def _fill_days(
    lives: Lives, *, population: Population, spec: WorldSpec
) -> tuple[NDArray[np.int64], Floats]:
    """Share the events out: one for each active day,
    the rest in proportion to intensity x chance, exact in total.

    The rest is laid out along the cumulated shares and cut at whole numbers.
    Source: Madow 1949, systematic sampling with probability proportional to size.
    """
    rng = random_stream(spec.seed, "synthetic fullness")
    intensity = _with_bots(lives, population=population, spec=spec)
    share = intensity[lives.user] * rng.standard_exponential(len(lives.user), dtype=np.float32)
    spare = spec.n_events - len(lives.user)
    cumulated = np.cumsum(share, dtype=np.float64)
    cuts = np.floor(cumulated * (spare / cumulated[-1]) + rng.random()).astype(np.int64)
    cuts[-1] = spare
    return 1 + np.diff(cuts, prepend=0), 1 + spare * intensity / cumulated[-1]


def _with_bots(lives: Lives, *, population: Population, spec: WorldSpec) -> Floats:
    """Set the intensity of bots so that they make their share of all events."""
    if not population.is_bot.any():
        return population.intensity
    is_bot = population.is_bot[lives.user]
    people = float(population.intensity[lives.user[~is_bot]].sum())
    bot_intensity = people * spec.bot_event_share / (1 - spec.bot_event_share) / int(is_bot.sum())
    return np.where(population.is_bot, bot_intensity, population.intensity)
