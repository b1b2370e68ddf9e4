"""Money: the posterior of a normal effect, the chance that it clears a hurdle,
what is lost by being wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, pi, sqrt
from typing import NamedTuple

import numpy as np
import scipy

from ntg_assets.arrays import Floats
from ntg_assets.statistics.heterogeneity import variance_between, weighted_mean

FEWEST_PAST = 3  # a spread of effects cannot be told from fewer


@dataclass(frozen=True)
class Belief:
    """A normal distribution over an effect."""

    mean: float
    variance: float

    def probability_above(self, hurdle: float) -> float:
        """Return the probability that the effect exceeds the hurdle."""
        return float(scipy.special.ndtr((self.mean - hurdle) / sqrt(self.variance)))

    def expected_loss(self, *, hurdle: float = 0.0) -> float:
        """Return what is lost on average by acting,
        counting only the cases in which the effect is below the hurdle.
        """
        sd = sqrt(self.variance)
        distance = (hurdle - self.mean) / sd
        return float(
            sd * exp(-(distance**2) / 2) / sqrt(2 * pi)
            + (hurdle - self.mean) * scipy.special.ndtr(distance)
        )

    def expected_gain(self, *, hurdle: float = 0.0) -> float:
        """Return what is gained on average by acting,
        counting only the cases in which the effect is above the hurdle.
        """
        return self.expected_loss(hurdle=hurdle) + self.mean - hurdle

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the central interval."""
        half_width = float(scipy.special.ndtri((1 + confidence) / 2)) * sqrt(self.variance)
        return self.mean - half_width, self.mean + half_width


class PastEffect(NamedTuple):
    """What an earlier experiment found: its relative effect on its primary metric,
    and the standard error of that.
    """

    effect: float
    standard_error: float


def learn_prior(past: Sequence[PastEffect]) -> Belief | None:
    """Learn from past experiments how large relative effects usually are.

    Returns:
        Their mean and true spread (what is left of the observed spread when the errors are taken
        out); None with fewer than three of them, or when the errors explain all of the spread: then
        the past says nothing that could be trusted.

    Source: DerSimonian and Laird 1986 (moments estimate of the spread between studies).
    """
    if len(past) < FEWEST_PAST:
        return None
    effects, errors = zip(*past, strict=True)
    variance = variance_between(effects, errors)
    if variance <= 0:
        return None
    return Belief(weighted_mean(effects, [1 / (error**2 + variance) for error in errors]), variance)


def update(estimate: float, squared_error: float, *, prior: Belief | None = None) -> Belief:
    """Combine an estimate with what was believed before (precision-weighted);
    without a prior the estimate stands alone.

    Shrinking toward the effects of past experiments takes out the winner's curse: the largest of
    several estimates is too large. Source: Gelman and others 2013, "Bayesian Data Analysis",
    section 2.5.
    """
    if prior is None:
        return Belief(estimate, squared_error)
    precision = 1 / squared_error + 1 / prior.variance
    mean = (estimate / squared_error + prior.mean / prior.variance) / precision
    return Belief(mean, 1 / precision)


@dataclass(frozen=True)
class ShareBelief:
    """A beta distribution over a share."""

    hits: float
    misses: float

    @property
    def mean(self) -> float:
        return self.hits / (self.hits + self.misses)

    @property
    def variance(self) -> float:
        total = self.hits + self.misses
        return self.hits * self.misses / (total**2 * (total + 1))

    @property
    def ends(self) -> tuple[float, float]:
        """Shares beyond which the belief has no mass that an integral would see."""
        reach = BETA_REACH * sqrt(self.variance)
        return max(0.0, self.mean - reach), min(1.0, self.mean + reach)

    def density(self, shares: Floats) -> Floats:
        """Return the density at shares between 0 and 1; the same shape."""
        log_density = (
            scipy.special.xlogy(self.hits - 1, shares)
            + scipy.special.xlog1py(self.misses - 1, -shares)
            - scipy.special.betaln(self.hits, self.misses)
        )
        return np.asarray(np.exp(log_density), dtype=np.float64)

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the central interval."""
        tail = (1 - confidence) / 2
        return (
            float(scipy.special.betaincinv(self.hits, self.misses, tail)),
            float(scipy.special.betaincinv(self.hits, self.misses, 1 - tail)),
        )


def update_share(
    successes: float, n: float, *, prior: tuple[float, float] = (1.0, 1.0)
) -> ShareBelief:
    """Combine successes among units with a beta prior (uniform unless said otherwise).

    Args:
        successes: Of the units.
        n: Units.
        prior: The two parameters of the beta distribution.
    """
    return ShareBelief(prior[0] + successes, prior[1] + n - successes)


class ShareContest(NamedTuple):
    """Two beliefs about shares held against each other.

    Attributes:
        chance_to_win: Probability that the treatment's share is larger.
        loss_of_treatment: Share lost on average by choosing the treatment.
        loss_of_control: Share lost on average by keeping the control.
    """

    chance_to_win: float
    loss_of_treatment: float
    loss_of_control: float


BETA_NODES = 400  # Gauss-Legendre points over 12 standard deviations; 1e-10 for counts up to 1e7


def compare_shares_bayes(control: ShareBelief, treatment: ShareBelief) -> ShareContest:
    """Integrate over both beliefs.

    Source: Stucchio 2015, "Bayesian A/B Testing at VWO" (expected loss).
    """
    nodes, weights = np.polynomial.legendre.leggauss(BETA_NODES)
    low, high = control.ends
    points = (low + high) / 2 + (high - low) / 2 * nodes
    mass = (high - low) / 2 * weights * control.density(points)
    mass /= mass.sum()
    below = scipy.special.betainc(treatment.hits, treatment.misses, points)
    part = treatment.mean * scipy.special.betainc(treatment.hits + 1, treatment.misses, points)
    lost = float(mass @ (points * below - part))
    return ShareContest(
        float(mass @ (1 - below)), lost, lost + treatment.mean - float(mass @ points)
    )


BETA_REACH = 12.0  # standard deviations; beyond it lies nothing that counts


def chances_to_be_best(beliefs: Sequence[ShareBelief]) -> list[float]:
    """Return the probability of each share to be the largest of all; they add up to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(BETA_NODES)
    chances = []
    for place, belief in enumerate(beliefs):
        low, high = belief.ends
        points = (low + high) / 2 + (high - low) / 2 * nodes
        mass = weights * belief.density(points)
        others = [other for at, other in enumerate(beliefs) if at != place]
        below = np.prod([scipy.special.betainc(o.hits, o.misses, points) for o in others], axis=0)
        chances.append(float(mass @ below / mass.sum()))
    return chances
