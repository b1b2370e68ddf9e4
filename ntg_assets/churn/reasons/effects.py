"""What moves a user's log odds of churn, each against something stated, with its standard error.

* a group of features, against the average user of the fit: these are the contributions of
  `churn_scores`;
* silence, against the same user had the last active day been yesterday: recency, decayed activity
  and trend change together, and so they have to be judged, because no coefficient of one of them
  alone says what silence does;
* activity, against the mean of the safest tenth of those at risk.

A direction is sure when its 95% interval, by the covariance of the coefficients, does not hold
zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.learning.features import CHURN_FEATURES, GROUPS
from ntg_assets.churn.learning.logistic import contrast_error
from ntg_assets.statistics.glm import Z_95

Flags = npt.NDArray[np.bool_]

NEGLIGIBLE = 0.05  # log odds; a smaller effect moves a probability by little more than one per cent
ACTIVITY = ("recency", "frequency")


@dataclass(frozen=True)
class Effects:
    """Effects on the log odds and their standard errors; shape (rows, things compared)."""

    size: Floats
    error: Floats

    @property
    def direction(self) -> npt.NDArray[np.int64]:
        """1 where an effect surely raises the risk, -1 where it surely lowers it,
        0 where that is not sure or negligible.
        """
        sure = (np.abs(self.size) >= NEGLIGIBLE) & (np.abs(self.size) > Z_95 * self.error)
        return np.where(sure, np.sign(self.size), 0.0).astype(np.int64)


@dataclass(frozen=True)
class Linear:
    """The linear part of a churn model: how inputs are standardised,
    what each is worth, how sure that is.
    """

    mean: Floats
    scale: Floats
    coefficients: Floats
    covariance: Floats

    @classmethod
    def of(cls, table: pl.DataFrame) -> "Linear":
        """Read `churn_coefficients`, in order of position;
        the intercept is left out, since every effect is a difference.
        """
        mean, scale, coefficients = (
            table[name].to_numpy()[1:] for name in ("mean", "scale", "coefficient")
        )
        return cls(mean, scale, coefficients, np.array(table["covariance"].to_list())[1:, 1:])

    def inputs(self, snapshots: pl.DataFrame) -> Floats:
        """Standardised inputs of rows of `churn_snapshots`."""
        return standardise(
            design_matrix(snapshots, features=CHURN_FEATURES), mean=self.mean, scale=self.scale
        )

    def effect(self, contrast: Floats, groups: tuple[str, ...] = GROUPS) -> tuple[Floats, Floats]:
        """Size and standard error of what a difference of inputs makes,
        over the features of some groups; term by term.
        """
        size, chosen = (
            np.zeros(len(contrast)),
            [k for k, feature in enumerate(CHURN_FEATURES) if feature.group in groups],
        )
        for k in chosen:
            size += contrast[:, k] * self.coefficients[k]
        return size, contrast_error(contrast[:, chosen], self.covariance[np.ix_(chosen, chosen)])


def group_effects(inputs: Floats, model: Linear, together: Iterable[tuple[str, ...]]) -> Effects:
    """Compare with the average user of the fit, by each of some sets of groups."""
    return _stack([model.effect(inputs, groups) for groups in together])


def silence_effect(
    inputs: Floats, at_last_visit: Floats, model: Linear, *, is_known: Flags
) -> Effects:
    """Compare with the user had the last active day been yesterday;
    no effect where that is not known.

    Args:
        inputs: Standardised inputs of every user.
        at_last_visit: Those of the known ones on the day after their last active day.
        model: The linear part of the model.
        is_known: Which users these are.
    """
    return _placed(model.effect(inputs[is_known] - at_last_visit), is_known)


def activity_effect(inputs: Floats, model: Linear, *, is_safest: Flags, is_asked: Flags) -> Effects:
    """Compare the activity of some users with the mean of the safest; no effect without any."""
    compared = is_asked & is_safest.any()
    reference = inputs[is_safest].mean(axis=0) if is_safest.any() else np.zeros(inputs.shape[1])
    return _placed(model.effect(inputs[compared] - reference, ACTIVITY), compared)


def _placed(effect: tuple[Floats, Floats], rows: Flags) -> Effects:
    """Put the effects of some rows in their places; none elsewhere."""
    whole = np.zeros((2, len(rows), 1))
    whole[:, rows, 0] = effect
    return Effects(*whole)


def _stack(effects: list[tuple[Floats, Floats]]) -> Effects:
    size, error = (np.column_stack(parts) for parts in zip(*effects, strict=True))
    return Effects(size, error)


@dataclass(frozen=True)
class Scored:
    """Users as they are scored, row by row.

    Attributes:
        snapshots: Rows of `churn_snapshots` at the cutoff.
        at_last_visit: The same users had their last active day been yesterday; null where that is
        not known.
        probability: Churn probabilities (0-1).
        probability_at_last_visit: Those of `at_last_visit`; NaN where it is not known.
        is_peer: Rows of the at-risk population, with whom everybody is compared.
    """

    snapshots: pl.DataFrame
    at_last_visit: pl.DataFrame
    probability: Floats
    probability_at_last_visit: Floats
    is_peer: Flags
