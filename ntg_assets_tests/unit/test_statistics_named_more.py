"""Further tests with names, held against arithmetic; their figures against scipy and statsmodels
stand among the outside vectors.
"""

from math import comb, exp, inf, log, sqrt

import numpy as np
import pytest
import scipy

from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.statistics import library as st

A, B = [1.0, 2.0, 4.0], [3.0, 5.0, 8.0, 9.0]


def test_pairs_that_change_one_way() -> None:
    assert st.mcnemar(1, 5).p == 2 * (comb(6, 0) + comb(6, 1)) / 2**6
    expected = (2 * comb(6, 0) + comb(6, 1)) / 2**6
    assert st.mcnemar(1, 5, mid_p=True).p == pytest.approx(expected)
    assert st.mcnemar(1, 5, exact=False).statistic == (4 - 1) ** 2 / 6
    assert st.mcnemar(1, 5, exact=False, correction=False).statistic == 4**2 / 6
    assert st.mcnemar(3, 3).p == 1  # never more
    with pytest.raises(NotEnoughDataError, match="no pair"):
        st.mcnemar(0, 0)


def test_one_sample_is_held_against_a_value() -> None:
    sample = st.sample_from_values(A)
    found = st.one_sample_t(sample, value=1)
    assert found.difference == pytest.approx(7 / 3 - 1)
    assert found.standard_error == pytest.approx(sqrt(sample.variance / 3))
    above = st.one_sample_t(sample, value=1, alternative="greater")
    assert [above.p, above.high] == pytest.approx([found.p / 2, inf])
    assert st.binomial_p(st.Count(3, 3), 0.5) == 2 / 2**3
    assert st.one_share_z(st.Count(60, 100), 0.5).statistic == pytest.approx(0.1 / 0.05)
    own = st.one_share_z(st.Count(60, 100), 0.5, own_variance=True)
    assert own.statistic == pytest.approx(0.1 / sqrt(0.6 * 0.4 / 100))
    for constant in ([1.0, 1.0], [2.0] * 5):
        with pytest.raises(NotEnoughDataError, match="no interval"):
            st.one_sample_t(st.sample_from_values(constant))


@pytest.mark.parametrize("method", ["score", "wald", "wald-log", "sqrt", "exact"])
def test_rates_do_not_care_for_the_unit_of_exposure(method: st.RateMethod) -> None:
    found, in_days = (
        st.compare_rates(st.Rate(20, 10 * unit), st.Rate(50, 12 * unit), method=method)
        for unit in (1, 365)
    )
    assert found.p == pytest.approx(in_days.p)
    assert found.estimate == pytest.approx(50 / 12 / (20 / 10))
    turned = st.compare_rates(st.Rate(50, 12), st.Rate(20, 10), method=method)
    assert turned.p == pytest.approx(found.p)


def test_intervals_of_rates() -> None:
    low, high = st.rate_interval(st.Rate(0, 4))
    assert [low, high] == pytest.approx([0, -log(0.025) / 4])  # no event: exp(-rate * 4) = 2.5%
    ends = st.rate_ratio_interval(st.Rate(20, 10), st.Rate(50, 12))
    assert ends[0] * ends[1] == pytest.approx((50 / 12 / 2) ** 2)  # even on the logarithm's scale
    belief = st.update_rate(st.Rate(30, 20), prior=(2, 1))
    assert (belief.mean, belief.variance) == (32 / 21, 32 / 21**2)
    with pytest.raises(NotEnoughDataError, match="neither arm"):
        st.compare_rates(st.Rate(0, 1), st.Rate(0, 1))
    with pytest.raises(ConfigurationError, match="no method 'z'"):
        st.compare_rates(st.Rate(1, 1), st.Rate(2, 1), method="z")  # type: ignore[arg-type]


def test_effects_without_a_unit() -> None:
    control, treatment = (st.sample_from_values(arm) for arm in (A, B))
    found = st.effect_size(control, treatment)
    doubled = st.effect_size(*(st.sample_from_values([2 * x for x in arm]) for arm in (A, B)))
    assert doubled == pytest.approx(found)
    assert found.g / found.d == pytest.approx(1 - 3 / (4 * 5 - 1))
    assert found.glass == pytest.approx((6.25 - 7 / 3) / sqrt(control.variance))
    above = sum(b > a for a in A for b in B) - sum(b < a for a in A for b in B)
    assert st.cliffs_delta(A, B) == pytest.approx(above / 12)
    assert st.hodges_lehmann([1, 2], [5, 7]) == np.median([4, 3, 6, 5])
    geometric = st.ratio_of_geometric_means([1, 4], [2, 32])
    assert geometric.difference == pytest.approx(sqrt(64) / sqrt(4))
    assert st.number_needed_to_treat(st.Count(30, 100), st.Count(20, 100)) == pytest.approx(10)
    assert st.number_needed_to_treat(st.Count(3, 10), st.Count(3, 10)) == inf
    with pytest.raises(NotEnoughDataError, match="above zero"):
        st.ratio_of_geometric_means([0, 1], [1, 2])


