"""Means of skewed values in arms of unequal size.

Welch's test takes each arm's variance from that arm alone. In a small arm of a heavy-tailed metric
the variance is large exactly when the mean is, so against a ten times larger control it claims a
fall far too often: 9 to 14% of tests without an effect at 5% (200 against 2,000 or 5,000 units,
lognormal with sigma 1.5 and 2, one sale in ten, one event in a hundred). With one variance for both
arms, as a test of *no difference* may assume, the same tests claim 4 to 6%. Equal arms need
nothing: the skewness of the two means cancels.

So one variance is used where the skewness of the difference says that Welch fails, unless the arms'
variances differ by more than their own errors allow. Its interval lets an effect widen the smaller
arm as it moves it. Elsewhere the test is Welch's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, NamedTuple

from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import t_critical, t_p
from ntg_assets.statistics.two_samples import (
    Difference,
    compare_means,
    pooled_error,
    pooled_variance,
    t_difference,
    widening_ends,
)

# skewness of the difference of the means from which Welch's test is more than half a point off
# (lognormal with sigma 1, 200 against 2,000 units: .4 and 6.5%; 2,000 against 20,000: .12 and 5.6%)
MOST_SKEW = 0.1
# standard errors between the variances beyond which they are not one. Outliers make a variance look
# far away from its like: with 2.5 the test claims 1.7% instead of 5, with 8 it claims 3 to 5 and
# its interval holds 95 to 97.5% of effects of 0 and 50% (lognormal, Pareto, one sale in ten, 1:20)
MOST_UNLIKE = 8.0
# an arm so many times the size of another; below it their skewness cancels
FEWEST_TIMES = 1.2
MICRO = 10**6
ONE_VARIANCE = ", one variance for skewed arms of unequal size"  # said in the name of the method
LARGER_ERROR = ", the larger error of two: arms of unequal size, skewness not known"


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
    """A difference, and whether it rests on one variance for both arms.

    Attributes:
        difference: As the test found it.
        is_corrected: Whether another error than Welch's stands.
        remark: What was done, as the method of a readout goes on.
    """

    difference: Difference
    is_corrected: bool
    remark: str = ""


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
    difference = compare_means(control, treatment, confidence=confidence)
    if not _misleads_welch(control, treatment, shapes):
        return Skewed(difference, is_corrected=False)
    df = control.n + treatment.n - 2
    low, high, error = _ends(control, treatment, t_critical((1 - confidence) / 2, df))
    pooled = replace(
        difference,
        low=low,
        high=high,
        standard_error=error,
        degrees_of_freedom=df,
        p=t_p(difference.difference / error, df),
    )
    return Skewed(pooled, is_corrected=True, remark=ONE_VARIANCE)


def compare_unknown_shapes(
    control: Sample, treatment: Sample, *, confidence: float = 0.95
) -> Skewed:
    """Compare two means of values of which nobody knows how skewed they are (counts, means and
    variances) with the larger of both errors: Welch's, and that of one variance for both arms.

    In arms of about one size they are the same. In a small arm Welch's is too small exactly where
    its mean is off (see the head of this file); on normal values the larger one costs about
    a hundredth of the power.

    Args:
        control: Control arm.
        treatment: Treatment arm.
        confidence: Of the interval.

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    difference = compare_means(control, treatment, confidence=confidence)
    wide = sqrt(pooled_error(control, treatment))
    if not is_unequal(control, treatment) or wide <= difference.standard_error:
        return Skewed(difference, is_corrected=False)
    df = control.n + treatment.n - 2
    found = t_difference(difference.difference, wide, df, confidence=confidence)
    wider = replace(
        found,
        relative=difference.relative,
        relative_low=difference.relative_low,
        relative_high=difference.relative_high,
    )
    return Skewed(wider, is_corrected=True, remark=LARGER_ERROR)


def is_unequal(control: Sample, treatment: Sample) -> bool:
    """Whether arms differ so much in size that the skewness of their means does not cancel."""
    return max(control.n, treatment.n) >= FEWEST_TIMES * min(control.n, treatment.n)


def _misleads_welch(control: Sample, treatment: Sample, shapes: Sequence[Shape | None]) -> bool:
    """Whether skewness breaks Welch's test, and one variance is not far from the truth."""
    present = [shape for shape in shapes if shape is not None]
    return (
        len(present) == len(shapes)
        and abs(skew_of_difference(control, treatment, present)) > MOST_SKEW
        and _unlikeness(control, treatment, present) <= MOST_UNLIKE
    )


def _ends(control: Sample, treatment: Sample, critical: float) -> tuple[float, float, float]:
    """Return the differences that the test does not reject, and the standard error of none."""
    is_small = treatment.n < control.n
    large, small = (control, treatment) if is_small else (treatment, control)
    wide = pooled_variance(control, treatment) / small.n
    low, high = widening_ends(
        treatment.mean - control.mean, critical, large=large, of_small=wide, is_small=is_small
    )
    return low, high, sqrt(large.squared_error + wide)


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
    return sum(value * shape.n for value, shape in zip(values, shapes, strict=True)) / sum(
        shape.n for shape in shapes
    )
