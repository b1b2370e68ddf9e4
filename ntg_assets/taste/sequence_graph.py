"""The sequence graph: what users take up next. Directed,
with the guardrails and the evidence of the taste graph.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Ints, Longs
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.taste.edges import Neighbours
from ntg_assets.taste.neighbours import CountBlock, choose_neighbours, rows_at_once
from ntg_assets.taste.taste_graph import (
    GUARDRAIL_SCHEMA,
    Graph,
    Nodes,
    edge_cuts,
    edge_table,
    guarded_nodes,
)

# divisible by every lag from 1 to 10, so weights of 1/lag are summed as whole numbers: exact in any
# order
LAG_UNIT = 2520
# transitions; scipy needs 3 s for these, and a run builds some six graphs: more than compiling once
COMPILED_FROM = 10_000_000


def build_sequence_graph(
    events: pl.DataFrame, *, settings: TasteSettings, compiled: bool | None = None
) -> Graph:
    """Build the directed graph of a log: an edge leads from an item to one that its users take up
    soon after.

    A user who takes the neighbour up `lag` steps after the item adds 1 / lag. What a user took up
    at one instant has no order: it is one step, without edges inside.

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        settings: Guardrails and shrinkage, as for the taste graph; `sequence_window` items after
        each are looked at.
        compiled: Which engine; none: by the amount of work. The bits are the same.

    Returns:
        Edges as in `taste_graph`; `cosine` is sum(1 / lag) / sqrt(users of the item * users of the
        neighbour).

    """
    return sequence_graph_of(code_interactions(events), settings=settings, compiled=compiled)


def sequence_graph_of(
    interactions: Interactions, *, settings: TasteSettings, compiled: bool | None = None
) -> Graph:
    """Build the sequence graph of a coded log; see `build_sequence_graph`."""
    nodes = guarded_nodes(interactions, settings=settings)
    step = _steps(nodes, interactions)
    if compiled is None:
        compiled = len(step) * settings.sequence_window >= COMPILED_FROM
    if compiled:
        from ntg_assets.taste.sequence_kernel import (  # noqa: PLC0415  # a small input never pays for numba
            compiled_followers,
        )

        found = compiled_followers(
            nodes.matrix,
            step,
            window=settings.sequence_window,
            unit=LAG_UNIT,
            k=settings.neighbours_per_item,
            min_shared=settings.min_shared_users,
            shrinkage=settings.shrinkage,
        )
    else:
        found = _top_followers(nodes, step, settings=settings)
    guardrails = [*nodes.removed, *edge_cuts(found, n_items=len(nodes.codes))]
    return Graph(
        edge_table(found, nodes, interactions), pl.DataFrame(guardrails, schema=GUARDRAIL_SCHEMA)
    )


def _steps(nodes: Nodes, interactions: Interactions) -> Longs:
    """Number each user's distinct instants, the most recent first."""
    user, at = interactions.user[nodes.rows], interactions.at[nodes.rows]
    is_new = (
        np.concatenate(([True], (user[1:] != user[:-1]) | (at[1:] != at[:-1])))
        if len(user)
        else np.empty(0, np.bool_)
    )
    return np.cumsum(is_new)


def _top_followers(nodes: Nodes, step: Longs, *, settings: TasteSettings) -> Neighbours:
    n_items = nodes.matrix.n_items
    earlier, later, weight = _transitions(
        nodes.matrix.start, nodes.matrix.items, step, window=settings.sequence_window
    )
    shape = (n_items, n_items)
    shared = sp.coo_array((np.ones(len(earlier), np.int64), (earlier, later)), shape=shape).tocsr()
    units = sp.coo_array((weight, (earlier, later)), shape=shape).tocsr()
    return choose_neighbours(
        _blocks(shared, units, n_items),
        support=nodes.matrix.support,
        k=settings.neighbours_per_item,
        min_shared=settings.min_shared_users,
        shrinkage=settings.shrinkage,
    )


def _transitions(
    start: Longs, items: Ints, step: Longs, *, window: int
) -> tuple[Ints, Ints, Longs]:
    """List (earlier item, later item, 1 / lag in units) for items at most `window` places apart in
    one user's history.
    """
    user = np.repeat(np.arange(len(start) - 1), np.diff(start))
    parts = []
    for places in range(1, window + 1):
        lag = step[places:] - step[:-places]
        follows = (user[places:] == user[:-places]) & (lag > 0)
        parts.append(
            (
                items[places:][follows],
                items[:-places][follows],
                LAG_UNIT // np.minimum(lag[follows], window),
            )
        )
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))  # type: ignore[return-value]


def _blocks(shared: sp.csr_array, units: sp.csr_array, n_items: int) -> Iterator[CountBlock]:
    at_once = rows_at_once(n_items)
    for first in range(0, n_items, at_once):
        rows = units[first : first + at_once].astype(np.float64)
        rows.data /= LAG_UNIT
        yield CountBlock(first, shared[first : first + at_once], rows)
