"""Optional SVD embeddings of items: seeded, each dimension with a fixed sign."""

import numpy as np
import polars as pl
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from ntg_assets.taste.interactions import Floats, code_interactions
from ntg_assets.taste.settings import TasteSettings
from ntg_assets.taste.taste_graph import guarded_nodes


def embed_items(events: pl.DataFrame, *, settings: TasteSettings, seed: int) -> pl.DataFrame:
    """Embed the nodes of the taste graph by a truncated SVD of the users x items matrix, items scaled by 1 / sqrt(users).

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        settings: Guardrails and `embedding_dimensions` (0: the table is empty).
        seed: Seed of the randomised solver.

    Returns:
        `item_embeddings`: one row per (item, dimension); the largest entry of each dimension is positive.

    Source: Halko, Martinsson and Tropp 2011 (randomised SVD).
    """
    log = code_interactions(events)
    nodes = guarded_nodes(log, settings=settings)
    n_users, n_items = len(nodes.matrix.start) - 1, nodes.matrix.n_items
    n_dimensions = min(settings.embedding_dimensions, n_users, n_items)
    scaled = 1 / np.sqrt(np.maximum(nodes.matrix.support, 1))
    matrix = sp.csr_array((scaled[nodes.matrix.items], nodes.matrix.items, nodes.matrix.start), shape=(n_users, n_items))
    vectors = _factor(matrix, n_dimensions, seed) if n_dimensions else np.empty((0, n_items))
    ids = log.items.gather(nodes.codes)
    return pl.DataFrame(
        {
            "item_id": ids.gather(np.tile(np.arange(n_items), n_dimensions)),
            "dimension": np.repeat(np.arange(1, n_dimensions + 1), n_items),
            "value": vectors.ravel(),
        }
    ).sort("item_id", "dimension")


def _factor(matrix: sp.csr_array, n_dimensions: int, seed: int) -> Floats:
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415  # takes a second to import

    with threadpool_limits(1):  # one thread: the bits do not depend on their number
        _, strength, vectors = randomized_svd(matrix, n_components=n_dimensions, random_state=seed)
    largest = vectors[np.arange(n_dimensions), np.abs(vectors).argmax(axis=1)]
    return vectors * (strength * np.sign(largest))[:, None]
