"""Gradient boosting as a challenger in earnest: its size is tuned,
on windows that had closed before the origin it is judged at.

The newest snapshots of what was known make up the part to tune on; the trees of each candidate are
fitted on the windows that had closed before the first of them and grow until the loss there has not
fallen for some rounds. The candidate with the smallest loss is then fitted on all that was known.
Tuning costs more than fitting, so an origin takes over what an earlier one found until the rows
known have grown by half: still nothing but the past.

Source: Friedman 2001, "Greedy function approximation: a gradient boosting machine" (shrinkage,
early stopping on held-out loss).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, for_trees, rounded
from ntg_assets.churn.learning.logistic import user_codes
from ntg_assets.churn.walk_forward import MIN_FIT_ROWS
from ntg_assets.statistics.one_thread import one_thread

Flags = npt.NDArray[np.bool_]

MAX_BOOSTED_ROWS = 200_000  # trees gain little beyond, and take minutes
MAX_TUNED_ROWS = 50_000  # which of the candidates is best shows on fewer
TUNED_SHARE = 0.2  # of the rows known, the newest, are tuned on
GROWTH = 1.5  # of the rows known, after which it is tuned again
PATIENCE = 5  # rounds without a smaller loss, after which a candidate stops growing
GROWING: Mapping[str, Any] = {
    "early_stopping": True,
    "scoring": "loss",
    "n_iter_no_change": PATIENCE,
}
SEEDS = 2**32  # scikit-learn takes no larger one


@dataclass(frozen=True)
class Boosting:
    """Size of a boosted model.

    Attributes:
        learning_rate: Shrinkage of each tree.
        max_leaf_nodes: Leaves of each tree.
        min_samples_leaf: Fewest rows of a leaf.
        max_iter: Trees.
        n_known: Rows that were known when it was tuned; 0: never.
    """

    learning_rate: float = 0.1
    max_leaf_nodes: int = 4
    min_samples_leaf: int = 40
    max_iter: int = 40
    n_known: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """What scikit-learn is given."""
        grown = {
            "learning_rate": self.learning_rate,
            "max_iter": self.max_iter,
            "l2_regularization": 1.0,
        }
        return grown | {
            "max_leaf_nodes": self.max_leaf_nodes,
            "min_samples_leaf": self.min_samples_leaf,
        }


# small trees and few, for an origin before which too little had closed to tune on
UNTUNED = Boosting()
CANDIDATES = (
    Boosting(0.1, 3, 40, 200),
    Boosting(0.05, 6, 40, 300),
    Boosting(0.05, 15, 40, 300),
)


def is_due(before: Boosting, training: pl.DataFrame) -> bool:
    """Whether so many more rows are known that the size should be tuned again."""
    return training.height >= GROWTH * before.n_known


def tune(
    model: Callable[..., Any], training: pl.DataFrame, target: Floats, *, seed: int, **fixed: Any
) -> Boosting:
    """Choose the size of a boosted model on the newest of what was known.

    Args:
        model: Class of scikit-learn.
        training: Labelled snapshots whose window had closed.
        target: What is forecast, row by row of `training`.
        seed: Of the trees.
        fixed: Further parameters of the model.

    Returns:
        The candidate with the smallest loss on the newest snapshots, ties to the first; `UNTUNED`
        where too little had closed before them.
    """
    sampled = of_every_kth_user(training, most_rows=MAX_TUNED_ROWS)
    rows, values = training.filter(pl.Series(sampled)), target[sampled]
    is_past, is_newest = _past_and_newest(rows)
    if is_past.sum() < MIN_FIT_ROWS or np.ptp(values[is_past]) == 0:
        return UNTUNED
    matrix, values = design_matrix(rows), rounded(values)
    past = (for_trees(matrix[is_past]), values[is_past])
    newest = (rounded(matrix[is_newest]), values[is_newest])
    best, size = np.inf, UNTUNED
    for candidate in CANDIDATES:
        growing = {**GROWING, "random_state": seed % SEEDS}
        losses = _losses(model(**candidate.parameters, **fixed, **growing), past, newest)
        if losses.min() < best:
            best, n_trees = float(losses.min()), int(losses.argmin()) + 1
            size = replace(candidate, max_iter=n_trees, n_known=training.height)
    return size


def _losses(
    trees: Any,  # noqa: ANN401  # a boosted model of scikit-learn
    past: tuple[Floats, Floats],
    newest: tuple[Floats, Floats],
) -> Floats:
    """Grow trees on the past; return the loss on the newest after each of them."""
    # the order of sums over threads is not fixed
    with one_thread(), np.errstate(over="ignore"):
        trees.fit(*past, X_val=newest[0], y_val=newest[1])
    # the first is that of no tree
    return rounded(-np.asarray(trees.validation_score_)[1:])


def of_every_kth_user(rows: pl.DataFrame, *, most_rows: int) -> Flags:
    """Mark whole users, every k-th by id, so that about `most_rows` rows are marked."""
    step = -(-rows.height // most_rows)
    return np.ones(rows.height, dtype=bool) if step <= 1 else user_codes(rows) % step == 0


def _past_and_newest(rows: pl.DataFrame) -> tuple[Flags, Flags]:
    """Mark the newest snapshots, `TUNED_SHARE` of the rows or more,
    and the rows whose window had closed before the first of them.
    """
    sizes = rows.group_by("snapshot_on").len().sort("snapshot_on", descending=True)
    reached = sizes.filter(pl.col("len").cum_sum() >= TUNED_SHARE * rows.height)
    first_on = reached["snapshot_on"][0]
    return (rows["window_end_on"] <= first_on).to_numpy(), (
        rows["snapshot_on"] >= first_on
    ).to_numpy()
