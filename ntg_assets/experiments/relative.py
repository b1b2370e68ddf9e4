"""Relative effects by the delta method: how peers report them. For people only; decisions rest on the absolute difference."""

from math import sqrt

from scipy import stats

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.two_samples import Difference, Sample, welch_degrees_of_freedom


def compare_relative(control: Sample, treatment: Sample, *, confidence: float = 0.95) -> Difference:
    """Express the difference as a share of the control, with the delta method's error and Welch's degrees of freedom.

    Source: Deng, Knoblich and Lu 2018, "Applying the Delta Method in Metric Analytics".

    Raises:
        NotEnoughDataError: the control's mean is not above zero, so a share of it means nothing.
    """
    if control.mean <= 0:
        raise NotEnoughDataError(f"the control's mean is {control.mean:g}; a relative effect needs a baseline above zero.")
    effect = treatment.mean / control.mean - 1
    error = relative_error(control, treatment)
    df = welch_degrees_of_freedom(control, treatment)
    half_width = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    return Difference(effect, effect - half_width, effect + half_width, error, df, float(2 * stats.t.sf(abs(effect) / error, df)))


def relative_error(control: Sample, treatment: Sample) -> float:
    """Return the standard error of the ratio of two independent means."""
    return sqrt(treatment.squared_error + control.squared_error * (treatment.mean / control.mean) ** 2) / control.mean
