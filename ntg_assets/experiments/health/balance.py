"""Two arms that should not differ, held against each other."""

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.statistics.moments import Sums, moments_of
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.two_samples import compare_means

FEW_UNITS = 100  # with fewer, two arms may each hold one value by chance


def no_difference(
    check: str, control: Sample | None, treated: Sample | None, what: str
) -> HealthCheck:
    """Test whether two samples of what no arm can have changed are alike."""
    if (
        control is None
        or treated is None
        or (control.variance == treated.variance == 0 and control.mean == treated.mean)
    ):
        return no_difference_of(check, None, what)
    return no_difference_of(check, _p_of(control, treated), what)


def no_difference_of(check: str, p: float | None, what: str) -> HealthCheck:
    """Judge the p of what no arm can have changed; None: it could not be compared.

    Args:
        check: Name of the check.
        p: Of the difference, two-sided.
        what: What should not differ, as the sentence begins.
    """
    if p is None:
        sentence = f"{what} does not vary or is not known, so it was not compared"
        return HealthCheck(check, 1.0, FAULT_P, Verdict.HEALTHY, sentence)
    is_chance = p >= FAULT_P
    sentence = f"{what} differs {'like' if is_chance else 'more than'} chance (p = {p:.2g})"
    return HealthCheck(check, p, FAULT_P, Verdict.SICK.when(fault=not is_chance), sentence)


def _p_of(control: Sample, treated: Sample) -> float:
    """Compare two means that are not one constant;
    two constants that differ leave no doubt, once there are more than a few units.
    """
    if control.variance or treated.variance:
        return compare_means(control, treated).p
    return 0.0 if min(control.n, treated.n) >= FEW_UNITS else 1.0


def value_sample(sums: Sums) -> Sample | None:
    """Read the values of an arm; None where there are too few."""
    try:
        return adjusted_samples([moments_of(sums)], use_covariate=False)[0]
    except NotEnoughDataError:
        return None


def covariate_sample(sums: Sums) -> Sample | None:
    """Read what an arm did before; None where too few units have a value."""
    try:
        moments = moments_of(sums)
        variance = moments.covariance["covariate", "covariate"]
        return Sample(moments.n, moments.mean["covariate"], variance)
    except NotEnoughDataError:
        return None
