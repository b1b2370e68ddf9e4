"""Whether several differences are one."""

from collections.abc import Sequence

from scipy import special

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
    weights = [1 / error**2 for _, error in effects]
    centre = sum(weight * value for weight, (value, _) in zip(weights, effects, strict=True)) / sum(
        weights
    )
    spread = sum(
        weight * (value - centre) ** 2 for weight, (value, _) in zip(weights, effects, strict=True)
    )
    return float(special.chdtrc(len(effects) - 1, spread))
