"""The tests that have names, as scipy and statsmodels compute them: ranks, signs, several groups,
tables of counts, strata of tables, times to an event. `treatment` is what `alternative` is about.

No decision rests on them: an effect without an interval cannot be held against a margin or a cost.
"""

from collections.abc import Sequence
from math import comb, prod
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.student_t import Alternative

Values = npt.ArrayLike
RankMethod = Literal["auto", "exact", "asymptotic"]
MOST_TABLES = 200_000  # with the margins of a table, beyond which Fisher's test is not enumerated
SAME = 1 + 1e-7  # two probabilities that differ by less are one: R's and scipy's tolerance


class Tested(NamedTuple):
    """What a test says.

    Attributes:
        statistic: In the convention of the source that the function names.
        p: Of the alternative that was asked for.
        df: Degrees of freedom, where the statistic has any.
        estimate: Effect that goes with it (odds ratio, share of pairs), where there is one.
    """

    statistic: float
    p: float
    df: float | None = None
    estimate: float | None = None


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

    one, other = np.asarray(treatment, dtype=float), np.asarray(control, dtype=float)
    found = stats.mannwhitneyu(
        one, other, alternative=alternative, method=method, use_continuity=use_continuity
    )
    u = float(found.statistic)
    return Tested(u, float(found.pvalue), estimate=u / (len(one) * len(other)))


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
    from scipy import stats  # as above

    values = np.asarray(differences, dtype=float)
    if not values.any():
        raise NotEnoughDataError(f"none of {len(values)} pairs differs: signed ranks say nothing.")
    found = stats.wilcoxon(
        values,
        alternative=alternative,
        method="approx" if method == "asymptotic" else method,
        correction=correction,
    )
    ranks = stats.rankdata(np.abs(values[values != 0]))
    return Tested(float(ranks[values[values != 0] > 0].sum()), float(found.pvalue))


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


def one_way_anova(groups: Sequence[Values], *, equal_var: bool = True) -> Tested:
    """Ask whether several groups have one mean (F; Welch's with a variance for each)."""
    from scipy import stats  # as above

    found = stats.f_oneway(*_arrays(groups), equal_var=equal_var)
    return Tested(float(found.statistic), float(found.pvalue), df=len(groups) - 1)


def kruskal_wallis(groups: Sequence[Values]) -> Tested:
    """Ask whether several groups have one distribution, by ranks (H, corrected for ties)."""
    from scipy import stats  # as above

    found = stats.kruskal(*_arrays(groups))
    return Tested(float(found.statistic), float(found.pvalue), df=len(groups) - 1)


def chi_squared(
    table: Sequence[Sequence[int]], *, correction: bool = True, by_likelihood: bool = False
) -> Tested:
    """Ask whether rows of counts have the same shares (Yates' correction in tables of 2 x 2; the
    G-test by the likelihood).

    Raises:
        NotEnoughDataError: a row or column has no count.
    """
    from scipy import stats  # as above

    counts = np.asarray(table)
    if not (counts.sum(axis=0).all() and counts.sum(axis=1).all()):
        raise NotEnoughDataError("a row or a column of the table holds nothing: leave it out.")
    found = stats.chi2_contingency(counts, correction=correction, lambda_=1 - by_likelihood)
    return Tested(float(found.statistic), float(found.pvalue), df=int(found.dof))


def fisher_table(
    table: Sequence[Sequence[int]], *, alternative: Alternative = "two-sided"
) -> Tested:
    """Ask the same exactly. 2 x 2: the statistic is the odds ratio of the table as it is written,
    which the alternative is about. k x 2: the probability of the table.

    Source: Freeman and Halton 1951, "Note on an exact treatment of contingency".

    Raises:
        NotEnoughDataError: more than two columns, or more tables than can be enumerated.
    """
    from scipy import stats  # as above

    if np.shape(table) == (2, 2):
        found = stats.fisher_exact(np.asarray(table), alternative=alternative)
        return Tested(float(found.statistic), float(found.pvalue), estimate=float(found.statistic))
    if np.shape(table)[1] != 2:  # noqa: PLR2004  # successes and failures
        raise NotEnoughDataError(f"a table of {np.shape(table)} has more columns than two.")
    hits, sizes = [int(row[0]) for row in table], [int(sum(row)) for row in table]
    if prod(min(size, sum(hits)) + 1 for size in sizes[1:]) > MOST_TABLES:
        raise NotEnoughDataError(
            f"{len(table)} rows have more than {MOST_TABLES:,} tables of these margins; use"
            " chi_squared, which holds with so many counts."
        )
    ways = comb(sum(sizes), sum(hits))
    own = prod(comb(size, hit) for size, hit in zip(sizes, hits, strict=True))
    less = sum(one for one in _ways(sizes, sum(hits)) if one <= own * SAME)
    return Tested(own / ways, less / ways)


def barnard(
    table: Sequence[Sequence[int]],
    *,
    alternative: Alternative = "two-sided",
    pooled: bool = True,
    by_boschloo: bool = False,
) -> Tested:
    """Ask it of 2 x 2 without fixing what both columns hold (columns are the arms), by the score
    statistic or, more powerful, by Fisher's p (Boschloo).
    """
    from scipy import stats  # as above

    counts = np.asarray(table)
    found = (
        stats.boschloo_exact(counts, alternative=alternative)
        if by_boschloo
        else stats.barnard_exact(counts, alternative=alternative, pooled=pooled)
    )
    return Tested(float(found.statistic), float(found.pvalue))


def mantel_haenszel(
    tables: Sequence[Sequence[Sequence[int]]], *, correction: bool = True
) -> Tested:
    """Ask whether strata of 2 x 2 tables have the odds ratio 1 in common (Cochran, Mantel and
    Haenszel); the estimate is their pooled odds ratio. R corrects by default, as here.
    """
    from statsmodels.stats.contingency_tables import StratifiedTable  # as above

    strata = StratifiedTable([np.asarray(one, dtype=float) for one in tables])
    found = strata.test_null_odds(correction=correction)
    return Tested(
        float(found.statistic), float(found.pvalue), df=1, estimate=float(strata.oddsratio_pooled)
    )


def log_rank(times: Values, happened: Values, groups: Values) -> Tested:
    """Ask whether groups have the same hazards.

    Args:
        times: Until the event, or until the unit was last seen.
        happened: Whether the event happened (1) or the unit was lost from sight (0).
        groups: Group of each unit.
    """
    from statsmodels.duration.survfunc import survdiff  # as above

    found: Any = survdiff(np.asarray(times, dtype=float), np.asarray(happened), np.asarray(groups))
    return Tested(float(found[0]), float(found[1]), df=len(np.unique(np.asarray(groups))) - 1)


def _arrays(groups: Sequence[Values]) -> list[npt.NDArray[np.float64]]:
    """Read the groups.

    Raises:
        NotEnoughDataError: fewer than two, or one without values.
    """
    found = [np.asarray(one, dtype=float) for one in groups]
    if len(found) < 2 or not all(len(one) for one in found):  # noqa: PLR2004  # a comparison
        raise NotEnoughDataError(f"{len(found)} groups with values; a comparison needs two.")
    return found


def _ways(sizes: Sequence[int], hits: int) -> list[int]:
    """Count the ways to each table with these rows and so many hits."""
    if len(sizes) == 1:
        return [comb(sizes[0], hits)] if hits <= sizes[0] else []
    return [
        comb(sizes[0], first) * rest
        for first in range(min(sizes[0], hits) + 1)
        for rest in _ways(sizes[1:], hits - first)
    ]
