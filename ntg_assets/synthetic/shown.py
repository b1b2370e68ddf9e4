"""A log of what was shown, with exact probabilities,
and the planted law of clicks: what any policy would really have earned.

On each active day of the last weeks a user is shown one list. Each place of it is filled by itself:
by the day's draw of the items (of the user's communities, or of all), by one of the day's most
drawn items, or by any item of the user's communities, all being equally likely. So the probability
of every item in every place is exact, and nothing of the user's communities is ever very rare.

A click is as likely as `examination of the place * appeal of the item's community to the user *
quality of the item * pace of the user`, whatever else stands on the list. Clicks change nothing
else in the world.
"""

from itertools import islice
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.catalogue import daily_weights
from ntg_assets.synthetic.click_law import ClickLaw, Indices
from ntg_assets.synthetic.lives.activity import Flags, Floats
from ntg_assets.synthetic.planted import Planted
from ntg_assets.synthetic.rules import ShownRules

DAY_US = 86_400_000_000
OWN, SECOND, ANYWHERE, SHELF, BROWSE = range(5)
DAY_SCHEMA: dict[str, Any] = {
    "user_id": pl.Int64,
    "item_id": pl.Int64,
    "position": pl.Int64,
    "shown_at": pl.Datetime("us"),
    "propensity": pl.Float64,
    "clicked": pl.Int8,
}


def shown_log(planted: Planted, law: ClickLaw) -> pl.DataFrame:
    """The log as the system that fills the places would keep it: one row per place of each list,
    by time.

    Returns:
        `list_id`, `user_id`, `item_id`, `position` (from 1), `shown_at`, `propensity`, `clicked`.
    """
    spec, lives = planted.spec, planted.lives
    first = max(spec.n_days - spec.shown.days, 0)
    starts = np.searchsorted(lives.day, np.arange(first, spec.n_days + 1))
    days = enumerate(islice(daily_weights(planted.catalogue, spec.n_days), first, None))
    parts = [
        _day(
            first + n, lives.user[starts[n] : starts[n + 1]].astype(np.int64), weights, planted, law
        )
        for n, weights in days
        if starts[n + 1] > starts[n]
    ]
    rows = pl.concat([pl.DataFrame(schema=DAY_SCHEMA), *parts]).sort(
        "shown_at", "user_id", "position"
    )
    list_id = pl.int_range(pl.len(), dtype=pl.Int64) // spec.shown.places + 1
    return rows.with_columns(list_id=list_id).select("list_id", *DAY_SCHEMA)


def _day(
    number: int, users: Indices, weights: Floats, planted: Planted, law: ClickLaw
) -> pl.DataFrame:
    """Show each of a day's users one list."""
    spec, rules = planted.spec, planted.spec.shown
    rng = random_stream(spec.seed, f"synthetic lists of day {number}")
    user, place = np.repeat(users, rules.places), np.tile(np.arange(rules.places), len(users))
    shelf = np.argsort(-weights, kind="stable")[: min(rules.shelf_items, int((weights > 0).sum()))]
    item = _draw(user, weights, shelf, planted, rng)
    propensity = fill_probability(user, item, weights, shelf, planted)
    chance = law.probability(planted, user=user, item=item, place=place)
    midnight = np.datetime64(spec.start_on, "us") + np.timedelta64(number, "D")
    time_of_day = np.repeat(rng.integers(0, DAY_US, len(users)), rules.places)
    return pl.DataFrame(
        {
            "user_id": planted.population.user_id[user],
            "item_id": planted.catalogue.item_id[item],
            "position": place + 1,
            "shown_at": midnight + time_of_day.astype("timedelta64[us]"),
            "propensity": propensity,
            "clicked": (rng.random(len(user)) < chance).astype(np.int8),
        }
    )


def _draw(
    user: Indices, weights: Floats, shelf: Indices, planted: Planted, rng: np.random.Generator
) -> Indices:
    """Choose how each place is filled, then the item."""
    population = planted.population
    borders = np.cumsum(_shares(planted.spec.shown)[:-1])
    how = np.searchsorted(borders, rng.random(len(user)), side="right")
    is_out = (weights > 0).astype(np.float64)
    n_own = _in_community(is_out, population.community[user], planted)
    is_own = rng.random(len(user)) * _browsed(user, is_out, planted) < n_own
    takes_own = (how == OWN) | ((how == BROWSE) & is_own)
    community = np.where(takes_own, population.community[user], population.second_community[user])
    luck = rng.random(len(user))
    by_weight = _pick(weights, community, luck, planted, anywhere=how == ANYWHERE)
    browsed = _pick(is_out, community, luck, planted, anywhere=np.zeros(len(user), dtype=bool))
    from_shelf = shelf[rng.integers(0, len(shelf), len(user))]
    return np.where(how == SHELF, from_shelf, np.where(how == BROWSE, browsed, by_weight))


def _pick(
    weights: Floats, community: Indices, luck: Floats, planted: Planted, *, anywhere: Flags
) -> Indices:
    """Draw items by weight, each from its community or from all."""
    bounds, cumulated = planted.catalogue.bounds, np.concatenate([[0.0], np.cumsum(weights)])
    low = np.where(anywhere, 0.0, cumulated[bounds[community]])
    high = np.where(anywhere, cumulated[-1], cumulated[bounds[community + 1]])
    drawn = np.minimum(low + luck * (high - low), np.nextafter(high, 0.0))
    return np.asarray(np.searchsorted(cumulated, drawn, side="right") - 1, dtype=np.int64)


def _in_community(values: Floats, community: NDArray[np.int32], planted: Planted) -> Floats:
    """Sum of values over the items of each community that is asked for."""
    per_community: Floats = np.add.reduceat(values, planted.catalogue.bounds[:-1])[community]
    return per_community


def _browsed(user: Indices, is_out: Floats, planted: Planted) -> Floats:
    """Items of a user's one or two communities that are out."""
    own = planted.population.community[user]
    second = planted.population.second_community[user]
    return _in_community(is_out, own, planted) + np.where(
        own == second, 0.0, _in_community(is_out, second, planted)
    )


def fill_probability(
    user: Indices, item: Indices, weights: Floats, shelf: Indices, planted: Planted
) -> Floats:
    """Probability that a place of a user's list of this day is filled with an item.

    Args:
        user: User index of each place.
        item: Item index of each place.
        weights: Draw of each item on this day, shape (items,).
        shelf: Item indices of the day's shelf.
        planted: The world.
    """
    population, community = planted.population, planted.catalogue.community[item]
    own, second, anywhere, shelved, browsing = _shares(planted.spec.shown)
    is_own = community == population.community[user]
    is_second = community == population.second_community[user]
    drawn, of_community = weights[item], _in_community(weights, community, planted)
    probability = (own * is_own + second * is_second) * drawn / of_community
    on_shelf = np.isin(item, shelf)
    probability += anywhere * drawn / weights.sum() + shelved * on_shelf / len(shelf)
    n_browsed = _browsed(user, (weights > 0).astype(np.float64), planted)
    probability += browsing * (is_own | is_second) / n_browsed
    return np.asarray(probability, dtype=np.float64)


def _shares(rules: ShownRules) -> Floats:
    """Shares of places by how they are filled, in the order of the names above."""
    named = (rules.own_share, rules.second_share, rules.shelf_share, rules.browse_share)
    return np.array([*named[:2], max(1 - sum(named), 0.0), *named[2:]])
