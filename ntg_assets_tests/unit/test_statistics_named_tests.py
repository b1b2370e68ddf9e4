"""The tests that have names: by arithmetic where it is short, and from outside vectors by their
fields.
"""

from math import comb
from typing import Any

import numpy as np
import pytest
import scipy

from benchmarks.experiment_vectors import evaluate
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics import library as st

LOW, HIGH = [1.0, 2.0, 3.5], [4.0, 5.5, 9.0]
TABLE = [[3, 1], [1, 3]]
KIDNEYS = [[[81, 6], [234, 36]], [[192, 71], [55, 25]]]  # Charig and others 1986: small, large


def met(kind: str, inputs: dict[str, Any], expected: Any, tol: float | str = 1e-9) -> None:
    found = evaluate({"id": "x", "kind": kind, "inputs": inputs, "expected": expected, "tol": tol})
    assert (found.outcome, found.detail) == ("met", "")


def test_ranks_that_do_not_overlap_are_the_rarest_of_all_orders() -> None:
    found = st.mann_whitney(LOW, HIGH)
    assert (found.statistic, found.estimate) == (9, 1)
    assert found.p == pytest.approx(2 / comb(6, 3))
    assert st.mann_whitney(LOW, HIGH, alternative="greater").p == pytest.approx(1 / comb(6, 3))
    met("mann_whitney", {"a": LOW, "b": HIGH}, {"U": 0.0, "p": 2 / comb(6, 3)})
    met("ranksum.one_sided", {"a": LOW, "b": HIGH, "alternative": "less"}, {"p": 1.0})


def test_signs_and_signed_ranks_count_the_ways() -> None:
    rises = [0.3, 1.2, 2.0, 0.7, 0.0, 0.9]
    signs = st.sign_test(rises)
    assert (signs.statistic, signs.estimate) == (5, 1)
    assert signs.p == pytest.approx(2 / 2**5)
    signed = st.signed_ranks([one for one in rises if one])
    assert signed.statistic == 15
    assert signed.p == pytest.approx(2 / 2**5)
    with pytest.raises(NotEnoughDataError, match="none of 2 pairs differs"):
        st.sign_test([0.0, 0.0])
    met("sign_test", {"differences": rises}, {"p": 2 / 2**5, "n_positive": 5})
    pairs = {"control": LOW, "treatment": [2.5, 1.0, 7.5]}
    met("wilcoxon.signed_rank", pairs, {"V": 5.0, "statistic": 1.0, "p": 0.5})
    t = scipy.stats.ttest_rel(pairs["treatment"], pairs["control"])
    met("paired_t", pairs, {"t": float(t.statistic), "df": 2, "p": float(t.pvalue)})
    diffs = [1.5, -1.0, 4.0]
    met("t-test.paired", {"diffs": diffs}, {"t": float(t.statistic), "p": float(t.pvalue)})


def test_two_groups_of_anova_are_students_t_squared() -> None:
    t = scipy.stats.ttest_ind(LOW, HIGH)
    found = st.one_way_anova([LOW, HIGH])
    assert (found.statistic, found.p) == pytest.approx((t.statistic**2, t.pvalue))
    three = {"groups": [LOW, HIGH, [0.5, 7.0]]}
    f, h = scipy.stats.f_oneway(*three["groups"]), scipy.stats.kruskal(*three["groups"])
    met("anova.oneway", three, {"F": float(f.statistic), "p": float(f.pvalue), "df2": 5})
    met("kruskal_wallis", three, {"H": float(h.statistic), "p": float(h.pvalue), "df": 2})
    welch = scipy.stats.f_oneway(*three["groups"], equal_var=False)
    met("anova.welch", three, {"F": float(welch.statistic), "p": float(welch.pvalue)})


def test_the_lady_tasted_eight_cups() -> None:
    ways = comb(8, 4)
    assert st.fisher_table(TABLE).p == pytest.approx(2 * (comb(4, 3) * comb(4, 1) + 1) / ways)
    met("fisher_exact", {"table": TABLE, "alternative": "greater"}, {"p": 17 / ways})
    met("fisher", {"table": TABLE}, {"odds_ratio": 9.0, "p": 34 / ways})


