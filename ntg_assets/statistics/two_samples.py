"""Two arms held against each other, with the guards that a decision needs.

Everything here starts from `Moments` or `Sample`, never from rows, so nulls are out of `n` before a
test sees it. Decisions rest on the absolute difference. A relative one is given for people, and
only where both arms are clearly above zero.

Ratios and CUPED go through tea-tasting's aggregates. Its Welch test builds two distribution objects
for each comparison (2.5 ms, which for ten thousand experiments is an hour); the same formulas from
scipy's functions take 0.02 ms. The tests hold every number of `compare_means` against tea-tasting's
to twelve digits.
"""

from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt
from typing import Literal, NamedTuple

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative, interval_reach, t_critical, t_p


@dataclass(frozen=True)
class Difference:
    """Treatment minus control, with its interval,
    and the relative effect where it makes sense (else None).
    """

    difference: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float
    p: float
    relative: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None


def t_difference(
    difference: float,
    error: float,
    degrees_of_freedom: float,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Give a difference the interval and the p of a t-test; of a z-test where the degrees of
    freedom are infinite.

    Args:
        difference: Treatment minus control.
        error: Its standard error, above zero.
        degrees_of_freedom: Of the error.
        confidence: Of the interval.
        alternative: Which differences the test looks for.
    """
    low, high = interval_reach(confidence, degrees_of_freedom, alternative)
    ends = difference - low * error, difference + high * error
    p = t_p(difference / error, degrees_of_freedom, alternative=alternative)
    return Difference(difference, *ends, error, degrees_of_freedom, p)


def compare_means(
    control: Sample,
    treatment: Sample,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Compare two means by Welch's t-test.

    Source: Welch 1947; the relative interval is that of the log ratio.

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    error = sqrt(control.squared_error + treatment.squared_error)
    raise_if_all_equal(control, treatment, error)
    difference = t_difference(
        treatment.mean - control.mean,
        error,
        welch_degrees_of_freedom(control, treatment),
        confidence=confidence,
        alternative=alternative,
    )
    relative = _log_ratio(control, treatment, confidence=confidence, alternative=alternative)
    if relative is None:
        return difference
    return replace(
        difference,
        relative=relative.effect,
        relative_low=relative.low,
        relative_high=relative.high,
    )


def raise_if_all_equal(control: Sample, treatment: Sample, error: float) -> None:
    """Refuse to compare two means whose difference has no standard error.

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    if error == 0:
        raise NotEnoughDataError(
            f"every unit has the same value in its arm ({control.mean:g}, {treatment.mean:g}): no"
            " interval exists."
        )


def compare_pairs(differences: Sample, *, confidence: float = 0.95) -> Difference:
    """Test whether the mean of paired differences is zero, by the one-sample t-test.

    Raises:
        NotEnoughDataError: every pair has the same difference.
    """
    error = sqrt(differences.squared_error)
    if error == 0:
        raise NotEnoughDataError(
            f"every one of {differences.n:g} pairs differs by {differences.mean:g}: no interval"
            " exists."
        )
    return t_difference(differences.mean, error, differences.n - 1, confidence=confidence)


def welch_degrees_of_freedom(control: Sample, treatment: Sample) -> float:
    """Approximate the degrees of freedom of a difference between arms of unequal variance
    (Welch 1947).
    """
    total = control.squared_error + treatment.squared_error
    parts = control.squared_error**2 / (control.n - 1) + treatment.squared_error**2 / (
        treatment.n - 1
    )
    return total**2 / parts if parts > 0 else inf


def pooled_variance(control: Sample, treatment: Sample) -> float:
    """Return the one variance per unit of two arms."""
    df = control.n + treatment.n - 2
    return ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / df


def pooled_error(control: Sample, treatment: Sample) -> float:
    """Return the squared error of a difference with one variance for both arms."""
    return pooled_variance(control, treatment) * (1 / control.n + 1 / treatment.n)


def widening_ends(
    difference: float, critical: float, *, large: Sample, of_small: float, is_small: bool
) -> tuple[float, float]:
    """Return the differences that a test with one variance does not reject.

    An effect on skewed values mostly multiplies them, so under a difference the smaller arm has the
    variance of values that much larger: (d - x)^2 = t^2 (V / N + v (1 + s x / M)^2 / n) with the
    mean M and the variance V of the larger arm, and s the direction in which the smaller one
    differs from it. Where the mean is not clearly above zero the variance stays as it is.

    Args:
        difference: That was found.
        critical: Of the test.
        large: The larger arm.
        of_small: What the smaller arm adds to the squared error of no difference.
        is_small: Whether the treatment is the smaller arm.
    """
    own, wide = large.squared_error, of_small
    error = sqrt(own + wide)
    change = (
        (1 if is_small else -1) / large.mean if is_clearly_positive(large, confidence=0.95) else 0.0
    )
    scale = 1 - critical**2 * wide * change**2
    if change == 0 or scale <= 0:
        return difference - critical * error, difference + critical * error
    centre = (difference + critical**2 * wide * change) / scale
    product = (difference**2 - critical**2 * (own + wide)) / scale
    reach = sqrt(max(centre**2 - product, 0.0))
    return centre - reach, centre + reach


def is_clearly_positive(sample: Sample, *, confidence: float) -> bool:
    """Whether the interval of the mean lies above zero."""
    return sample.mean > t_critical((1 - confidence) / 2, sample.n - 1) * sqrt(sample.squared_error)


def log_sample(sample: Sample) -> Sample:
    """Return the logarithm of a mean above zero, with its variance by the delta method."""
    return Sample(sample.n, log(sample.mean), sample.variance / sample.mean**2)


class _Relative(NamedTuple):
    """A relative effect with its interval."""

    effect: float
    low: float
    high: float


def _log_ratio(
    control: Sample, treatment: Sample, *, confidence: float, alternative: Alternative
) -> _Relative | None:
    """Give the relative effect with the interval of the log ratio;
    None unless both means lie clearly above zero.

    Below that a relative effect has the wrong sign or explodes. Degrees of freedom are Welch's, of
    the variances of the logarithms.
    """
    if not all(is_clearly_positive(arm, confidence=confidence) for arm in (control, treatment)):
        return None
    logs = [log_sample(arm) for arm in (control, treatment)]
    centre, error = logs[1].mean - logs[0].mean, sqrt(logs[0].squared_error + logs[1].squared_error)
    low, high = interval_reach(confidence, welch_degrees_of_freedom(*logs), alternative)
    return _Relative(
        exp(centre) - 1,
        exp(centre - low * error) - 1 if low < inf else -inf,
        exp(centre + high * error) - 1,
    )


Better = Literal["more", "less"]
