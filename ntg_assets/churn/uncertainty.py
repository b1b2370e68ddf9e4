"""How far a churn probability may be from the truth beyond the sampling error of the coefficients,
learned from outcomes.

Two parts, both as a variance of the log odds:

* *between origins*: at each origin of the walk forward the outcomes ask for an offset and a slope
  on the log odds told. Their second moments over the origins, less what sampling alone would give,
  say how far a season or a drift may move tonight's probabilities.
* *lack of fit*: boosted trees are fitted to the residuals of one half of the users and held against
  those of the other. What they foresee there is a part of the truth that the linear model misses.
  No log shows the part that no model finds; on planted worlds of three hazard shapes intervals held
  the planted probability 92 to 99 times in 100 when what is found counts twice.

Source: DerSimonian and Laird 1986, "Meta-analysis in clinical trials" (second moments less sampling
variance).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl
from scipy.special import stdtrit

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.learning.design import design_matrix, for_trees, rounded
from ntg_assets.churn.learning.features import CHURN_FEATURES, FEATURES
from ntg_assets.churn.learning.logistic import BASE_RATE, user_codes
from ntg_assets.churn.scores import linear_logit
from ntg_assets.statistics.glm import Z_95, sigmoid
from ntg_assets.statistics.one_thread import one_thread

MIN_ORIGINS = 3  # moments of fewer origins are none
# of the log odds, where fewer origins say how far a season or a drift may move them: a first model
# on a fading log told .83 where .63 was seen, an offset of 1.0
UNKNOWN_OFFSET_SD = 0.5
MIN_KNOT_ROWS = 200  # labelled rows behind each value of the lack of fit
MAX_KNOTS = 10
MAX_FIT_ROWS = 500_000  # trees on residuals find little more beyond
UNSEEN = 2.0
# told or asked for: nearer to 0 or 1 a residual says nothing about log odds
SMALLEST_PROBABILITY = 1e-3
MIN_TREE_ROWS = 100  # trees of fewer rows have no split
TREES = (10, 20, 40, 80)  # few rows bear few trees; the number that foresees most is taken
RESIDUAL_TREES = {
    "learning_rate": 0.1,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
}
SCHEMA = {
    "knot": pl.Int64,
    "churn_logit": pl.Float64,
    "between_origins": pl.Float64,
    "lack_of_fit": pl.Float64,
    "n_rows": pl.Int64,
    "n_origins": pl.Int64,
}


def churn_uncertainty(
    forecasts: pl.DataFrame, labelled: pl.DataFrame, coefficients: pl.DataFrame
) -> pl.DataFrame:
    """Learn the model error of churn scores.

    Args:
        forecasts: `churn_walk_forward`, as recalibrated; only origins whose window has closed.
        labelled: Labelled snapshots that `coefficients` were fitted on.
        coefficients: `churn_coefficients`.

    Returns:
        `churn_uncertainty`: standard deviations of the log odds at knots; no rows for a model that
            is the base rate alone.
    """
    if coefficients["method"][0] == BASE_RATE:
        return pl.DataFrame(schema=SCHEMA)
    rows = _sampled(labelled.sort("user_id", "snapshot_on"))
    logit = linear_logit(design_matrix(rows, features=CHURN_FEATURES), coefficients)
    bins = _bins(logit)
    sizes = np.bincount(bins)
    knots = np.bincount(bins, logit) / sizes
    with one_thread():  # the order of sums in a threaded product is not fixed
        moments, n_origins = origin_moments(forecasts)
        missed = foreseen_variance(rows, logit, bins)
    return pl.DataFrame(
        {
            "knot": np.arange(1, len(knots) + 1),
            "churn_logit": knots,
            "between_origins": np.sqrt(_at(knots, moments)),
            "lack_of_fit": np.sqrt(UNSEEN * missed),
            "n_rows": sizes,
            "n_origins": n_origins,
        },
        schema=SCHEMA,
    )


def origin_moments(forecasts: pl.DataFrame) -> tuple[Floats, int]:
    """Second moments (2 x 2) of the offset and slope that the outcomes of an origin ask for,
    less their sampling variance.

    Each origin's pair is one Newton step from "as told", its sampling variance the inverse
    information, its weight the information. The moments are scaled so that 1.96 standard deviations
    are the 97.5% point of Student's t on as many origins. Below three an offset of
    `UNKNOWN_OFFSET_SD`, or more where the origins there are asked for more.
    """
    found, weights = [], []
    for score, information in _origin_scores(forecasts):
        inverse = np.linalg.inv(information)
        asked = inverse @ score
        found.append(np.outer(asked, asked) - inverse)
        weights.append(information[0, 0])
    if len(found) < MIN_ORIGINS:
        largest = max((moments[0, 0] for moments in found), default=0.0)
        return np.diag([max(largest, UNKNOWN_OFFSET_SD**2), 0.0]), len(found)
    values, vectors = np.linalg.eigh(np.average(found, axis=0, weights=weights))
    stretched = (stdtrit(len(found) - 1, 0.975) / Z_95) ** 2
    return stretched * (vectors * np.maximum(values, 0.0)) @ vectors.T, len(found)


def origin_information(forecasts: pl.DataFrame) -> Floats:
    """Information (2 x 2) that the outcomes of all origins hold on a common offset and slope."""
    return np.sum([information for _, information in _origin_scores(forecasts)], axis=0)


def _origin_scores(forecasts: pl.DataFrame) -> Iterator[tuple[Floats, Floats]]:
    """Score vector and information of offset and slope at "as told", origin by origin; none of an
    origin whose forecasts do not differ.
    """
    for _, rows in forecasts.sort("origin_on", "user_id").group_by(
        "origin_on", maintain_order=True
    ):
        logit = rows["churn_logit"].to_numpy()
        expected = sigmoid(logit)
        design = np.column_stack([np.ones(len(logit)), logit])
        information = (design.T * (expected * (1 - expected))) @ design
        if np.linalg.cond(information) <= 1 / np.finfo(np.float64).eps:
            yield (
                design.T @ (rows["is_churned"].cast(pl.Float64).to_numpy() - expected),
                information,
            )


def foreseen_variance(rows: pl.DataFrame, logit: Floats, bins: np.ndarray) -> Floats:
    """Variance of the log odds, by bin, that trees fitted to the residuals of half of the users
    foresee in the other half's.

    With z the Pearson residual and g what the trees say of z, the outcomes of a bin bear out the
    share s = sum z g / sum g^2 of g, or none. So the trees ask for the probability p + s g sqrt(p
    (1 - p)), and the distance of its log odds from those told is squared.
    """
    expected = np.clip(sigmoid(logit), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    spread = np.sqrt(expected * (1 - expected))
    residual = rounded((rows["is_churned"].cast(pl.Float64).to_numpy() - expected) / spread)
    stages = _out_of_fold(
        np.column_stack([design_matrix(rows, features=FEATURES), logit]),
        residual,
        user_codes(rows) % 2,
    )
    told = max(stages, key=lambda said: _explained(residual, said))
    agreed, said = (
        _smoothed(np.bincount(bins, parts).astype(np.float64))
        for parts in (residual * told, told**2)
    )
    borne_out = np.maximum(agreed, 0.0) / np.where(said > 0, said, 1.0)
    asked = np.clip(
        expected + borne_out[bins] * told * spread, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY
    )
    distance = np.log(asked / (1 - asked)) - np.log(expected / (1 - expected))
    return _smoothed(np.bincount(bins, distance**2).astype(np.float64)) / _smoothed(
        np.bincount(bins).astype(np.float64)
    )


def _bins(logit: Floats) -> Longs:
    """Number of the bin of each row: bins of as many rows each, by log odds."""
    rank = np.argsort(np.argsort(logit, kind="stable"), kind="stable")
    return rank * _n_knots(len(logit)) // len(logit)


def _explained(residual: Floats, said: Floats) -> float:
    """Sum of squares of residuals that the best positive multiple of what is said takes away."""
    agreed, tiny = max(float(residual @ said), 0.0), np.finfo(np.float64).tiny
    return float(agreed**2 / max(float(said @ said), tiny))


def _smoothed(sums: Floats) -> Floats:
    """Let neighbouring bins share what they know: weights 1, 2, 1."""
    padded = np.pad(sums, 1, mode="edge")
    return padded[:-2] + 2 * padded[1:-1] + padded[2:]


def _out_of_fold(matrix: Floats, target: Floats, half: np.ndarray) -> Floats:
    """What trees of one half say of the other, after each number of trees of `TREES`;
    shape (stages, rows).
    """
    from sklearn.ensemble import (  # noqa: PLC0415  # takes seconds to import
        HistGradientBoostingRegressor,
    )

    told = np.zeros((len(TREES), len(target)))
    for part in (0, 1):
        fitted, judged = half != part, half == part
        if min(fitted.sum(), judged.sum()) >= MIN_TREE_ROWS:
            trees = HistGradientBoostingRegressor(
                **RESIDUAL_TREES, max_iter=TREES[-1], early_stopping=False, random_state=0
            )
            staged = enumerate(
                trees.fit(for_trees(matrix[fitted]), target[fitted]).staged_predict(
                    rounded(matrix[judged])
                ),
                start=1,
            )
            told[:, judged] = [said for n_trees, said in staged if n_trees in TREES]
    return told


def _at(logit: Floats, moments: Floats) -> Floats:
    return np.maximum(moments[0, 0] + 2 * moments[0, 1] * logit + moments[1, 1] * logit**2, 0.0)


def _sampled(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep whole users, every k-th, so that about `MAX_FIT_ROWS` rows are left."""
    step = -(-rows.height // MAX_FIT_ROWS)
    return rows if step <= 1 else rows.filter(pl.Series(user_codes(rows) % step == 0))


def _n_knots(n_rows: int) -> int:
    return max(1, min(MAX_KNOTS, n_rows // MIN_KNOT_ROWS))
