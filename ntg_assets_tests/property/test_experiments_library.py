"""Our formulas against tea-tasting's, number by number: the library is the judge,
not the engine.
"""

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.shares.proportions import Count, compare_proportions
from ntg_assets.statistics.student_t import Alternative
from ntg_assets.statistics.two_samples import compare_means
from ntg_assets_tests.experiment_library import proportions_by_library, welch_by_library

samples = st.builds(Sample, st.integers(3, 10**6), st.floats(1, 1e4), st.floats(1e-4, 1e4))
alternatives: st.SearchStrategy[Alternative] = st.sampled_from(["two-sided", "greater", "less"])
NAMES = {
    "difference": "effect_size",
    "low": "effect_size_ci_lower",
    "high": "effect_size_ci_upper",
    "p": "pvalue",
}
RELATIVE = {
    "relative": "rel_effect_size",
    "relative_low": "rel_effect_size_ci_lower",
    "relative_high": "rel_effect_size_ci_upper",
}


@settings(max_examples=60, deadline=None)
@given(samples, samples, st.sampled_from([0.8, 0.95, 0.99]), alternatives)
def test_welch_is_the_librarys(
    one: Sample, other: Sample, confidence: float, alternative: Alternative
) -> None:
    found = compare_means(one, other, confidence=confidence, alternative=alternative)
    wanted = welch_by_library(one, other, confidence=confidence, alternative=alternative)
    for ours, theirs in (NAMES | (RELATIVE if found.relative is not None else {})).items():
        assert isclose(getattr(found, ours), wanted[theirs], rel_tol=1e-9, abs_tol=1e-12), ours


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 10**5),
    st.integers(2, 10**5),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
    st.booleans(),
)
def test_shares_are_compared_as_the_library_does(
    n: int,
    m: int,
    one: float,
    other: float,
    pooled: bool,  # noqa: FBT001  # drawn
) -> None:
    control, treatment = (
        Count(max(1, round(one * (n - 1))), n),
        Count(max(1, round(other * (m - 1))), m),
    )
    wanted = proportions_by_library(control, treatment, pooled=pooled)
    found = compare_proportions(control, treatment, pooled=pooled)
    assert isclose(found.p, wanted["pvalue"], rel_tol=1e-9, abs_tol=1e-12)
    assert isclose(found.difference, wanted["effect_size"], rel_tol=1e-9, abs_tol=1e-12)


def test_no_claim_where_nothing_varies() -> None:
    with pytest.raises(NotEnoughDataError, match="no interval exists"):
        compare_means(Sample(10, 1.0, 0.0), Sample(10, 2.0, 0.0))
