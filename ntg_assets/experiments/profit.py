"""Money: the posterior of a normal effect, the chance that it clears a hurdle, what is lost by being wrong."""

from dataclasses import dataclass
from math import sqrt

from scipy import stats


@dataclass(frozen=True)
class Belief:
    """A normal distribution over an effect."""

    mean: float
    variance: float

    def probability_above(self, hurdle: float) -> float:
        """Return the probability that the effect exceeds the hurdle."""
        return float(stats.norm.sf(hurdle, self.mean, sqrt(self.variance)))

    def expected_loss(self, *, hurdle: float = 0.0) -> float:
        """Return what is lost on average by acting, counting only the cases in which the effect is below the hurdle."""
        sd = sqrt(self.variance)
        distance = (hurdle - self.mean) / sd
        return float(sd * stats.norm.pdf(distance) + (hurdle - self.mean) * stats.norm.cdf(distance))

    def expected_gain(self, *, hurdle: float = 0.0) -> float:
        """Return what is gained on average by acting, counting only the cases in which the effect is above the hurdle."""
        return self.expected_loss(hurdle=hurdle) + self.mean - hurdle

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the central interval."""
        half_width = float(stats.norm.ppf((1 + confidence) / 2)) * sqrt(self.variance)
        return self.mean - half_width, self.mean + half_width


def update(estimate: float, squared_error: float, *, prior: Belief | None = None) -> Belief:
    """Combine an estimate with what was believed before (precision-weighted); without a prior the estimate stands alone.

    Shrinking toward the effects of past experiments takes out the winner's curse: the largest of several estimates is too large.
    Source: Gelman and others 2013, "Bayesian Data Analysis", section 2.5.
    """
    if prior is None:
        return Belief(estimate, squared_error)
    precision = 1 / squared_error + 1 / prior.variance
    return Belief((estimate / squared_error + prior.mean / prior.variance) / precision, 1 / precision)
