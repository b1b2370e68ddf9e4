"""Whether several differences are one, and how far they lie apart where they are not."""

from collections.abc import Sequence

import scipy

FEWEST = 2


def alike_p(effects: Sequence[tuple[float, float]]) -> float | None:
    """Return the p of Cochran's Q: that effects of separate parts of the units are one.

    Args:
        effects: Difference and standard error of each part.

    Returns:
        None with fewer than two parts, or where a part has no error.

    Source: Cochran 1954, "The Combination of Estimates from Different Experiments".
    """
    if len(effects) < FEWEST or any(error <= 0 for _, error in effects):
        return None
    return float(scipy.special.chdtrc(len(effects) - 1, cochran_q(*zip(*effects, strict=True))))


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Return the mean of values, each with its weight."""
    return sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)


def cochran_q(effects: Sequence[float], errors: Sequence[float]) -> float:
    """Return how far effects lie from their mean, in their own squared standard errors."""
    weights = [1 / error**2 for error in errors]
    centre = weighted_mean(effects, weights)
    return sum(w * (effect - centre) ** 2 for w, effect in zip(weights, effects, strict=True))


def variance_between(effects: Sequence[float], errors: Sequence[float]) -> float:
    """Estimate the variance of the true effects: what the errors leave of the observed spread.

    Returns:
        The variance, in squared units of the effects; 0 where the errors explain all of the spread.

    Source: DerSimonian and Laird 1986, "Meta-analysis in clinical trials" (moments estimate).
    """
    excess = cochran_q(effects, errors) - (len(effects) - 1)
    if excess <= 0:
        return 0.0
    weights = [1 / error**2 for error in errors]
    return excess / (sum(weights) - sum(w**2 for w in weights) / sum(weights))
