"""The tests that have names, as scipy and statsmodels compute them: several groups, tables of
counts, strata of tables, times to an event. Those of ranks and signs are in `rank_tests`.

No decision rests on them: an effect without an interval cannot be held against a margin or a cost.
"""

from collections.abc import Sequence
from math import comb, prod
from typing import Any

import numpy as np

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.named.tested import Tested, Values, groups_of
from ntg_assets.statistics.student_t import Alternative

MOST_TABLES = 200_000  # with the margins of a table, beyond which Fisher's test is not enumerated
SAME = 1 + 1e-7  # two probabilities that differ by less are one: R's and scipy's tolerance


def one_way_anova(groups: Sequence[Values], *, equal_var: bool = True) -> Tested:
    """Ask whether several groups have one mean (F; Welch's with a variance for each)."""
    from scipy import stats  # slow to load

    scipy_result = stats.f_oneway(*groups_of(groups), equal_var=equal_var)
    return Tested(float(scipy_result.statistic), float(scipy_result.pvalue), df=len(groups) - 1)


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
    scipy_result = stats.chi2_contingency(counts, correction=correction, lambda_=1 - by_likelihood)
    return Tested(
        float(scipy_result.statistic), float(scipy_result.pvalue), df=int(scipy_result.dof)
    )


def fisher_table(
    table: Sequence[Sequence[int]], *, alternative: Alternative = "two-sided"
) -> Tested:
    """Ask the same exactly. 2 x 2: the statistic is the odds ratio of the table as it is written,
    which the alternative is about. k x 2: the probability of the table.

    Source: Freeman and Halton 1951, "Note on an exact treatment of contingency".

    Raises:
        NotEnoughDataError: more than two columns, or more tables than can be enumerated.
    """
    if np.shape(table) == (2, 2):
        return _fisher_of_four(table, alternative)
    if np.shape(table)[1] != 2:  # noqa: PLR2004  # successes and failures
        raise NotEnoughDataError(f"a table of {np.shape(table)} has more columns than two.")
    return _freeman_halton([int(row[0]) for row in table], [int(sum(row)) for row in table])


def _fisher_of_four(table: Sequence[Sequence[int]], alternative: Alternative) -> Tested:
    from scipy import stats  # as above

    scipy_result = stats.fisher_exact(np.asarray(table), alternative=alternative)
    odds_ratio = float(scipy_result.statistic)
    return Tested(odds_ratio, float(scipy_result.pvalue), estimate=odds_ratio)


def _freeman_halton(hits: list[int], sizes: list[int]) -> Tested:
    """Add up the tables of the same margins that are no likelier than the table itself."""
    if prod(min(size, sum(hits)) + 1 for size in sizes[1:]) > MOST_TABLES:
        raise NotEnoughDataError(
            f"{len(sizes)} rows have more than {MOST_TABLES:,} tables of these margins; use"
            " chi_squared, which holds with so many counts."
        )
    ways = comb(sum(sizes), sum(hits))
    own = prod(comb(size, hit) for size, hit in zip(sizes, hits, strict=True))
    less = sum(probability for probability in _ways(sizes, sum(hits)) if probability <= own * SAME)
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
    scipy_result = (
        stats.boschloo_exact(counts, alternative=alternative)
        if by_boschloo
        else stats.barnard_exact(counts, alternative=alternative, pooled=pooled)
    )
    return Tested(float(scipy_result.statistic), float(scipy_result.pvalue))


def mantel_haenszel(
    tables: Sequence[Sequence[Sequence[int]]], *, correction: bool = True
) -> Tested:
    """Ask whether strata of 2 x 2 tables have the odds ratio 1 in common (Cochran, Mantel and
    Haenszel); the estimate is their pooled odds ratio. R corrects by default, as here.
    """
    from statsmodels.stats.contingency_tables import StratifiedTable  # as above

    strata = StratifiedTable([np.asarray(table, dtype=float) for table in tables])
    tested = strata.test_null_odds(correction=correction)
    odds_ratio = float(strata.oddsratio_pooled)
    return Tested(float(tested.statistic), float(tested.pvalue), df=1, estimate=odds_ratio)


def log_rank(times: Values, happened: Values, groups: Values) -> Tested:
    """Ask whether groups have the same hazards.

    Args:
        times: Until the event, or until the unit was last seen.
        happened: Whether the event happened (1) or the unit was lost from sight (0).
        groups: Group of each unit.
    """
    from statsmodels.duration.survfunc import survdiff  # as above

    labels = np.asarray(groups)
    tested: Any = survdiff(np.asarray(times, dtype=float), np.asarray(happened), labels)
    return Tested(float(tested[0]), float(tested[1]), df=len(np.unique(labels)) - 1)


def _ways(sizes: Sequence[int], hits: int) -> list[int]:
    """Count the ways to each table with these rows and so many hits."""
    if len(sizes) == 1:
        return [comb(sizes[0], hits)] if hits <= sizes[0] else []
    return [
        comb(sizes[0], first) * rest
        for first in range(min(sizes[0], hits) + 1)
        for rest in _ways(sizes[1:], hits - first)
    ]
