"""How much taste axes change when the data change a little: each axis against the one that it
became.
"""

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from ntg_assets.arrays import Floats, codes_of


def match_axes(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Match the axes of two factorisations one to one,
    so that the sum of their similarities is largest.

    Args:
        left: `taste_axes`.
        right: `taste_axes` of changed data.

    Returns:
        One row per axis of `left` with a partner: `axis`, `matched_axis`, `similarity` (cosine of
        the loadings over the items of both, 0 to 1), `has_same_name`.

    Source: Kuhn 1955 (assignment).
    """
    items = pl.concat([left["item_id"], right["item_id"]]).unique().sort()
    similarity = _directions(left, items) @ _directions(right, items).T
    axis, partner = linear_sum_assignment(-similarity)
    names = [dict(axes.select("axis", "name").unique().iter_rows()) for axes in (left, right)]
    return pl.DataFrame(
        {
            "axis": axis + 1,
            "matched_axis": partner + 1,
            "similarity": similarity[axis, partner],
            "has_same_name": [
                names[0][one + 1] == names[1][other + 1]
                for one, other in zip(axis, partner, strict=True)
            ],
        }
    )


def _directions(axes: pl.DataFrame, items: pl.Series) -> Floats:
    """Return axes x items, each row of length 1."""
    loadings = np.zeros((axes["axis"].n_unique(), len(items)))
    loadings[axes["axis"].to_numpy() - 1, codes_of(axes["item_id"], known=items)] = axes[
        "loading"
    ].to_numpy()
    return loadings / np.linalg.norm(loadings, axis=1, keepdims=True)
