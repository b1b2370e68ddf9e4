"""Two arms held against each other, with the guards that a decision needs.

Everything here starts from `Moments` or `Sample`, never from rows, so nulls are out of `n` before a
test sees it. Decisions rest on the absolute difference. A relative one is given for people, and
only where both arms are clearly above zero.

Ratios and CUPED go through tea-tasting's aggregates. Its Welch test builds two distribution objects
for each comparison (2.5 ms, which for ten thousand experiments is an hour); the same formulas from
scipy's functions take 0.02 ms. The tests hold every number of `compare_means` against tea-tasting's
to twelve digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt
from typing import Literal, NamedTuple

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.moments import MINIMUM_UNITS, Moments

Alternative = Literal["two-sided", "greater", "less"]
# of the terms of a ratio's variance: what floats leave where every value is the same multiple of
# its denominator
ROUNDING = 1e-12


@dataclass(frozen=True)
class Sample:
    """One arm as a test sees it: units, mean, and variance per unit
    (after CUPED and the delta method, where they apply).

    Raises:
        NotEnoughDataError: fewer than two units, or a variance that is no number or negative, so
            nothing can be claimed.
    """

    n: float
    mean: float
    variance: float

    def __post_init__(self) -> None:
        if self.n < MINIMUM_UNITS:
            raise NotEnoughDataError(
                f"an arm with {self.n:g} units has no variance; at least {MINIMUM_UNITS} are"
                " needed."
            )
        if not (isfinite(self.mean) and isfinite(self.variance) and self.variance >= 0):
            raise NotEnoughDataError(
                f"an arm with mean {self.mean:g} and variance {self.variance:g} cannot be tested."
            )

    @property
    def squared_error(self) -> float:
        """Variance of the mean."""
        return self.variance / self.n


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


def pooled_theta(arms: Sequence[Moments]) -> float:
    """Regress the metric on the covariate within the arms, one slope for all of them.

    One slope keeps the control's adjusted mean the same in every comparison. Being fitted within
    arms, it cannot absorb an effect. Source: Deng, Xu, Kohavi and Walker 2013, "Improving the
    Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data".

    Returns:
        The slope, 0 when the covariate does not vary or does not exist in every arm.
    """
    if not has_past(arms):
        return 0.0
    ratios = [(arm.n - 1, _ratio_covariance(arm), _covariate_variance(arm)) for arm in arms]
    covariance = sum(weight * found for weight, found, _ in ratios)
    variance = sum(weight * found for weight, _, found in ratios)
    return covariance / variance if variance > 0 else 0.0


def adjusted_samples(arms: Sequence[Moments], *, use_covariate: bool = True) -> list[Sample]:
    """Reduce each arm to one number per unit: the delta method for ratios,
    CUPED with one theta and one centre for all arms.

    Where the covariate does not exist in every arm (no unit has a past) or does not vary, the arms
    are read without it. Source: Budylin, Drutsa, Katsev and Tsoy 2018 (linearised ratios); Deng and
    others 2013 (CUPED).

    Raises:
        NotEnoughDataError: the denominator of an arm sums to zero, or its numbers are too large for
            a variance.
    """
    theta = pooled_theta(arms) if use_covariate else 0.0
    if theta == 0:
        return [_plain_sample(arm) for arm in arms]
    centre = sum(arm.n * arm.mean["covariate"] for arm in arms) / sum(
        arm.n * arm.mean["covariate_denominator"] for arm in arms
    )
    return [_adjusted_sample(arm, theta=theta, centre=centre) for arm in arms]


def has_past(arms: Sequence[Moments]) -> bool:
    """Whether the covariate is a number in each arm and in all of them: a ratio of sums needs a sum
    below the line that is not zero.
    """
    below = [arm.n * arm.mean["covariate_denominator"] for arm in arms]
    return sum(below) != 0 and all(below)


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
    if error == 0:
        raise NotEnoughDataError(
            f"every unit has the same value in its arm ({control.mean:g}, {treatment.mean:g}): no"
            " interval exists."
        )
    difference, df = treatment.mean - control.mean, welch_degrees_of_freedom(control, treatment)
    low, high = interval_reach(confidence, df, alternative)
    relative = _log_ratio(control, treatment, confidence=confidence, alternative=alternative)
    return Difference(
        difference=difference,
        low=difference - low * error,
        high=difference + high * error,
        standard_error=error,
        degrees_of_freedom=df,
        p=t_p(difference / error, df, alternative=alternative),
        relative=relative.effect if relative else None,
        relative_low=relative.low if relative else None,
        relative_high=relative.high if relative else None,
    )


def t_p(
    statistic: float, degrees_of_freedom: float, *, alternative: Alternative = "two-sided"
) -> float:
    """Return the p-value of a t statistic (of a normal one with infinite degrees of freedom)."""
    if alternative == "two-sided":
        return 2 * _lower_tail(-abs(statistic), degrees_of_freedom)
    return _lower_tail(statistic if alternative == "less" else -statistic, degrees_of_freedom)


def t_critical(tail: float, degrees_of_freedom: float) -> float:
    """Return the value that a t statistic exceeds with probability `tail`."""
    return -float(
        special.ndtri(tail)
        if degrees_of_freedom == inf
        else special.stdtrit(degrees_of_freedom, tail)
    )


def interval_reach(
    confidence: float, degrees_of_freedom: float, alternative: Alternative
) -> tuple[float, float]:
    """Return how many standard errors an interval reaches down and up;
    a one-sided one has one open end.
    """
    if alternative == "two-sided":
        critical = t_critical((1 - confidence) / 2, degrees_of_freedom)
        return critical, critical
    critical = t_critical(1 - confidence, degrees_of_freedom)
    return (critical, inf) if alternative == "greater" else (inf, critical)


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
    half_width = t_critical((1 - confidence) / 2, differences.n - 1) * error
    return Difference(
        difference=differences.mean,
        low=differences.mean - half_width,
        high=differences.mean + half_width,
        standard_error=error,
        degrees_of_freedom=differences.n - 1,
        p=t_p(differences.mean / error, differences.n - 1),
    )


def welch_degrees_of_freedom(control: Sample, treatment: Sample) -> float:
    """Approximate the degrees of freedom of a difference between arms of unequal variance
    (Welch 1947).
    """
    total = control.squared_error + treatment.squared_error
    parts = control.squared_error**2 / (control.n - 1) + treatment.squared_error**2 / (
        treatment.n - 1
    )
    return total**2 / parts if parts > 0 else inf


def is_clearly_positive(sample: Sample, *, confidence: float) -> bool:
    """Whether the interval of the mean lies above zero."""
    return sample.mean > t_critical((1 - confidence) / 2, sample.n - 1) * sqrt(sample.squared_error)


def _ratio_covariance(arm: Moments) -> float:
    return float(
        _ratio_aggregates(arm).ratio_cov(
            "value", "denominator", "covariate", "covariate_denominator"
        )
    )


def _covariate_variance(arm: Moments) -> float:
    return float(_ratio_aggregates(arm).ratio_var("covariate", "covariate_denominator"))


def _plain_sample(arm: Moments) -> Sample:
    variance = float(_ratio_aggregates(arm).ratio_var("value", "denominator"))
    return Sample(
        n=arm.n,
        mean=arm.mean["value"] / arm.mean["denominator"],
        variance=_without_rounding(variance, arm),
    )


def _adjusted_sample(arm: Moments, *, theta: float, centre: float) -> Sample:
    plain = _plain_sample(arm)
    covariate = arm.mean["covariate"] / arm.mean["covariate_denominator"]
    explained = theta**2 * _covariate_variance(arm) - 2 * theta * _ratio_covariance(arm)
    return Sample(
        n=arm.n,
        mean=plain.mean - theta * (covariate - centre),
        # a covariate equal to the metric leaves zero, give or take a rounding
        variance=max(plain.variance + explained, 0.0),
    )


def _without_rounding(variance: float, arm: Moments) -> float:
    """Take for zero what is only the rounding of the terms that the variance was made of."""
    terms = arm.covariance["value", "value"] / arm.mean["denominator"] ** 2
    return 0.0 if abs(variance) <= ROUNDING * terms else variance


def _ratio_aggregates(arm: Moments):  # type: ignore[no-untyped-def]  # noqa: ANN202  # tea-tasting ships no types
    from tea_tasting.aggr import Aggregates

    if arm.mean["denominator"] == 0:
        raise NotEnoughDataError(
            f"the denominator sums to zero over {arm.n} units: the ratio does not exist."
        )
    variances = {name: arm.covariance[name, name] for name in arm.mean}
    return Aggregates(count_=arm.n, mean_=dict(arm.mean), var_=variances, cov_=dict(arm.covariance))


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
    logs = [
        Sample(arm.n, log(arm.mean), arm.variance / arm.mean**2) for arm in (control, treatment)
    ]
    centre, error = logs[1].mean - logs[0].mean, sqrt(logs[0].squared_error + logs[1].squared_error)
    low, high = interval_reach(confidence, welch_degrees_of_freedom(*logs), alternative)
    return _Relative(
        exp(centre) - 1,
        exp(centre - low * error) - 1 if low < inf else -inf,
        exp(centre + high * error) - 1,
    )


def _lower_tail(statistic: float, degrees_of_freedom: float) -> float:
    return float(
        special.ndtr(statistic)
        if degrees_of_freedom == inf
        else special.stdtr(degrees_of_freedom, statistic)
    )


Better = Literal["more", "less"]


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


def margin_p(found: Difference, margin: float, *, alternative: Alternative = "greater") -> float:
    """Return the one-sided p that a difference lies beyond a margin: above `-margin` for
    `greater` (non-inferior), below `margin` for `less`.
    """
    shift = margin if alternative == "greater" else -margin
    statistic = (found.difference + shift) / found.standard_error
    return t_p(statistic, found.degrees_of_freedom, alternative=alternative)


def equivalence_p(found: Difference, low: float, high: float) -> float:
    """Return the p of two one-sided tests that a difference lies between `low` and `high`
    (Schuirmann 1987).
    """
    return max(margin_p(found, -low), margin_p(found, high, alternative="less"))


def _difference(  # the parts of one comparison
    control: Sample,
    treatment: Sample,
    error: float,
    df: float,
    confidence: float,
    alternative: Alternative,
) -> Difference:
    if error == 0:
        raise NotEnoughDataError(
            f"every unit has the same value in its arm ({control.mean:g}, {treatment.mean:g}): no"
            " interval exists."
        )
    difference = treatment.mean - control.mean
    low, high = interval_reach(confidence, df, alternative)
    return Difference(
        difference,
        difference - low * error,
        difference + high * error,
        error,
        df,
        t_p(difference / error, df, alternative=alternative),
    )
