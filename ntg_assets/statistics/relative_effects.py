"""Relative effects by the delta method: how peers report them. For people only;
decisions rest on the absolute difference.
"""

from math import sqrt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.two_samples import (
    Alternative,
    Difference,
    Sample,
    interval_reach,
    t_p,
    welch_degrees_of_freedom,
)


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
    low, high = interval_reach(confidence, df, alternative)
    return Difference(
        effect,
        effect - low * error,
        effect + high * error,
        error,
        df,
        t_p(effect / error, df, alternative=alternative),
    )


def relative_error(control: Sample, treatment: Sample) -> float:
    """Return the standard error of the ratio of two independent means."""
    return (
        sqrt(treatment.squared_error + control.squared_error * (treatment.mean / control.mean) ** 2)
        / control.mean
    )
