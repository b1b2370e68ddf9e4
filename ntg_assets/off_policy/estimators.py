"""What a policy would have earned per slot, from the log of another one: IPS,
SNIPS, doubly robust, with intervals clustered by user.

Each slot i (a place of a list shown to a user) has a reward r, a logged propensity p and, under the
evaluated policy, a weight w = (its probability of the item shown) / p. With every item that the
policy would show possible in the log, E[w] = 1 in a slot that the policy fills, and E[w r] is what
the policy earns there. `f` is the share of slots that it fills; an empty place earns nothing.

- IPS: mean of w r. Unbiased. Source: Horvitz and Thompson 1952.
- SNIPS: f * sum(w r) / sum(w). Slightly biased, less noisy; a constant added to all rewards adds
  just that constant. Source: Swaminathan and Joachims 2015, self-normalized estimator.
- DR: mean of q(policy's item) + w (r - q(item shown)), with a reward model q from other exposures.
  Unbiased whatever q is. Source: Dudik, Langford and Li 2011, doubly robust.
- On-policy: mean of r, what the logged policy itself earned.

Intervals are of means over users drawn from all users (linearised, clustered by user): a user's
slots are not independent of each other.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ntg_assets.arrays import Floats
from ntg_assets.off_policy.slots import Match

LEVEL = 0.95
CHECK_LEVEL = 0.99  # the check of the mean weight cries wolf once in a hundred times, per strategy


@dataclass(frozen=True)
class Estimate:
    """A value per slot, and how much each user moves it.

    Attributes:
        value: Mean reward per slot.
        influence: Per user; sums to 0. The squares add up to the variance.
    """

    value: float
    influence: Floats

    def minus(self, other: "Estimate") -> "Estimate":
        """Difference of two values over the same users."""
        return Estimate(self.value - other.value, self.influence - other.influence)

    def interval(self, level: float = LEVEL) -> "Range":
        """Interval of the value, users being drawn from many; unknown with one user.

        Student's t with as many degrees of freedom as there are users who matter (Satterthwaite: a
        variance that rests on a few users is itself uncertain). Source: Kish 1965 (linearisation of
        ratios over clusters); Satterthwaite 1946.
        """
        n, squares = len(self.influence), self.influence**2
        total = float(squares.sum())
        if n < 2:  # noqa: PLR2004  # a variance needs two
            return Range(self.value, None, None)
        if total == 0:
            return Range(self.value, self.value, self.value)
        freedom = max(min(total**2 / float((squares**2).sum()), n) - 1, 1.0)
        margin = float(stdtrit(freedom, (1 + level) / 2)) * np.sqrt(total * n / (n - 1))
        return Range(self.value, self.value - margin, self.value + margin)


class Range(NamedTuple):
    """A value and the ends of its interval; None: unknown."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Logged:
    """The slots of the log.

    Attributes:
        user: Code 0 .. n_users - 1 of each slot's user; every code occurs.
        reward: Of each slot.
        forecast: What a reward model says of the item shown; None: there is no model.
    """

    user: NDArray[np.int64]
    reward: Floats
    forecast: Floats | None = None

    @property
    def n_slots(self) -> int:
        return len(self.reward)

    def per_user(self, values: Floats) -> Floats:
        """Sum values of slots by user, in the order of the slots."""
        return np.bincount(self.user, values).astype(np.float64)

    def mean(self, values: Floats) -> Estimate:
        """Mean of values of slots."""
        value = float(self.per_user(values).sum()) / self.n_slots
        return Estimate(
            value, (self.per_user(values) - value * np.bincount(self.user)) / self.n_slots
        )


def on_policy(log: Logged) -> Estimate:
    """Mean reward of the logged policy."""
    return log.mean(log.reward)


def inverse_propensity(log: Logged, match: Match) -> Estimate:
    """IPS of one policy."""
    return log.mean(match.weight * log.reward)


def self_normalised(log: Logged, match: Match) -> Estimate | None:
    """SNIPS of one policy; None where the log never showed what it would show."""
    weights, earned, filled = (
        log.per_user(match.weight),
        log.per_user(match.weight * log.reward),
        log.mean(match.filled),
    )
    if weights.sum() == 0:
        return None
    ratio = float(earned.sum()) / float(weights.sum())
    influence = ratio * filled.influence + filled.value * (earned - ratio * weights) / float(
        weights.sum()
    )
    return Estimate(filled.value * ratio, influence)


def doubly_robust(log: Logged, match: Match) -> Estimate | None:
    """DR of one policy; None without a reward model."""
    if log.forecast is None or match.forecast is None:
        return None
    return log.mean(match.forecast + match.weight * (log.reward - log.forecast))


def mean_weight(log: Logged, match: Match) -> Range:
    """Mean weight, with the interval in which the share of filled slots must lie when propensities
    are right and support is whole.

    Weights are a control variate with a known mean: in each filled slot they are 1 on average,
    whatever the rewards. Source: Li, Chen, Kleban and Gupta 2015 ("arithmetic and harmonic mean
    tests" of logged propensities).
    """
    value = float(log.per_user(match.weight).sum()) / log.n_slots
    away = log.mean(match.weight - match.filled).interval(CHECK_LEVEL)
    if away.low is None or away.high is None:
        return Range(value, None, None)
    return Range(value, value + (away.low - away.value), value + (away.high - away.value))


def effective_size(weights: Floats) -> float:
    """How many equally weighted ones say as much. Source: Kish 1965."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
