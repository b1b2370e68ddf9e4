"""The items of a synthetic world: communities, categories, fads and evergreens,
what is taken up after what.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.spec import WorldSpec

OLD_RELEASE_DAYS = 1500  # back catalogue: released up to so many days before the first day
FAD_LEAD_DAYS = 60  # fads may have come out shortly before the first day
NO_ITEM = -1


@dataclass(frozen=True)
class Catalogue:
    """Items by index 0 .. n_items - 1, sorted by community; `item_id` is what the log calls them.

    Attributes:
        item_id: Id of each item, a random order of 1 .. n_items.
        community: Community of each item, ascending.
        bounds: First item of each community, and n_items as the end: community c is `[bounds[c],
        bounds[c + 1])`.
        category: First category of each item; second_category: another one or -1.
        released: Day number of the release; negative: before the first day.
        half_life: Days after which a fad draws half; infinite for evergreens.
        weight: Draw on the day of the release.
        successor: Index of the item that is taken up next, or -1; never released later than the
            item itself.
    """

    item_id: NDArray[np.int64]
    community: NDArray[np.int32]
    bounds: NDArray[np.int64]
    category: NDArray[np.int32]
    second_category: NDArray[np.int32]
    released: NDArray[np.int32]
    half_life: NDArray[np.float64]
    weight: NDArray[np.float64]
    successor: NDArray[np.int64]


def make_catalogue(spec: WorldSpec) -> Catalogue:
    """Draw the items. Each community has a classic: an evergreen that was there before the first
    day.
    """
    rng = random_stream(spec.seed, "synthetic items")
    more = rng.integers(0, spec.communities, spec.n_items - spec.communities)
    community = np.sort(np.concatenate([np.arange(spec.communities), more]))
    bounds = np.searchsorted(community, np.arange(spec.communities + 1))
    category, second_category = _categories(community, spec=spec, rng=rng)
    half_life, released = _lives(bounds[:-1], spec=spec, rng=rng)
    return Catalogue(
        item_id=rng.permutation(spec.n_items) + 1,
        community=community.astype(np.int32),
        bounds=bounds,
        category=category,
        second_category=second_category,
        released=released,
        half_life=half_life,
        weight=_weights(bounds, half_life=half_life, spec=spec, rng=rng),
        successor=_successors(bounds, released=released, rng=rng),
    )


def daily_weights(catalogue: Catalogue, n_days: int) -> Iterator[NDArray[np.float64]]:
    """Yield each day's draw of every item: zero before the release,
    halving for fads, constant for evergreens.
    """
    for day in range(n_days):
        age = day - catalogue.released
        faded: NDArray[np.float64] = catalogue.weight * np.exp2(
            -np.maximum(age, 0) / catalogue.half_life
        )
        yield np.where(age >= 0, faded, 0.0)


def _categories(
    community: NDArray[np.int64], *, spec: WorldSpec, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    anything = rng.integers(0, spec.communities, (2, spec.n_items))
    first = np.where(rng.random(spec.n_items) < spec.category_faith, community, anything[0])
    has_second = (rng.random(spec.n_items) < spec.second_category_share) & (anything[1] != first)
    return first.astype(np.int32), np.where(has_second, anything[1], NO_ITEM).astype(np.int32)


def _lives(
    classics: NDArray[np.int64], *, spec: WorldSpec, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    is_fad = rng.random(spec.n_items) < spec.fad_share
    is_new = rng.random(spec.n_items) < spec.new_evergreen_share
    is_fad[classics] = is_new[classics] = False
    old = -1 - rng.integers(0, OLD_RELEASE_DAYS, spec.n_items)
    recent = rng.integers(0, spec.n_days, spec.n_items)
    fad = rng.integers(-FAD_LEAD_DAYS, spec.n_days, spec.n_items)
    released = np.where(is_fad, fad, np.where(is_new, recent, old))
    half_life = np.where(is_fad, rng.uniform(*spec.fad_half_life_days, spec.n_items), np.inf)
    return half_life, released.astype(np.int32)


def _weights(
    bounds: NDArray[np.int64],
    *,
    half_life: NDArray[np.float64],
    spec: WorldSpec,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Zipf's law inside each community, the classic at its top."""
    order = rng.random(spec.n_items)
    order[bounds[:-1]] = -1.0
    ranked = np.lexsort((order, np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))))
    rank = np.empty(spec.n_items, dtype=np.int64)
    rank[ranked] = np.arange(spec.n_items) - np.repeat(bounds[:-1], np.diff(bounds)) + 1
    draw: NDArray[np.float64] = rank.astype(np.float64) ** -spec.popularity_exponent
    return np.where(np.isfinite(half_life), draw * spec.fad_boost, draw)


def _successors(
    bounds: NDArray[np.int64], *, released: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.int64]:
    """A random item of the same community that was released earlier,
    so that it can be had whenever the item can.
    """
    successor = np.full(len(released), NO_ITEM, dtype=np.int64)
    for start, end in pairwise(bounds):
        by_release = start + np.argsort(released[start:end], kind="stable")
        earlier = (rng.random(end - start) * np.arange(end - start)).astype(np.int64)
        successor[by_release[1:]] = by_release[earlier[1:]]
    return successor
