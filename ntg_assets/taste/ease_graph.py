"""The linear graph: item weights that predict a user's item from all the others,
each edge a learned weight.
"""

import numpy as np
import polars as pl
import scipy
import scipy.sparse as sp

from ntg_assets.arrays import Floats
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.interactions.top_k import Entries, top_k_rows
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.taste.edges import UserItems
from ntg_assets.taste.neighbours import COMPILED_FROM, rows_at_once
from ntg_assets.taste.taste_graph import guarded_nodes

LINEAR_SCHEMA = {"rank": pl.Int64, "weight": pl.Float64}

# the last bits of an inverse differ from process to process; what is stored must not
WEIGHT_DIGITS = 9
MIRRORED_AT_ONCE = 512  # rows; a block of both triangles stays in the cache


def build_linear_graph(events: pl.DataFrame, *, settings: TasteSettings) -> pl.DataFrame:
    """Learn the linear graph of a log.

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        settings: Guardrails of its own (`linear_...`); the `linear_max_items` best supported items
            take part (0: none, no rows).

    Returns:
        `linear_graph`: the largest positive weights that lead to each item; the largest that leave
        one would all lead to popular items (measured on purchases: NDCG@10 .053 by those, .055 by
        these, .058 by all weights). A matrix of all items is inverted, so memory grows with the
        square and time with the cube of `linear_max_items`; one thread, so that the bits do not
        depend on their number.

    Source: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data" (EASE).
    """
    return linear_graph_of(code_interactions(events), settings=settings)


def linear_graph_of(interactions: Interactions, *, settings: TasteSettings) -> pl.DataFrame:
    """Learn the linear graph of a coded log; see `build_linear_graph`."""
    guardrails = {
        "min_item_support": settings.linear_min_item_support,
        "max_items_per_user": settings.linear_max_items_per_user,
    }
    nodes = guarded_nodes(interactions, settings=settings.model_copy(update=guardrails))
    n_items = min(nodes.matrix.n_items, settings.linear_max_items)
    codes = nodes.codes[:n_items]
    ids = interactions.items.gather(codes)
    if n_items == 0:
        return linear_edges(ids, None)
    shape = (len(nodes.matrix.start) - 1, nodes.matrix.n_items)
    histories = sp.csr_array(
        (np.ones(len(nodes.matrix.items)), nodes.matrix.items, nodes.matrix.start), shape=shape
    )[:, :n_items]
    regularisation = settings.linear_regularisation * histories.nnz / n_items
    with one_thread():
        inverse = regularised_inverse(histories, regularisation)
        return linear_edges(ids, _top_weights(inverse, k=settings.linear_neighbours_per_item))


def linear_edges(ids: pl.Series, edges: Entries | None) -> pl.DataFrame:
    """Write the weights of a linear graph with ids; none: no item takes part.

    Args:
        ids: Id of each item number.
        edges: Item numbers and weights, by the item that they lead to.
    """
    if edges is None:
        return (
            pl.DataFrame({"item_id": ids, "neighbour_id": ids})
            .with_columns(rank=pl.lit(0), weight=pl.lit(0.0))
            .cast(LINEAR_SCHEMA)  # type: ignore[arg-type]
        )
    return pl.DataFrame(
        {
            "item_id": ids.gather(edges.column),
            "neighbour_id": ids.gather(edges.row),
            "rank": edges.rank + 1,
            "weight": edges.value,
        }
    )


def weights_from_gram(gram: Floats, *, settings: TasteSettings) -> Entries:
    """Learn the weights from counted pairs alone, for a log with at least as many users as items.

    Args:
        gram: Users of each pair of items, the items' own on the diagonal; it is overwritten.
        settings: Regularisation, weights per item.
    """
    regularisation = settings.linear_regularisation * int(np.trace(gram)) / len(gram)
    gram[np.diag_indices(len(gram))] += regularisation
    with one_thread():
        return _top_weights(inverse_of(gram), k=settings.linear_neighbours_per_item)


def _top_weights(inverse: Floats, *, k: int) -> Entries:
    """Make all weights of an inverse, in its place; keep the `k` largest positive ones that lead to
    each item (its row).
    """
    # symmetric but for the scale: rows are what columns are in the source
    weights = np.divide(inverse, -np.diag(inverse)[:, None], out=inverse)
    np.fill_diagonal(weights, 0.0)
    at_once = rows_at_once(weights.shape[1])
    parts = [
        (first, top_k_rows(weights[first : first + at_once], k, digits=WEIGHT_DIGITS))
        for first in range(0, len(weights), at_once)
    ]
    rows = np.concatenate([part.row + first for first, part in parts])
    return Entries(
        rows, *(np.concatenate([part[column] for _, part in parts]) for column in (1, 2, 3))
    )


def regularised_inverse(histories: sp.csr_array, regularisation: float) -> Floats:
    """Invert X'X + r I; with fewer users than items through the smaller matrix XX' + r I
    (Woodbury).
    """
    n_users, n_items = histories.shape
    if n_users >= n_items:
        gram = gram_of(histories)
        gram[np.diag_indices(n_items)] += regularisation
        return inverse_of(gram)
    dense = histories.toarray()
    small = (histories @ histories.T).toarray()
    small[np.diag_indices(n_users)] += regularisation
    factor = scipy.linalg.solve_triangular(
        np.linalg.cholesky(small), dense, lower=True, overwrite_b=True, check_finite=False
    )
    inverse = factor.T @ factor
    inverse *= -1 / regularisation
    inverse[np.diag_indices(n_items)] += 1 / regularisation
    return inverse


def gram_of(histories: sp.csr_array, *, compiled: bool | None = None) -> Floats:
    """Count the users of each pair of items.

    Args:
        histories: Users x items, binary.
        compiled: Which engine; none: by the amount of work. Both give the same bits.
    """
    matrix = UserItems(
        histories.indptr.astype(np.int64), histories.indices.astype(np.int32), histories.shape[1]
    )
    if matrix.n_updates >= COMPILED_FROM if compiled is None else compiled:
        from ntg_assets.taste.neighbours_kernel import (  # noqa: PLC0415  # a small input never pays for numba
            compiled_gram,
        )

        return compiled_gram(matrix)
    return (histories.T @ histories).toarray()


def inverse_of(gram: Floats) -> Floats:
    """Invert a positive definite matrix by Cholesky, in its own place: of all that a night holds at
    once, this matrix is the largest.
    """
    # LAPACK counts columns first; to it a symmetric matrix is its own transpose
    factor = scipy.linalg.cholesky(gram.T, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = scipy.linalg.lapack.dpotri(factor, lower=True, overwrite_c=True)
    return _mirrored(inverse.T)


def _mirrored(upper: Floats) -> Floats:
    """Copy the upper triangle of a matrix onto the lower one, in place."""
    n_items = len(upper)
    for first in range(0, n_items, MIRRORED_AT_ONCE):
        last = min(first + MIRRORED_AT_ONCE, n_items)
        upper[last:, first:last] = upper[first:last, last:].T
        square = upper[first:last, first:last]
        below = np.tril_indices(last - first, -1)
        square[below] = square.T[below]
    return upper
