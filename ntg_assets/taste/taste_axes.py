"""Taste axes: groups of items that are had together,
each with a name made from what sets it apart.
"""

import warnings

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Floats, codes_of
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.interactions.top_k import top_k_rows
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.taste.axis_names import axis_names

# the last bits of a factorisation differ from process to process; what is stored must not
LOADING_DIGITS = 9
MAX_ITERATIONS = 500


def find_taste_axes(
    graph: pl.DataFrame,
    *,
    item_categories: pl.DataFrame,
    titles: pl.DataFrame,
    settings: TasteSettings,
) -> pl.DataFrame:
    """Find the axes of a taste graph.

    Args:
        graph: `taste_graph`.
        item_categories: `item_id`, `category`; may be empty.
        titles: `item_id`, `title`; may be empty, then ids name the items.
        settings: Number of axes and of items shown per axis.

    Returns:
        `taste_axes`: one row per (axis, item), axes by name; the strongest item of an axis loads 1.
        Names, of categories in the order of the alphabet, hardly change when a hundredth of the
        events does; the order of total loadings, which are close, would.

    Source: Kuang, Ding and Park 2012 (symmetric non-negative factors of a graph as soft
    communities); Boutsidis and Gallopoulos 2008 (NNDSVD, a start without randomness).
    """
    items = graph["item_id"].unique().sort()
    n_axes = min(settings.n_axes, max(len(items) - 1, 0))
    if n_axes == 0:
        return (
            _axis_rows(items, np.empty((0, len(items))), k=1)
            .with_columns(name=pl.lit("", pl.String))
            .select(AXIS_COLUMNS)
        )
    loadings = _factor(_normalised(graph, items), n_axes)
    rows = _axis_rows(items, loadings, k=settings.items_per_axis)
    named = rows.join(
        axis_names(rows, items, item_categories, titles),
        on="axis",
        how="left",
        maintain_order="left",
    )
    return _numbered_by_name(named).select(AXIS_COLUMNS)


AXIS_COLUMNS = ["axis", "name", "item_id", "rank", "loading"]


def score_users(events: pl.DataFrame, *, axes: pl.DataFrame) -> pl.DataFrame:
    """Place users on the axes.

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        axes: `taste_axes`.

    Returns:
        `user_taste`: one row per (user, axis). `score` is the axis's share of the user's total
        loading (0 where the user has had no item of any axis), `percentile` the share of users with
        a lower score, ties counted half.
    """
    log = code_interactions(events)
    names = axes["axis"].unique().sort()
    pairs = np.flatnonzero(log.is_latest)
    had = sp.csr_array(
        (np.ones(len(pairs)), (log.user[pairs], log.item[pairs])), shape=(log.n_users, log.n_items)
    )
    known = axes.with_columns(code=pl.Series(codes_of(axes["item_id"], known=log.items))).filter(
        pl.col("code") >= 0
    )
    loading = np.zeros((log.n_items, len(names)))
    loading[known["code"].to_numpy(), known["axis"].to_numpy() - 1] = known["loading"].to_numpy()
    total: Floats = np.asarray(had @ loading)
    score = total / np.maximum(total.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    rows = pl.DataFrame({"user_id": log.users}).join(
        pl.DataFrame({"axis": names}), how="cross", maintain_order="left_right"
    )
    place = (pl.col("score").rank("average").over("axis") - 0.5) / max(log.n_users, 1)
    return rows.with_columns(score=pl.Series(score.ravel(), dtype=pl.Float64)).with_columns(
        percentile=place
    )


def _normalised(graph: pl.DataFrame, items: pl.Series) -> sp.csr_array:
    """Make the graph symmetric and divide each edge by the root of its ends' degrees,
    so that no hub is an axis of its own.
    """
    ends = (codes_of(graph["item_id"], known=items), codes_of(graph["neighbour_id"], known=items))
    directed = sp.csr_array((graph["similarity"].to_numpy(), ends), shape=(len(items), len(items)))
    edges = directed.maximum(directed.T).tocsr()
    scale = sp.diags_array(1 / np.sqrt(np.maximum(edges.sum(axis=1), np.finfo(float).tiny)))
    return (scale @ edges @ scale).tocsr()


def _factor(edges: sp.csr_array, n_axes: int) -> Floats:
    """Return loadings (axes x items), each axis scaled to a largest loading of 1,
    by falling total.
    """
    from sklearn.decomposition import NMF  # noqa: PLC0415  # takes a second to import
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415

    # one thread: the bits do not depend on their number
    with one_thread(), warnings.catch_warnings():
        # the start is fixed, so an early stop is the same in every run
        warnings.simplefilter("ignore", ConvergenceWarning)
        loadings = (
            NMF(n_axes, init="nndsvd", random_state=0, max_iter=MAX_ITERATIONS)
            .fit(edges)
            .components_
        )
    strongest = loadings.max(axis=1, keepdims=True)
    scaled = np.round(
        (loadings / np.maximum(strongest, np.finfo(float).tiny))[strongest[:, 0] > 0],
        LOADING_DIGITS,
    )
    return scaled[np.argsort(-scaled.sum(axis=1), kind="stable")]


def _axis_rows(items: pl.Series, loadings: Floats, *, k: int) -> pl.DataFrame:
    top = top_k_rows(loadings, k)
    return pl.DataFrame(
        {
            "axis": top.row + 1,
            "item_id": items.gather(top.column),
            "rank": top.rank + 1,
            "loading": top.value,
        }
    )


def _numbered_by_name(axes: pl.DataFrame) -> pl.DataFrame:
    order = axes.select("axis", "name").unique().sort("name", "axis")
    numbers = order.with_row_index("number", offset=1).select(
        "axis", pl.col("number").cast(pl.Int64)
    )
    return axes.join(numbers, on="axis").with_columns(axis="number").sort("axis", "rank")
