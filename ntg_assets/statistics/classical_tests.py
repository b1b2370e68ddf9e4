"""Tests of two means with one variance or a known one, and of margins."""

from math import inf, sqrt

from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative, t_p
from ntg_assets.statistics.two_samples import Difference, raise_if_all_equal, t_difference


def compare_with_one_variance(
    control: Sample,
    treatment: Sample,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    use_t: bool = True,
) -> Difference:
    """Compare two means that share one variance: p and error are both of it (Student 1908).

    Args:
        control: Control arm.
        treatment: Treatment arm.
        confidence: Of the interval.
        alternative: Which differences the test looks for.
        use_t: Whether the variance is estimated (Student's t) or known (z).

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    df = control.n + treatment.n - 2
    pooled = ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / df
    error = sqrt(pooled * (1 / control.n + 1 / treatment.n))
    return _difference(control, treatment, error, df if use_t else inf, confidence, alternative)


def compare_with_known_variance(
    control: Sample,
    treatment: Sample,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Compare two means by the z-test, each arm with its variance.

    Raises:
        NotEnoughDataError: no unit differs from another in either arm.
    """
    error = sqrt(control.squared_error + treatment.squared_error)
    return _difference(control, treatment, error, inf, confidence, alternative)


def margin_p(
    difference: Difference, margin: float, *, alternative: Alternative = "greater"
) -> float:
    """Return the one-sided p that a difference lies beyond a margin: above `-margin` for
    `greater` (non-inferior), below `margin` for `less`.
    """
    shift = margin if alternative == "greater" else -margin
    statistic = (difference.difference + shift) / difference.standard_error
    return t_p(statistic, difference.degrees_of_freedom, alternative=alternative)


def equivalence_p(difference: Difference, low: float, high: float) -> float:
    """Return the p of two one-sided tests that a difference lies between `low` and `high`
    (Schuirmann 1987).
    """
    return max(margin_p(difference, -low), margin_p(difference, high, alternative="less"))


def _difference(  # the parts of one comparison
    control: Sample,
    treatment: Sample,
    error: float,
    df: float,
    confidence: float,
    alternative: Alternative,
) -> Difference:
    raise_if_all_equal(control, treatment, error)
    difference = treatment.mean - control.mean
    return t_difference(difference, error, df, confidence=confidence, alternative=alternative)
