"""Returns: how likely a user is to take again what they have had,
from their own rhythm and from how users come back to the item.
"""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats, Longs, starts_of
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.local_days import day_numbers
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import MICROSECONDS_PER_DAY, decay

# half-lives of frequency, in return windows
WINDOWS_OF_HALF_LIFE = {"return_short": 0.5, "return_medium": 3.0, "return_long": 12.0}
# the same in days on which the user was there
VISITS_OF_HALF_LIFE = {"return_visits_few": 6.0, "return_visits_many": 25.0}
# the same in events of the user
EVENTS_OF_HALF_LIFE = {"return_events_few": 2.0, "return_events_many": 8.0}
# added to a decayed frequency before its logarithm: what is long forgotten is not minus infinity
LEAST_FREQUENCY = 0.02
# return windows by which a time of silence must be long before it says anything
STAYING_WINDOWS = 3.0


class Returns(NamedTuple):
    """Distinct (user, item) of the past, by user, then by item code.

    Attributes:
        user: Code of the user in the block.
        item: Code of the item in the model.
        parts: Rows x `RETURN_PARTS`: logarithms whose weighted sum is the logarithm of the odds of
            a return.
    """

    user: Longs
    item: Longs
    parts: Floats


def return_parts(block: Interactions, model: RankingModel) -> Returns:
    """Say of each item of each user's past what speaks for a return.

    Frequency fades with time, with the user's visits and with the user's events, each at several
    half-lives: where habit is all there is, what was taken last of all is what comes next, and time
    alone cannot say so of a user who has long been away. `return_staying` is
    the user's own cycle: a silence that is long for somebody who came often says that the item was
    given up. The rest is known of the item.

    Args:
        block: Users with all their rows; coded with the items of the model.
        model: Cutoff, return window, what is known of items.

    Source: Hu, He, Gao and Zhang 2020 (personal frequency and recency for next baskets); Fader,
        Hardie and Lee 2005 (BG/NBD, whose odds of having stayed contain the same power).
    """
    key, row = np.unique(
        block.user.astype(np.int64) * max(block.n_items, 1) + block.item, return_inverse=True
    )
    user, item = key // max(block.n_items, 1), key % max(block.n_items, 1)
    columns = [
        *_frequencies(block, model, row, len(key)),
        _staying(block, model, row, len(key)),
        *model.item_returns[item].T,
    ]
    return Returns(user, item, np.stack(columns, axis=1))


def _frequencies(block: Interactions, model: RankingModel, row: Longs, n_rows: int) -> list[Floats]:
    """Return logarithms of the decayed frequency, by time, by visits and by events."""
    window_days = model.return_window / MICROSECONDS_PER_DAY
    weights = [
        decay(block.at, now=model.now, half_life_days=windows * window_days)
        for windows in WINDOWS_OF_HALF_LIFE.values()
    ]
    weights += [
        np.exp2(-_visit(block, model.zone) / visits) for visits in VISITS_OF_HALF_LIFE.values()
    ]
    place = _place(block)
    weights += [np.exp2(-place / events) for events in EVENTS_OF_HALF_LIFE.values()]
    return [
        np.log1p(np.bincount(row, weight, minlength=n_rows) / LEAST_FREQUENCY) for weight in weights
    ]


def _visit(block: Interactions, zone: str) -> Longs:
    """Number each user's days with any event, the most recent 0."""
    day = day_numbers(block.at, zone)
    is_new = (
        np.concatenate(([True], (block.user[1:] != block.user[:-1]) | (day[1:] != day[:-1])))
        if len(day)
        else np.empty(0, np.bool_)
    )
    number = np.cumsum(is_new) - 1
    return number - number[block.start[block.user]]


def _place(block: Interactions) -> Floats:
    """Number each user's events, the most recent 0; those of one instant share their mean place."""
    if not len(block.at):
        return np.empty(0)
    place = np.arange(len(block.at)) - block.start[block.user]
    is_new = np.concatenate(
        ([True], (block.user[1:] != block.user[:-1]) | (block.at[1:] != block.at[:-1]))
    )
    instant = np.cumsum(is_new) - 1
    return (np.bincount(instant, place) / np.bincount(instant))[instant]


def _staying(block: Interactions, model: RankingModel, row: Longs, n_rows: int) -> Floats:
    """Return -n * log((silence + span) / span) in return windows,
    n being the times the user had the item; both start at its first.
    """
    first, last = np.full(n_rows, model.now), np.zeros(n_rows, np.int64)
    np.minimum.at(first, row, block.at)
    np.maximum.at(last, row, np.minimum(block.at, model.now))
    times = np.bincount(row, minlength=n_rows)
    patience = STAYING_WINDOWS * model.return_window
    return -times * np.log(
        (model.now - first + patience) / (np.maximum(last - first, 0) + patience)
    )


def rows_of_users(found: Returns, *, n_users: int) -> Longs:
    """Return where each user's rows start, with the end as last entry."""
    return starts_of(found.user, n_groups=n_users)