def test_experiments_are_weighed_by_their_precision() -> None:
    found = st.combine_effects([1.0, 4.0], [1.0, 2.0])
    assert found.effect == pytest.approx((1 + 4 / 4) / (1 + 1 / 4))
    assert found.standard_error == pytest.approx(1 / sqrt(1 + 1 / 4))
    assert found.q == pytest.approx((4 - 1) ** 2 / (1 + 4))
    assert found.heterogeneity_p == pytest.approx(st.alike_p([(1, 1), (4, 2)]))
    same = st.combine_effects([2, 2, 2], [1, 1, 1], is_random=True)
    assert (same.effect, same.i_squared, same.tau_squared) == (2, 0, 0)
    apart = st.combine_effects([0, 9], [0.1, 0.2], is_random=True)
    assert apart.effect == pytest.approx(4.5, abs=0.1)  # nearly equal weights
    for effects, errors in (([1], [1]), ([1, 2], [1, 0]), ([1, 2], [1])):
        with pytest.raises(NotEnoughDataError):
            st.combine_effects(effects, errors)


def test_rules_of_plans() -> None:
    assert st.false_positive_risk(significance=0.05, power=1, prior=0.5) == 0.05 / 1.05
    low, high = st.sprt_bounds(significance=0.05, power=0.8)
    assert [exp(low), exp(high)] == pytest.approx([0.2 / 0.95, 16])
    assert st.units_by_rule_of_thumb(4, 0.5) == 16 * 4 / 0.25
    assert st.diluted_effect(0.2, triggered=0.25) == 0.05
    assert st.units_for_skewness(-2) == 355 * 4
    # an F of two groups is the square of a t
    two = st.anova_power(0.25, n=120, groups=2)
    t = st.power(0.5, n_control=60, design=st.Design(1, 1, equal_variances=True))
    assert two == pytest.approx(t, abs=1e-6)
    assert st.chi_squared_power(0.0, n=100, df=3) == pytest.approx(0.05)


def test_a_significant_result_of_a_small_study_exaggerates() -> None:
    found = st.design_errors(1.0, 1.0)
    drawn = np.random.default_rng(0).normal(1, 1, 2_000_000)
    claimed = drawn[np.abs(drawn) > scipy.stats.norm.isf(0.025)]
    assert found.power == pytest.approx(len(claimed) / len(drawn), abs=1e-3)
    assert found.wrong_sign == pytest.approx((claimed < 0).mean(), abs=2e-3)
    assert found.exaggeration == pytest.approx(np.abs(claimed).mean(), abs=5e-3)
    assert st.design_errors(9.0, 1.0).exaggeration == pytest.approx(1, abs=1e-6)


def test_the_chances_to_be_best_add_up() -> None:
    beliefs = [st.update_share(hits, 200) for hits in (20, 24, 31)]
    found = st.chances_to_be_best(beliefs)
    assert sum(found) == pytest.approx(1, abs=1e-9)
    pair = st.chances_to_be_best(beliefs[:2])
    assert pair[1] == pytest.approx(st.compare_shares_bayes(*beliefs[:2]).chance_to_win, abs=1e-9)


def test_units_given_their_arms_again_in_all_ways() -> None:
    found = st.permutation_p([1, 2, 3], [7, 8, 9])
    assert found.p == pytest.approx(2 / comb(6, 3))
    one, other, p = st.tukey([A, B, A])[1]
    assert (one, other) == (0, 2)
    assert p == pytest.approx(1)
    arms = [st.sample_from_values(arm) for arm in (A, B)]
    assert st.anova_of_samples(arms).p == pytest.approx(st.compare_with_one_variance(*arms).p)
    turned = [st.brunner_munzel(A, B, alternative=side).p for side in ("greater", "less")]
    assert turned[0] < 0.1
    assert turned[1] > 0.9
    with pytest.raises(NotEnoughDataError, match="no F"):
        st.anova_of_samples([st.Sample(3, 1, 0), st.Sample(3, 2, 0)])
