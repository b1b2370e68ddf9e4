"""What users take up next after what they took lately: a regression between items, in few
dimensions.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Ints, Longs
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.taste.ease_graph import inverse_of
from ntg_assets.taste.taste_graph import guarded_nodes

LATELY = 10.0  # items before a place after which one counts half: "lately"
AHEAD = 3.0  # items after a place in a history after which what follows counts half
LEAST_WEIGHT = 0.05  # lags at which the past counts less than this cost as much and say little
ROWS_AT_ONCE = 50_000  # times the lags: some 100 MB
ROUNDS = 5  # of the search for the dimensions
# against the strongest dimension: what is weaker explains nothing, and is made of last bits
LEAST_STRENGTH = 1e-6
# the last bits of a solution differ from process to process; what is stored must not
VALUE_DIGITS = 9
SCHEMA = {"dimension": pl.Int64, "taken": pl.Float64, "next": pl.Float64}


class Lags(NamedTuple):
    """Pairs of items of one user.

    Attributes:
        earlier: Number of the item that was taken earlier, or at the same instant.
        later: Number of the other.
        lag: Places between their instants; 0 within one.
    """

    earlier: Longs
    later: Longs
    lag: Floats


def learn_transitions(events: pl.DataFrame, *, settings: TasteSettings, seed: int) -> pl.DataFrame:
    """Learn what is taken next from a log.

    At every place in a user's history, what was taken before it, the n-th item counting
    0.5 ** (n / `LATELY`), predicts what is taken after it, which fades in the same way with a
    half-life of `AHEAD` items: a ridge regression over all places. So an item says what it adds to
    all others that were taken with it, where counted transitions (`sequence_graph`) lead to what is
    popular. Weights below 0 carry half of what it knows (measured on MovieLens per user, NDCG@10 by
    itself: .125 with them, .118 without), so it is kept whole in few dimensions rather than as its
    strongest edges.

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        settings: `transition_...`; the `transition_max_items` best supported items take part, of
            them each user's `max_items_per_user` most recent.
        seed: Where the search for the dimensions starts.

    Returns:
        `item_transitions`: one row per (item, dimension). Memory grows with the square and time
        with the cube of the items; one thread, so that the bits do not depend on their number.

    Source: Choi, Kim, Lee, Shim and Lee 2021, "Session-aware Linear Item-Item Models for
        Session-based Recommendation" (SLIT), the sums over places in closed form; Izenman 1975
        (reduced-rank regression); Steck 2019 (no item speaks for itself).
    """
    return transitions_of(code_interactions(events), settings=settings, seed=seed)


def transitions_of(log: Interactions, *, settings: TasteSettings, seed: int) -> pl.DataFrame:
    """Learn what is taken next from a coded log; see `learn_transitions`."""
    guardrails = {"min_item_support": settings.transition_min_item_support}
    nodes = guarded_nodes(log, settings=settings.model_copy(update=guardrails))
    n_items = min(nodes.matrix.n_items, settings.transition_max_items)
    n_dimensions = min(settings.transition_dimensions, n_items)
    ids = log.items.gather(nodes.codes[:n_items])
    kept = nodes.matrix.items < n_items
    rows, item = nodes.rows[kept], nodes.matrix.items[kept].astype(np.int64)
    if n_dimensions == 0 or not _has_steps(log.user[rows], log.at[rows]):
        return _table(ids.clear(), np.empty((0, 0)), np.empty((0, 0)))
    with one_thread():
        pairs = lags_of(log.user[rows], item, log.at[rows], most=furthest(LATELY))
        gram, follows = _summed(pairs, np.bincount(item, minlength=n_items), LATELY)
        regularisation = settings.transition_regularisation
        return _table(ids, *_reduced(gram, follows, regularisation, n_dimensions, seed=seed))


def _has_steps(user: Ints, at: Longs) -> bool:
    """Whether some user was there at two instants."""
    return bool(((user[1:] == user[:-1]) & (at[1:] != at[:-1])).any())


def _table(ids: pl.Series, taken: Floats, follow: Floats) -> pl.DataFrame:
    n_items, n_dimensions = taken.shape
    columns = {
        "item_id": ids.gather(np.repeat(np.arange(n_items), n_dimensions)),
        "dimension": np.tile(np.arange(1, n_dimensions + 1), n_items),
        "taken": np.round(taken.ravel(), VALUE_DIGITS),
        "next": np.round(follow.ravel(), VALUE_DIGITS),
    }
    return pl.DataFrame(columns).cast(SCHEMA).sort("item_id", "dimension")  # type: ignore[arg-type]


def furthest(half_life: float) -> int:
    """Return the largest distance of two items that is looked at."""
    return int(np.ceil(-half_life * np.log2(LEAST_WEIGHT)))


def lags_of(user: Ints, item: Longs, at: Longs, *, most: int) -> Iterator[Lags]:
    """Yield the pairs of items that lie at most so many rows apart in one user's history.

    Args:
        user: User of each row, ascending.
        item: Number of its item.
        at: Its instant, each user's latest first. Rows of one instant share their mean place.
        most: Largest distance.
    """
    is_new = np.ones(len(user), np.bool_)
    is_new[1:] = (user[1:] != user[:-1]) | (at[1:] != at[:-1])
    first, instant = np.flatnonzero(is_new), np.cumsum(is_new) - 1
    place = ((first + np.append(first[1:], len(user)) - 1) / 2)[instant]
    for begin in range(0, len(user), ROWS_AT_ONCE):
        rows, parts = np.arange(begin, min(begin + ROWS_AT_ONCE, len(user))), []
        for distance in range(1, most + 1):
            rows = rows[rows < len(user) - distance]
            rows = rows[user[rows + distance] == user[rows]]
            earlier = rows + distance
            parts.append((item[earlier], item[rows], place[earlier] - place[rows]))
        yield Lags(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _summed(blocks: Iterator[Lags], n_users: Longs, half_life: float) -> tuple[Floats, Floats]:
    """Sum past x past and past x future over all places: items x items each.

    With g and d as what is left of the past and of the future after one item, two items of a past
    that lie L apart meet at every later place: g ** L (1 + g ** 2 + g ** 4 + ...). One before and
    one after a place, L apart, meet at the L places between: the sum of g ** k d ** (L - 1 - k).
    Both are given times 1 - g ** 2.

    Args:
        blocks: Pairs of items.
        n_users: Users of each item: it meets itself in the past of each of them.
        half_life: Of the past, items.
    """
    n_items = len(n_users)
    gram, follows = np.zeros(n_items**2), np.zeros(n_items**2)
    for earlier, later, lag in blocks:
        pair = earlier * n_items + later
        past = np.exp2(-lag / half_life)
        gram += np.bincount(pair, past, n_items**2)
        follows += np.bincount(pair, _between(lag, past, half_life), n_items**2)
    shape = (n_items, n_items)
    both_ways = gram.reshape(shape) + gram.reshape(shape).T
    both_ways[np.diag_indices(n_items)] += n_users
    return both_ways, follows.reshape(shape) * (1 - np.exp2(-2 / half_life))


def _between(lag: Floats, past: Floats, half_life: float) -> Floats:
    """Sum what is left of two items over the places between them; 0 within one instant."""
    behind, ahead = np.exp2(-1 / half_life), np.exp2(-1 / AHEAD)
    if half_life == AHEAD:
        return lag * past / behind
    return (past - np.exp2(-lag / AHEAD)) / (behind - ahead)


def _reduced(
    gram: Floats, follows: Floats, regularisation: float, n_dimensions: int, *, seed: int
) -> tuple[Floats, Floats]:
    """Solve (gram + r I) weights = follows in few dimensions: weights = taken @ next'.

    No item speaks for itself: nobody takes up next what was there already, and dimensions would be
    spent on saying so. With the inverse P that constraint takes a number from each item's own place
    in follows. The best few dimensions are then the strongest directions of follows' P follows,
    found by subspace iteration: it only multiplies, so what it finds moves as little as what it is
    given.

    Args:
        gram: Items x items; it is overwritten.
        follows: Items x items; it is overwritten.
        regularisation: r, in the mean weight of an item.
        n_dimensions: How many, at most.
        seed: Where the search starts.
    """
    own = np.diag_indices(len(gram))
    gram[own] += regularisation * np.trace(gram) / len(gram)
    inverse = inverse_of(gram)
    follows[own] -= np.einsum("ij,ij->j", inverse, follows) / inverse[own]
    directions = random_stream(seed, "item_transitions").normal(size=(len(gram), n_dimensions))
    for _ in range(ROUNDS):
        directions, _ = np.linalg.qr(directions)
        directions = follows.T @ (inverse @ (follows @ directions))
    directions, strength = np.linalg.qr(directions)
    strength = np.abs(np.diag(strength))
    directions = directions[:, strength > LEAST_STRENGTH * strength.max()]
    largest = np.abs(directions).argmax(axis=0)
    directions *= np.sign(directions[largest, np.arange(directions.shape[1])])
    return inverse @ (follows @ directions), directions