def test_fishers_test_of_more_rows_adds_up_all_tables_that_are_no_likelier() -> None:
    # (4, 0), (0, 4), (0, 2) of 4 hits in 10: the likelihoods are comb(4, a) comb(4, b) comb(2, c)
    own = comb(4, 4) * comb(4, 0) * comb(2, 0)
    ways = [
        comb(4, a) * comb(4, b) * comb(2, 4 - a - b)
        for a in range(5)
        for b in range(5)
        if 0 <= 4 - a - b <= 2
    ]
    assert sum(ways) == comb(10, 4)
    p = sum(one for one in ways if one <= own) / comb(10, 4)
    assert st.fisher_table([[4, 0], [0, 4], [0, 2]]).p == pytest.approx(p)
    met("fisher.k_by_2", {"table": [[4, 0], [0, 4], [0, 2]]}, {"p": p})
    with pytest.raises(NotEnoughDataError, match="use chi_squared"):
        st.fisher_table([[500, 500]] * 4)


def test_chi_squared_of_a_table_is_the_sum_over_its_cells() -> None:
    rows = np.array([[10, 20], [30, 15], [22, 18]])
    expected = rows.sum(axis=1, keepdims=True) * rows.sum(axis=0) / rows.sum()
    chisq = float(((rows - expected) ** 2 / expected).sum())
    p = float(scipy.special.chdtrc(2, chisq))
    met("chi_square", {"table": rows.tolist()}, {"chisq": chisq, "df": 2, "p": p})
    g = float(2 * (rows * np.log(rows / expected)).sum())
    met("g-test", {"table": rows.tolist()}, {"G": g, "p": float(scipy.special.chdtrc(2, g))})
    four = np.array(TABLE)
    yates = float(((abs(four - 2) - 0.5) ** 2 / 2).sum())
    met("chi_squared.yates", {"table": TABLE}, {"statistic": yates})
    met("chi_squared", {"table": TABLE, "correction": False}, {"statistic": 2.0})
    with pytest.raises(NotEnoughDataError, match="holds nothing"):
        st.chi_squared([[1, 0], [2, 0]])


def test_unconditional_tests_are_those_of_scipy() -> None:
    table = [[7, 12], [8, 3]]  # Barnard's example in scipy: columns are the arms
    met("barnard", {"table": table, "alternative": "less"}, {"p": 0.03407}, 5e-5)
    p = float(scipy.stats.boschloo_exact(table, alternative="less").pvalue)
    met("boschloo", {"table": table, "alternative": "less"}, {"p": p})


def test_strata_of_tables_add_up_their_surprises() -> None:
    surprise = variance = above = below = 0.0
    for (a, b), (c, d) in KIDNEYS:
        n = a + b + c + d
        surprise += a - (a + b) * (a + c) / n
        variance += (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
        above, below = above + a * d / n, below + b * c / n
    for correction in (True, False):
        chisq = (abs(surprise) - 0.5 * correction) ** 2 / variance
        p = float(scipy.special.chdtrc(1, chisq))
        inputs = {"tables": KIDNEYS, "correction": correction}
        met("cmh", inputs, {"statistic": chisq, "p": p, "odds_ratio": above / below})


def test_the_log_rank_holds_each_event_against_those_at_risk() -> None:
    # events at 2 (of 2 and 2), 3 (of 1 and 2), 5 (of 0 and 2): the second arm lives longer
    arms = {"a": {"time": [2, 3], "status": [1, 1]}, "b": {"time": [5, 6], "status": [1, 0]}}
    expected = 2 / 4 + 1 / 3
    variance = 1 / 4 + 2 / 9
    chisq = (2 - expected) ** 2 / variance
    p = float(scipy.special.chdtrc(1, chisq))
    met("logrank", arms, {"statistic": chisq, "p": p})
    flat = {"time": [2, 3, 5, 6], "status": [1, 1, 1, 0], "group": ["x", "x", "y", "y"]}
    met("survival.log_rank", flat, {"chisq": chisq, "df": 1})
