"""What must hold for any numbers: order, scale,
sign and splitting change nothing that they should not change.
"""

from math import isclose

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.bucketing import choose_arm
from ntg_assets.randomness import bucket_of
from ntg_assets.statistics.bayes import Belief, update
from ntg_assets.statistics.moments import Sums, moments_of, total
from ntg_assets.statistics.repeated.anytime import anytime_factor, anytime_p
from ntg_assets.statistics.repeated.max_t import max_t_p
from ntg_assets.statistics.repeated.multiple_testing import benjamini_hochberg, bonferroni, holm
from ntg_assets.statistics.repeated.sequential import crossing_probability, planned_looks
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.two_samples import compare_means
from ntg_assets_tests.experiment_sums import sums

values = st.lists(
    st.integers(-(10**9), 10**9).map(lambda micro: micro / 1e6), min_size=2, max_size=30
)
p_values = st.lists(st.floats(1e-12, 1), min_size=1, max_size=20)
samples = st.builds(Sample, st.integers(2, 10**6), st.floats(-1e6, 1e6), st.floats(1e-6, 1e9))


@given(values, values)
def test_sums_of_parts_are_the_sums_of_the_whole(one: list[float], other: list[float]) -> None:
    assert total([sums(one), sums(other)]) == sums([*one, *other])


@given(values)
def test_moments_are_those_of_numpy(given_values: list[float]) -> None:
    found = moments_of(sums(given_values))
    assert isclose(found.mean["value"], float(np.mean(given_values)), rel_tol=1e-9, abs_tol=1e-9)
    assert isclose(
        found.covariance["value", "value"],
        float(np.var(given_values, ddof=1)),
        rel_tol=1e-6,
        abs_tol=1e-9,
    )
    assert found.covariance["value", "value"] >= 0


@given(values, st.integers(-(10**6), 10**6))
def test_adding_a_constant_moves_the_mean_and_leaves_the_variance_exactly_as_it_was(
    given_values: list[float], shift: int
) -> None:
    before, after = (
        moments_of(sums(part)) for part in (given_values, [value + shift for value in given_values])
    )
    assert after.covariance["value", "value"] == before.covariance["value", "value"]


@given(values)
def test_a_covariate_equal_to_the_metric_explains_all_of_it(given_values: list[float]) -> None:
    moments = moments_of(sums(given_values, covariate=given_values))
    adjusted = adjusted_samples([moments])[0]
    assert adjusted.variance <= 1e-9 * max(1.0, moments.covariance["value", "value"])


@given(samples, samples)
def test_exchanging_the_arms_turns_the_sign_and_nothing_else(one: Sample, other: Sample) -> None:
    forth, back = compare_means(one, other), compare_means(other, one)
    assert (forth.difference, forth.low, forth.high) == pytest.approx(
        (-back.difference, -back.high, -back.low)
    )
    assert forth.p == pytest.approx(back.p)
    assert forth.low <= forth.difference <= forth.high
    assert (forth.p < 0.05) == (forth.low > 0 or forth.high < 0) or isclose(
        forth.p, 0.05, rel_tol=1e-6
    )


@given(p_values)
def test_adjusted_p_values_keep_their_order_and_are_never_smaller(given_p: list[float]) -> None:
    for adjusted in (holm(given_p), benjamini_hochberg(given_p), bonferroni(given_p)):
        assert all(
            raw <= found * (1 + 1e-12) <= 1 + 1e-12
            for raw, found in zip(given_p, adjusted, strict=True)
        )
        order = np.argsort(given_p, kind="stable")
        assert list(np.array(adjusted)[order]) == sorted(adjusted)
    assert all(
        one <= other + 1e-15 for one, other in zip(holm(given_p), bonferroni(given_p), strict=True)
    )


@given(st.floats(0, 8), st.lists(st.floats(0.05, 0.95), min_size=1, max_size=5))
def test_the_joint_p_lies_between_one_comparison_and_bonferroni(
    statistic: float, loadings: list[float]
) -> None:
    alone = max_t_p(statistic, loadings[:1])
    assert alone - 1e-9 <= max_t_p(statistic, loadings) <= min(1.0, len(loadings) * alone) + 1e-9


@given(st.integers(1, 6), st.floats(0.01, 0.2))
def test_planned_looks_spend_exactly_the_error_rate(n_looks: int, alpha: float) -> None:
    looks = planned_looks([(look + 1) / n_looks for look in range(n_looks)], alpha=alpha)
    assert crossing_probability(looks.shares, looks.bounds) == pytest.approx(alpha, rel=1e-3)
    assert list(looks.bounds) == sorted(looks.bounds, reverse=True)


@given(st.floats(10, 1e7), st.floats(0, 8), st.floats(100, 1e6))
def test_the_any_time_p_and_the_confidence_sequence_say_the_same(
    n: float, statistic: float, tuned_for: float
) -> None:
    factor = anytime_factor(n, tuned_for=tuned_for)
    assume(not isclose(factor, statistic, rel_tol=1e-6))
    assert (anytime_p(statistic, n=n, tuned_for=tuned_for) < 0.05) == (statistic > factor)


@given(st.floats(-100, 100), st.floats(1e-3, 1e3), st.floats(-100, 100), st.floats(1e-3, 1e3))
def test_a_prior_pulls_the_estimate_toward_itself_and_makes_it_surer(
    estimate: float, error: float, mean: float, variance: float
) -> None:
    found = update(estimate, error, prior=Belief(mean, variance))
    assert min(estimate, mean) - 1e-9 <= found.mean <= max(estimate, mean) + 1e-9
    assert found.variance < min(error, variance) * (1 + 1e-12)


@pytest.mark.slow
@given(st.text(min_size=1), st.lists(st.floats(0.1, 10), min_size=2, max_size=5))
def test_every_unit_gets_an_arm_and_always_the_same_whatever_it_is_called(
    unit: str, weights: list[float]
) -> None:
    arms = [
        ArmSettings(name=f"arm-{n}", strategy="x", weight=weight)
        for n, weight in enumerate(weights)
    ]
    one = ExperimentSettings(
        id="e", hypothesis="Any list will do.", owner="science", arms=arms, primary_metric="hit"
    )
    assert choose_arm(unit, one) == choose_arm(unit, one)
    assert 0 <= bucket_of("e", unit) < 16**15


@given(values)
def test_nothing_but_nulls_is_nothing(given_values: list[float]) -> None:
    empty = Sums(0, len(given_values), 0, sums([]).first, sums([]).second)
    assert total([sums(given_values), empty]).first == sums(given_values).first
