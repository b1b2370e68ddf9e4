"""Spread, shape and place of several samples, by the tests that scipy has under these names."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.named.tested import Tested
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative

Values = npt.ArrayLike
Center = Literal["median", "mean", "trimmed"]


def _values(sample: Values) -> Floats:
    return np.asarray(sample, dtype=np.float64)


def _tested(scipy_result: Any) -> Tested:  # noqa: ANN401  # scipy has a type for each test
    df = getattr(scipy_result, "df", None)
    return Tested(
        float(scipy_result.statistic), float(scipy_result.pvalue), None if df is None else float(df)
    )


def levene(groups: Sequence[Values], *, center: Center = "median") -> Tested:
    """Compare the spread of several groups (around the median: Brown and Forsythe 1974)."""
    from scipy import stats  # slow to load

    return _tested(stats.levene(*map(_values, groups), center=center))


def bartlett(groups: Sequence[Values]) -> Tested:
    """Compare the variances of several normal groups (Bartlett 1937)."""
    from scipy import stats  # as above

    return _tested(stats.bartlett(*map(_values, groups)))._replace(df=len(groups) - 1)


def kolmogorov_smirnov(
    control: Values, treatment: Values, *, alternative: Alternative = "two-sided"
) -> Tested:
    """Compare two distributions by the largest distance between them."""
    from scipy import stats  # as above

    return _tested(stats.ks_2samp(_values(control), _values(treatment), alternative=alternative))


def brunner_munzel(
    control: Values, treatment: Values, *, alternative: Alternative = "two-sided"
) -> Tested:
    """Compare two arms by ranks that may differ in spread (Brunner and Munzel 2000); the statistic
    is positive where the treatment tends to larger values.
    """
    from scipy import stats  # as above

    return _tested(
        stats.brunnermunzel(_values(control), _values(treatment), alternative=_turned(alternative))
    )


def _turned(alternative: Alternative) -> Alternative:
    """Turn an alternative about the treatment into one about the first argument."""
    return {"greater": "less", "less": "greater"}.get(alternative, alternative)  # type: ignore[return-value]


def trimmed_t(
    control: Values, treatment: Values, *, trim: float, alternative: Alternative = "two-sided"
) -> Tested:
    """Compare means without the ends of each arm (Yuen 1974).

    Args:
        control: Values of the control.
        treatment: Values of the treatment.
        trim: Share that is left out at either end (0 to below .5).
        alternative: Which differences the test looks for.
    """
    from scipy import stats  # as above

    arms = _values(treatment), _values(control)
    result = stats.ttest_ind(*arms, equal_var=False, trim=trim, alternative=alternative)
    return _tested(result)


def friedman(groups: Sequence[Values]) -> Tested:
    """Compare several treatments of the same units by ranks within each unit (Friedman 1937)."""
    from scipy import stats  # as above

    return _tested(stats.friedmanchisquare(*map(_values, groups)))._replace(df=len(groups) - 1)


def permutation_p(
    control: Values,
    treatment: Values,
    *,
    alternative: Alternative = "two-sided",
    samples: int = 9_999,
    rng: np.random.Generator | None = None,
) -> Tested:
    """Compare means by giving values their arms again: all ways, where there are fewer than
    `samples`, else so many at random.

    Args:
        control: Values, one per unit.
        treatment: Values, one per unit.
        alternative: Which differences the test looks for.
        samples: Ways that are tried.
        rng: Stream of the draws.
    """
    from scipy import stats  # as above

    permuted = stats.permutation_test(
        (_values(treatment), _values(control)),
        lambda treated, untreated, axis: treated.mean(axis=axis) - untreated.mean(axis=axis),
        alternative=alternative,
        n_resamples=samples,
        vectorized=True,
        rng=rng or np.random.default_rng(0),
    )
    return _tested(permuted)


def tukey(groups: Sequence[Values], *, equal_var: bool = True) -> list[tuple[int, int, float]]:
    """Compare every pair of groups, p adjusted for all of them (Tukey and Kramer; Games and Howell
    where variances differ).

    Returns:
        Places of the two groups, the first before the second, and p.
    """
    from scipy import stats  # as above

    p = stats.tukey_hsd(*map(_values, groups), equal_var=equal_var).pvalue
    n = len(groups)
    return [(i, j, float(p[i, j])) for i in range(n) for j in range(i + 1, n)]


def anova_of_samples(arms: Sequence[Sample]) -> Tested:
    """Compare several means with one variance, from units, means and variances (Fisher's F).

    Raises:
        NotEnoughDataError: no unit differs from another in its arm.
    """
    n, k = sum(arm.n for arm in arms), len(arms)
    centre = sum(arm.n * arm.mean for arm in arms) / n
    between = sum(arm.n * (arm.mean - centre) ** 2 for arm in arms) / (k - 1)
    within = sum((arm.n - 1) * arm.variance for arm in arms) / (n - k)
    if within == 0:
        raise NotEnoughDataError("every unit has the same value in its arm: there is no F.")
    return Tested(between / within, float(special.fdtrc(k - 1, n - k, between / within)), df=k - 1)
