"""The promises of the statistics, measured where the truth is known: error rates,
coverage, power, peeking.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
import scipy
from numpy.typing import NDArray

from ntg_assets.statistics.from_values import order_statistics
from ntg_assets.statistics.moments import Moments
from ntg_assets.statistics.planning.power import Design, power, units_for_effect
from ntg_assets.statistics.quantiles import compare_quantiles
from ntg_assets.statistics.repeated.anytime import anytime_factor
from ntg_assets.statistics.repeated.max_t import max_t_critical, shared_control_loadings
from ntg_assets.statistics.repeated.multiple_testing import holm
from ntg_assets.statistics.repeated.sequential import planned_looks
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.shares.proportions import (
    Count,
    compare_proportions,
    compare_small_proportions,
)
from ntg_assets.statistics.two_samples import Difference, compare_means

Floats = NDArray[np.float64]
pytestmark = pytest.mark.slow
ORDER = ("value", "denominator", "covariate", "covariate_denominator")


def within(found: float, expected: float, *, n: int, errors: float = 3.0) -> bool:
    return abs(found - expected) <= errors * sqrt(expected * (1 - expected) / n)


def sample(values: Floats) -> Sample:
    return Sample(len(values), float(values.mean()), float(values.var(ddof=1)))


def moments(
    value: Floats, *, denominator: Floats | None = None, covariate: Floats | None = None
) -> Moments:
    ones = np.ones(len(value))
    rows = [
        value,
        ones if denominator is None else denominator,
        0 * ones if covariate is None else covariate,
        ones,
    ]
    table = np.cov(np.array(rows))
    pairs = {
        (one, other): float(table[i, j])
        for i, one in enumerate(ORDER)
        for j, other in enumerate(ORDER)
        if i <= j
    }
    return Moments(
        len(value), dict(zip(ORDER, (float(row.mean()) for row in rows), strict=True)), pairs
    )


def aa_welch(rng: np.random.Generator) -> Difference:
    return compare_means(sample(rng.lognormal(0, 1, 800)), sample(rng.lognormal(0, 1, 1_200)))


def aa_ratio(rng: np.random.Generator) -> Difference:
    clicks = [(rng.poisson(5, 800) + 1).astype(np.float64) for _ in range(2)]
    return compare_means(
        *adjusted_samples(
            [moments(rng.binomial(n.astype(int), 0.3).astype(float), denominator=n) for n in clicks]
        )
    )


def aa_cuped(rng: np.random.Generator) -> Difference:
    before = [rng.lognormal(0, 1, 600) for _ in range(2)]
    return compare_means(
        *adjusted_samples([moments(x + rng.normal(0, 1, 600), covariate=x) for x in before])
    )


def aa_share(rng: np.random.Generator) -> Difference:
    return compare_proportions(
        Count(rng.binomial(2_000, 0.1), 2_000), Count(rng.binomial(3_000, 0.1), 3_000)
    )


def aa_quantile(rng: np.random.Generator) -> Difference:
    return compare_quantiles(*(order_statistics(rng.lognormal(0, 1, 2_000), 0.9) for _ in range(2)))


@pytest.mark.parametrize("once", [aa_welch, aa_ratio, aa_cuped, aa_share, aa_quantile])
def test_without_an_effect_five_percent_of_the_tests_say_there_is_one(
    once: Callable[[np.random.Generator], Difference],
) -> None:
    rng, n = np.random.default_rng(11), 2_000
    found = [once(rng) for _ in range(n)]
    assert within(float(np.mean([one.p < 0.05 for one in found])), 0.05, n=n)
    assert within(float(np.mean([one.low <= 0 <= one.high for one in found])), 0.95, n=n)


def test_small_shares_keep_their_error_rate_at_or_below_the_promise() -> None:
    rng, n = np.random.default_rng(12), 2_000
    found = [
        compare_small_proportions(
            Count(rng.binomial(60, 0.05), 60), Count(rng.binomial(60, 0.05), 60)
        ).p
        < 0.05
        for _ in range(n)
    ]
    assert float(np.mean(found)) <= 0.05 + 3 * sqrt(0.05 * 0.95 / n)


def test_many_tests_at_once_are_the_same_tests() -> None:
    rng = np.random.default_rng(13)
    one, other = rng.normal(0, 1, (5, 40)), rng.normal(0.3, 2, (5, 60))
    together = scipy.stats.ttest_ind(one, other, axis=1, equal_var=False).pvalue
    assert together == pytest.approx(
        [compare_means(sample(a), sample(b)).p for a, b in zip(one, other, strict=True)], rel=1e-9
    )


def test_three_treatments_against_one_control_claim_something_in_five_percent_at_most() -> None:
    rng, n = np.random.default_rng(14), 20_000
    units = np.array([400, 300, 500, 200])
    means = rng.normal(0, 1, (n, 4)) / np.sqrt(units)
    control, *treatments = [Sample(int(one), 0.0, 1.0) for one in units]
    errors = np.sqrt(1 / units[0] + 1 / units[1:])
    statistics = np.abs((means[:, 1:] - means[:, :1]) / errors)
    critical = max_t_critical(shared_control_loadings(control, treatments))
    assert within(float((statistics.max(axis=1) > critical).mean()), 0.05, n=n)
    assert float((statistics.max(axis=1) > 1.96).mean()) > 0.10  # without the correction


def test_holm_claims_something_in_five_percent_at_most() -> None:
    rng, n = np.random.default_rng(15), 4_000
    claims = [min(holm(list(rng.random(5)))) < 0.05 for _ in range(n)]
    assert float(np.mean(claims)) <= 0.05 + 3 * sqrt(0.05 * 0.95 / n)


def looks(n_repetitions: int, n_looks: int, *, seed: int, drift: float = 0.0) -> Floats:
    """Make z statistics at equally spaced looks; `drift` is the mean z at the last one."""
    rng = np.random.default_rng(seed)
    shares = np.arange(1, n_looks + 1) / n_looks
    walk = rng.normal(drift / n_looks, sqrt(1 / n_looks), (n_repetitions, n_looks)).cumsum(axis=1)
    return walk / np.sqrt(shares)


def test_ten_planned_looks_together_claim_something_in_five_percent() -> None:
    n = 40_000
    statistics, bounds = (
        looks(n, 10, seed=16),
        planned_looks([look / 10 for look in range(1, 11)]).bounds,
    )
    assert within(float((np.abs(statistics) > np.array(bounds)).any(axis=1).mean()), 0.05, n=n)


def test_peeking_twenty_times_without_a_plan_claims_something_in_a_quarter() -> None:
    assert float((np.abs(looks(20_000, 20, seed=17)) > 1.96).any(axis=1).mean()) > 0.22


def test_a_confidence_sequence_may_be_looked_at_all_the_time() -> None:
    rng, n_repetitions, n_units = np.random.default_rng(18), 2_000, 4_000
    sums = rng.exponential(1, (n_repetitions, n_units)).cumsum(axis=1) - np.arange(1, n_units + 1)
    seen = np.arange(100, n_units + 1)
    factor = np.array([anytime_factor(float(n), tuned_for=2_000) for n in seen])
    crossed = (np.abs(sums[:, seen - 1]) / np.sqrt(seen) > factor).any(axis=1)
    assert float(crossed.mean()) <= 0.05 + 3 * sqrt(0.05 * 0.95 / n_repetitions)


@pytest.mark.parametrize(("ratio", "spread"), [(1.0, 1.0), (3.0, 2.0)])
def test_the_power_of_the_plan_is_the_power_of_the_test(ratio: float, spread: float) -> None:
    rng, n = np.random.default_rng(19), 4_000
    design = Design(1.0, spread**2, ratio=ratio)
    units = round(units_for_effect(0.25, design=design, wanted_power=0.8))
    one, other = rng.normal(0, 1, (n, units)), rng.normal(0.25, spread, (n, round(units * ratio)))
    p = scipy.stats.ttest_ind(one, other, axis=1, equal_var=False).pvalue
    assert abs(float((p < 0.05).mean()) - 0.8) <= 0.02
    assert power(0.25, n_control=units, design=design) == pytest.approx(0.8, abs=0.005)


def test_planned_looks_cost_little_power() -> None:
    bounds = planned_looks([look / 5 for look in range(1, 6)]).bounds
    statistics = looks(40_000, 5, seed=20, drift=1.96 + 0.8416)  # 80% with one look
    found = float((np.abs(statistics) > np.array(bounds)).any(axis=1).mean())
    assert 0.76 < found < 0.80
