"""The error rate divided over metrics by preference, and what a running test still needs."""

from collections.abc import Mapping, Sequence
from math import inf, sqrt

import scipy

from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.student_t import Alternative


def split_alpha(weights: Mapping[str, float], *, alpha: float = 0.05) -> dict[str, float]:
    """Give each metric the share of the error rate that its weight says.

    Raises:
        ConfigurationError: no weight is above zero, or one is below.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ConfigurationError(f"weights must be at least 0 and add up, found {dict(weights)}.")
    return {name: alpha * weight / total for name, weight in weights.items()}


def preferential_alpha(
    *, primary_share: float, alpha: float, n_treatments: int, n_metrics: int
) -> tuple[float, float]:
    """Give the primary metric a share of the error rate and let the others divide the rest.

    Args:
        primary_share: Share of the error rate that the primary metric gets, from 0 to 1.
        alpha: Error rate, both sides and all treatments together.
        n_treatments: Arms beside the control.
        n_metrics: Metrics with the primary one.

    Returns:
        Error rate of the primary metric and of each other metric, per treatment.

    Source: Eppo's "preferential Bonferroni".

    Raises:
        ConfigurationError: a share outside 0 to 1, or no treatment or metric.
    """
    if not 0 < primary_share <= 1 or n_treatments < 1 or n_metrics < 1:
        raise ConfigurationError(
            f"a share of {primary_share:g} of the error rate for one of {n_metrics} metrics and"
            f" {n_treatments} treatments cannot be."
        )
    others = n_treatments * (n_metrics - 1)
    rest = (1 - primary_share) * alpha
    return primary_share * alpha / n_treatments, rest / others if others else 0.0


def weighted_bonferroni(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Adjust p-values when each comparison has its own share of the error rate."""
    total = sum(weights)
    return [
        min(1.0, p * total / weight) if weight > 0 else 1.0
        for p, weight in zip(p_values, weights, strict=True)
    ]


def weighted_holm(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Adjust p-values step by step, what is rejected leaving its weight to the others
    (Holm 1979).
    """
    ratios = [
        p / weight if weight > 0 else inf for p, weight in zip(p_values, weights, strict=True)
    ]
    order = sorted(range(len(ratios)), key=lambda place: ratios[place])
    adjusted, largest, left = [1.0] * len(ratios), 0.0, sum(weights)
    for place in order:
        largest = max(largest, min(1.0, ratios[place] * left))
        adjusted[place], left = largest, left - weights[place]
    return adjusted


def units_still_needed(
    effect: float,
    *,
    n: float,
    standard_error: float,
    significance: float = 0.05,
    wanted_power: float = 0.8,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the units that a running test still needs to find an effect, at the error seen so far
    and the same shares of the traffic; 0 when it has enough, `inf` for no effect.

    Args:
        effect: Difference that is worth finding.
        n: Units so far.
        standard_error: Of the difference, now.
        significance: Error rate of the test.
        wanted_power: Probability of finding the effect.
        alternative: Sides of the test.
    """
    if effect == 0:
        return inf
    tail = significance / (2 if alternative == "two-sided" else 1)
    reach = float(scipy.special.ndtri(wanted_power) - scipy.special.ndtri(tail)) * standard_error
    return max(0.0, n * ((reach / effect) ** 2 - 1))


def conditional_power(
    statistic: float,
    *,
    share: float,
    significance: float = 0.05,
    effect_statistic: float | None = None,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the probability that a test that has run for a share of its units ends in a claim in
    the direction seen.

    Args:
        statistic: z now.
        share: Units so far of those planned, above 0 and below 1.
        significance: Error rate of the final test.
        effect_statistic: Expected z at the end; None: the present trend goes on.
        alternative: Sides of the test.

    Source: Lan and Wittes 1988, "The B-value: A Tool for Monitoring Data".

    Raises:
        ConfigurationError: a share outside 0 to 1.
    """
    if not 0 < share < 1:
        raise ConfigurationError(f"a running test has a share between 0 and 1, found {share:g}.")
    tail = significance / (2 if alternative == "two-sided" else 1)
    drift = statistic / sqrt(share) if effect_statistic is None else effect_statistic
    sign = -1.0 if drift < 0 else 1.0
    value = sign * statistic * sqrt(share)
    ahead = value + abs(drift) * (1 - share) + float(scipy.special.ndtri(tail))
    return float(scipy.special.ndtr(ahead / sqrt(1 - share)))
