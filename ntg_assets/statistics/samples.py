"""One arm as a test sees it: units, mean and variance per unit, after CUPED and the delta method.

Everything starts from `Moments`, never from rows, so nulls are out of `n` before a test sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.moments import MINIMUM_UNITS, Moments

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
    covariance = sum(freedom * covaried for freedom, covaried, _ in ratios)
    variance = sum(freedom * varied for freedom, _, varied in ratios)
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
