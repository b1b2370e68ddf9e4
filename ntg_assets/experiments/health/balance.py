"""Two arms that should not differ, held against each other."""

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.statistics.classical_tests import compare_with_one_variance
from ntg_assets.statistics.moments import Sums, moments_of
from ntg_assets.statistics.samples import Sample, adjusted_samples

FEW_UNITS = 100  # with fewer, two arms may each hold one value by chance


def no_difference(
    check: str,
    control: Sample | None,
    treated: Sample | None,
    what: str,
    *,
    concerns: str | None = None,
) -> HealthCheck:
    """Test whether two samples of what no arm can have changed are alike."""
    if (
        control is None
        or treated is None
        or (control.variance == treated.variance == 0 and control.mean == treated.mean)
    ):
        return no_difference_of(check, None, what, concerns=concerns)
    return no_difference_of(check, _p_of(control, treated), what, concerns=concerns)


def no_difference_of(
    check: str, p: float | None, what: str, *, concerns: str | None = None
) -> HealthCheck:
    """Judge the p of what no arm can have changed; None: it could not be compared.

    Args:
        check: Name of the check.
        p: Of the difference, two-sided.
        what: What should not differ, as the sentence begins.
        concerns: Metric that alone it is about; None: the whole experiment.
    """
    if p is None:
        sentence = f"{what} does not vary or is not known, so it was not compared"
        return HealthCheck(check, 1.0, FAULT_P, Verdict.HEALTHY, sentence, concerns)
    is_chance = p >= FAULT_P
    sentence = f"{what} differs {'like' if is_chance else 'more than'} chance (p = {p:.2g})"
    verdict = Verdict.SICK.when(fault=not is_chance)
    return HealthCheck(check, p, FAULT_P, verdict, sentence, concerns)


def _p_of(control: Sample, treated: Sample) -> float:
    """Compare two means that are not one constant; two constants that differ leave no doubt, once
    there are more than a few units.

    What no arm can have changed has one variance, so Student's test stands here: of skewed values
    in arms of 2,700 and 300 units Welch's gives a false alarm in 10 to 37 of 1,000 where 1 is
    promised (lognormal with sigma 1.5, one payer in fifty), Student's in 2 to 5.
    """
    if control.variance or treated.variance:
        return compare_with_one_variance(control, treated).p
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
