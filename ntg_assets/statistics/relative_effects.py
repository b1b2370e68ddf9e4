"""Relative effects by the delta method: how peers report them. For people only;
decisions rest on the absolute difference.
"""

from math import sqrt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative, t_critical
from ntg_assets.statistics.two_samples import Difference, t_difference, welch_degrees_of_freedom


def compare_relative(
    control: Sample,
    treatment: Sample,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Express the difference as a share of the control,
    with the delta method's error and Welch's degrees of freedom.

    Source: Deng, Knoblich and Lu 2018, "Applying the Delta Method in Metric Analytics".

    Raises:
        NotEnoughDataError: the control's mean is not above zero, so a share of it means nothing.
    """
    if control.mean <= 0:
        raise NotEnoughDataError(
            f"the control's mean is {control.mean:g}; a relative effect needs a baseline above"
            " zero."
        )
    effect = treatment.mean / control.mean - 1
    error = relative_error(control, treatment)
    df = welch_degrees_of_freedom(control, treatment)
    return t_difference(effect, error, df, confidence=confidence, alternative=alternative)


def relative_error(control: Sample, treatment: Sample) -> float:
    """Return the standard error of the ratio of two independent means."""
    of_control = control.squared_error * (treatment.mean / control.mean) ** 2
    return sqrt(treatment.squared_error + of_control) / control.mean


def fieller_interval(
    control: Sample, treatment: Sample, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of treatment over control minus one that makes no approximation of the
    ratio (Fieller 1954), with Welch's degrees of freedom.

    Raises:
        NotEnoughDataError: the control's mean is not clearly different from zero, so the set of
            ratios has no end.
    """
    df = welch_degrees_of_freedom(control, treatment)
    critical = t_critical((1 - confidence) / 2, df)
    a = control.mean**2 - critical**2 * control.squared_error
    if a <= 0:
        raise NotEnoughDataError(
            f"the control's mean ({control.mean:g}, standard error"
            f" {sqrt(control.squared_error):g}) is not clearly different from zero: a share of it"
            " has no end."
        )
    b = control.mean * treatment.mean
    c = treatment.mean**2 - critical**2 * treatment.squared_error
    root = sqrt(max(b**2 - a * c, 0.0))
    return (b - root) / a - 1, (b + root) / a - 1
