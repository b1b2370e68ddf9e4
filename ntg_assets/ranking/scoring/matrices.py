"""Published tables as arrays over the codes of a catalogue."""

from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Floats, codes_of
from ntg_assets.ranking.scoring.popularity import LATE_PART

RETURN_PRIOR_USERS = 5  # users of an item that weigh as much as what is known of all items
WINDOW_PRIOR_USERS = 10  # the same for what users did in one return window
TREND_PRIOR_USERS = 2
RISING_PRIOR_USERS = 10
LEAST_SHARE = 1e-6  # where nobody comes back to anything


def shrunk_share(part: pl.Series, whole: pl.Series, prior: float) -> Floats:
    """Return part / whole, pulled towards that of all items where few stand behind it."""
    overall = float(part.sum()) / max(float(whole.sum()), 1.0)
    return (part.to_numpy() + prior * overall) / (whole.to_numpy() + prior)


def return_logarithms(catalogue: pl.DataFrame) -> Floats:
    """Return items x 4: see `RankingModel.item_returns`."""
    late, window = catalogue["n_late_users"].to_numpy(), catalogue["n_window_users"].to_numpy()
    shares = [
        shrunk_share(catalogue[f"n_{part}"], catalogue[f"n_{whole}"], prior)
        for part, whole, prior in (
            ("repeat_users", "users", RETURN_PRIOR_USERS),
            ("earlier_returned", "earlier_users", WINDOW_PRIOR_USERS),
            ("previous_returned", "previous_users", WINDOW_PRIOR_USERS),
        )
    ] + [
        (LATE_PART * late + TREND_PRIOR_USERS) / (window + TREND_PRIOR_USERS),
    ]
    return np.log(np.maximum(np.stack(shares, axis=1), LEAST_SHARE))


def rising_factor(catalogue: pl.DataFrame) -> Floats:
    """Return the root of the share of each item's users who had it for the first time in the last
    return window.

    Who has an item does not say who will take it up: what everybody has had for long, or comes back
    to, has few takers left. Measured on inner labels: NDCG@10 of items new to the user 5% better
    with it among purchases, 1% among films; the share itself instead of its root, and other priors,
    were no better.
    """
    new_users = catalogue["n_window_users"] - catalogue["n_earlier_returned"]
    return np.sqrt(shrunk_share(new_users, catalogue["n_users"], RISING_PRIOR_USERS))


def embeddings_of(table: pl.DataFrame | None, items: pl.Series) -> Floats:
    """Lay `item_embeddings` out as items x dimensions."""
    if table is None or table.is_empty():
        return np.empty((0, 0))
    code, dimension = codes_of(table["item_id"], known=items), table["dimension"].to_numpy() - 1
    embeddings = np.zeros((int(code.max()) + 1, int(dimension.max()) + 1))
    embeddings[code, dimension] = table["value"].to_numpy()
    return embeddings


class Transitions(NamedTuple):
    """Items x dimensions, cut after the last item that has any: the product of one item's row of
    `taken` and another's of `next` says how likely the one makes the other.
    """

    taken: Floats
    next: Floats


def transitions_of(table: pl.DataFrame | None, items: pl.Series) -> Transitions:
    """Lay `item_transitions` out over the codes of the catalogue."""
    sides = ("taken", "next")
    if table is None:
        return Transitions(*(np.empty((0, 0)) for _ in sides))
    columns = [table.select("item_id", "dimension", value=side) for side in sides]
    return Transitions(*(embeddings_of(column, items) for column in columns))


def dimension_rows(embeddings: Floats) -> sp.csr_array:
    """Return dimensions x items with every entry,
    zeros too: all sources are then spread by the same loops.
    """
    n_items, n_dimensions = embeddings.shape
    item, start = np.tile(np.arange(n_items), n_dimensions), np.arange(n_dimensions + 1) * n_items
    return sp.csr_array(
        (embeddings.T.ravel().astype(np.float32), item, start), shape=(n_dimensions, n_items)
    )


def edges_between(table: pl.DataFrame, items: pl.Series, strength: str) -> sp.csr_array:
    """Lay a graph out as items x items, cut after the last column that an edge leads to."""
    ends = (codes_of(table["item_id"], known=items), codes_of(table["neighbour_id"], known=items))
    edges = sp.csr_array(
        (table[strength].cast(pl.Float32).to_numpy(), ends),
        shape=(len(items), int(ends[1].max(initial=-1)) + 1),
    )
    edges.sort_indices()
    return edges


def popularity_scores(popularity: pl.DataFrame, items: pl.Series, half_life: float) -> Floats:
    """Look up the popularity of each item at a half-life in days."""
    rows = popularity.filter(pl.col("half_life_days") == half_life)
    scores = np.zeros(len(items))
    scores[codes_of(rows["item_id"], known=items)] = rows["score"].to_numpy()
    return scores
