"""Means of skewed values in arms of unequal size.

Welch's test takes each arm's variance from that arm alone. In a small arm of a heavy-tailed metric
the variance is large exactly when the mean is, so against a ten times larger control it claims a
fall far too often: 9 to 14% of tests without an effect at 5% (200 against 2,000 or 5,000 units,
lognormal with sigma 1.5 and 2, one sale in ten, one event in a hundred). With one variance for both
arms, as a test of *no difference* may assume, the same tests claim 4 to 6%. Equal arms need
nothing: the skewness of the two means cancels.

So one variance is used where the skewness of the difference says that Welch fails, unless the arms'
variances differ by more than their own errors allow. Elsewhere the test is Welch's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, NamedTuple

from ntg_assets.statistics.two_samples import (
    Difference,
    Sample,
    compare_means,
    interval_reach,
    t_p,
)

# skewness of the difference of the means from which Welch's test is more than half a point off
# (lognormal with sigma 1, 200 against 2,000 units: .4 and 6.5%; 2,000 against 20,000: .12 and 5.6%)
MOST_SKEW = 0.1
MOST_UNLIKE = 2.5  # standard errors between the variances; beyond it they are not one
MICRO = 10**6


@dataclass(frozen=True)
class Shape:
    """Third and fourth moment of an arm's values, as the test sees them (after the delta method and
    CUPED), in standard deviations of that arm.

    Attributes:
        n: Units.
        skewness: Mean third power of the standardised values.
        kurtosis: Mean fourth power (3 for normal values).
    """

    n: int
    skewness: float
    kurtosis: float


class Skewed(NamedTuple):
    """A difference, and whether it rests on one variance for both arms."""

    difference: Difference
    is_corrected: bool


def shape_of(row: Mapping[str, Any]) -> Shape:
    """Read one row of `metric_shapes`."""
    return Shape(
        row["n"], int(row["third"]) / (row["n"] * MICRO), int(row["fourth"]) / (row["n"] * MICRO)
    )


def compare_skewed(
    control: Sample,
    treatment: Sample,
    *,
    shapes: Sequence[Shape | None],
    confidence: float = 0.95,
) -> Skewed:
    """Compare two means by Welch's test, or with one variance where skewness and unequal arms would
    break it.

    Args:
        control: Control arm.
        treatment: Treatment arm.
        shapes: Of both; where one is not known the test is Welch's.
        confidence: Of the interval.

    Source: Student 1908 (one variance); Johnson 1978, "Modified t Tests and Confidence Intervals
    for Asymmetrical Populations" (the skewness of a mean decides how far a t-test is off).

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    found = compare_means(control, treatment, confidence=confidence)
    known = [shape for shape in shapes if shape is not None]
    if (
        len(known) < len(shapes)
        or abs(skew_of_difference(control, treatment, known)) <= MOST_SKEW
        or _unlikeness(control, treatment, known) > MOST_UNLIKE
    ):
        return Skewed(found, is_corrected=False)
    df = control.n + treatment.n - 2
    error = sqrt(pooled_variance(control, treatment) * (1 / control.n + 1 / treatment.n))
    low, high = interval_reach(confidence, df, "two-sided")
    pooled = replace(
        found,
        low=found.difference - low * error,
        high=found.difference + high * error,
        standard_error=error,
        degrees_of_freedom=df,
        p=t_p(found.difference / error, df),
    )
    return Skewed(pooled, is_corrected=True)


def pooled_variance(control: Sample, treatment: Sample) -> float:
    """Return the one variance per unit of two arms."""
    df = control.n + treatment.n - 2
    return ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / df


def skew_of_difference(control: Sample, treatment: Sample, shapes: Sequence[Shape]) -> float:
    """Return the skewness of the difference of two means whose units have one distribution."""
    skewness = _average([shape.skewness for shape in shapes], shapes)
    third = 1 / treatment.n**2 - 1 / control.n**2
    return float(skewness * third / (1 / control.n + 1 / treatment.n) ** 1.5)


def _unlikeness(control: Sample, treatment: Sample, shapes: Sequence[Shape]) -> float:
    """Return how many standard errors lie between the variances of the arms."""
    kurtosis = _average([shape.kurtosis for shape in shapes], shapes)
    error = pooled_variance(control, treatment) * sqrt(
        max(kurtosis - 1, 0.0) * (1 / control.n + 1 / treatment.n)
    )
    distance = abs(treatment.variance - control.variance)
    return distance / error if error > 0 else 0.0


def _average(values: Sequence[float], shapes: Sequence[Shape]) -> float:
    return sum(value * one.n for value, one in zip(values, shapes, strict=True)) / sum(
        one.n for one in shapes
    )
