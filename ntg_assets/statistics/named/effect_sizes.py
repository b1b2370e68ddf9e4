"""Effects without a unit, and how two quantities go together."""

from math import exp, inf, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.from_values import sample_from_values
from ntg_assets.statistics.named.rank_tests import mann_whitney
from ntg_assets.statistics.named.tested import Tested
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.shares.proportions import Count
from ntg_assets.statistics.student_t import Alternative, t_critical
from ntg_assets.statistics.two_samples import Difference, compare_means

Values = npt.ArrayLike


class EffectSize(NamedTuple):
    """A difference in standard deviations.

    Attributes:
        d: Cohen's d, by the pooled standard deviation.
        g: Hedges' g: d times 1 - 3 / (4 df - 1), which takes out its bias in small samples.
        glass: By the control's standard deviation (Glass's delta).
        standard_error: Of d, in large samples.
    """

    d: float
    g: float
    glass: float
    standard_error: float

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of d in large samples."""
        reach = t_critical((1 - confidence) / 2, inf) * self.standard_error
        return self.d - reach, self.d + reach


def effect_size(control: Sample, treatment: Sample) -> EffectSize:
    """Return a difference of means in standard deviations.

    Source: Hedges and Olkin 1985.

    Raises:
        NotEnoughDataError: no unit differs from another.
    """
    df = control.n + treatment.n - 2
    pooled = ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / df
    if pooled == 0 or control.variance == 0:
        raise NotEnoughDataError("no unit differs from another, so there is no unit of measure.")
    change = treatment.mean - control.mean
    d = change / sqrt(pooled)
    total = control.n + treatment.n
    error = sqrt(total / (control.n * treatment.n) + d**2 / (2 * total))
    return EffectSize(d, d * (1 - 3 / (4 * df - 1)), change / sqrt(control.variance), error)


def cliffs_delta(control: Values, treatment: Values) -> float:
    """Return how much oftener a unit of the treatment lies above one of the control than below
    (-1 to 1; Cliff 1993).
    """
    return 2 * (mann_whitney(control, treatment).estimate or 0.0) - 1


def hodges_lehmann(control: Values, treatment: Values) -> float:
    """Return the median of all differences between a unit of the treatment and one of the control
    (Hodges and Lehmann 1963).
    """
    treated, untreated = (np.asarray(values, dtype=float) for values in (treatment, control))
    return float(np.median(np.subtract.outer(treated, untreated)))


def ratio_of_geometric_means(
    control: Values,
    treatment: Values,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Compare the means of logarithms by Welch's test; difference and ends are ratios.

    Args:
        control: Values above zero, one per unit.
        treatment: Values above zero, one per unit.
        confidence: Of the interval.
        alternative: Which ratios the test looks for.

    Raises:
        NotEnoughDataError: a value is not above zero.
    """
    arms = [np.asarray(values, dtype=float) for values in (control, treatment)]
    if any((arm <= 0).any() for arm in arms):
        raise NotEnoughDataError("only values above zero have a logarithm.")
    change = compare_means(
        *(sample_from_values(np.log(arm)) for arm in arms),
        confidence=confidence,
        alternative=alternative,
    )
    return Difference(
        exp(change.difference),
        exp(change.low),
        exp(change.high) if change.high < inf else inf,
        change.standard_error,
        change.degrees_of_freedom,
        change.p,
    )


def correlation(
    first: Values, second: Values, *, method: Literal["pearson", "spearman", "kendall"] = "pearson"
) -> Tested:
    """Return the correlation of two quantities (the statistic) and its p."""
    from scipy import stats  # slow to load

    tests: dict[str, Any] = {
        "pearson": stats.pearsonr,
        "spearman": stats.spearmanr,
        "kendall": stats.kendalltau,
    }
    scipy_result = tests[method](np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    return Tested(
        float(scipy_result.statistic),
        float(scipy_result.pvalue),
        estimate=float(scipy_result.statistic),
    )


def number_needed_to_treat(control: Count, treatment: Count) -> float:
    """Return the units among which the treatment changes the outcome of one; infinite where the
    shares are one.
    """
    change = abs(treatment.share - control.share)
    return 1 / change if change else inf
