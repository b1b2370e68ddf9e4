"""Tests of ranks and signs, as scipy computes them. `treatment` is what `alternative` is about."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.named.tested import Tested, Values, groups_of
from ntg_assets.statistics.student_t import Alternative

RankMethod = Literal["auto", "exact", "asymptotic"]


def mann_whitney(
    control: Values,
    treatment: Values,
    *,
    alternative: Alternative = "two-sided",
    method: RankMethod = "auto",
    use_continuity: bool = True,
) -> Tested:
    """Compare two arms by ranks (Wilcoxon's rank sum); the statistic is the treatment's U, the
    estimate the chance that a unit of the treatment lies above one of the control.
    """
    from scipy import stats  # slow to load

    treated, untreated = np.asarray(treatment, dtype=float), np.asarray(control, dtype=float)
    scipy_result = stats.mannwhitneyu(
        treated, untreated, alternative=alternative, method=method, use_continuity=use_continuity
    )
    u = float(scipy_result.statistic)
    return Tested(u, float(scipy_result.pvalue), estimate=u / (len(treated) * len(untreated)))


def signed_ranks(
    differences: Values,
    *,
    alternative: Alternative = "two-sided",
    method: RankMethod = "auto",
    correction: bool = False,
) -> Tested:
    """Ask whether paired differences lie around zero by Wilcoxon's signed ranks, zeros left out;
    the statistic is the sum of the ranks above zero (R's V).

    Raises:
        NotEnoughDataError: no pair differs.
    """
    from scipy import stats  # slow to load

    values = np.asarray(differences, dtype=float)
    if not values.any():
        raise NotEnoughDataError(f"none of {len(values)} pairs differs: signed ranks say nothing.")
    scipy_result = stats.wilcoxon(
        values,
        alternative=alternative,
        method="approx" if method == "asymptotic" else method,
        correction=correction,
    )
    ranks = stats.rankdata(np.abs(values[values != 0]))
    return Tested(float(ranks[values[values != 0] > 0].sum()), float(scipy_result.pvalue))


def sign_test(differences: Values, *, alternative: Alternative = "two-sided") -> Tested:
    """Ask whether as many pairs rise as fall; the statistic counts those that rise.

    Raises:
        NotEnoughDataError: no pair differs.
    """
    from scipy import stats  # as above

    values = np.asarray(differences, dtype=float)
    above, moved = int((values > 0).sum()), int((values != 0).sum())
    if moved == 0:
        raise NotEnoughDataError(f"none of {len(values)} pairs differs: signs say nothing.")
    p = stats.binomtest(above, moved, alternative=alternative).pvalue
    return Tested(above, float(p), estimate=above / moved)


def kruskal_wallis(groups: Sequence[Values]) -> Tested:
    """Ask whether several groups have one distribution, by ranks (H, corrected for ties)."""
    from scipy import stats  # as above

    scipy_result = stats.kruskal(*groups_of(groups))
    return Tested(float(scipy_result.statistic), float(scipy_result.pvalue), df=len(groups) - 1)
