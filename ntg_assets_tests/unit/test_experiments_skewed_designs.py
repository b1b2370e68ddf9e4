"""Skewed values in arms of unequal size, where units come in strata or clusters, with covariates,
or as counts, means and variances: what error stands, and that tests keep their level.
"""

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest

from ntg_assets.arrays import Floats
from ntg_assets.experiments.data.units.aggregate_designs import contrasts_of_aggregates
from ntg_assets.statistics import library as st
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Units, contrast_of
from ntg_assets.statistics.metric_kinds import KINDS, Arm, Terms
from ntg_assets.statistics.shares.proportions import exact_ratio_p
from ntg_assets.statistics.skewness import LARGER_ERROR, ONE_VARIANCE
from ntg_assets.statistics.student_t import t_critical
from ntg_assets.statistics.two_samples import pooled_error
from ntg_assets_tests.trials import trial

LARGE, SMALL, WORLDS = 1_800, 200, 200
ARMS = np.repeat([0, 1], [LARGE, SMALL]).astype(np.int64)


def skewed(rng: np.random.Generator, n: int = LARGE + SMALL) -> tuple[Floats, Floats]:
    """Draw what units did before and after, lognormal with sigma 2."""
    before, new = rng.normal(0, 2, (2, n))
    return np.exp(before), np.exp(0.7 * before + 0.714 * new)


def with_covariate(before: Floats, after: Floats) -> Units:
    return Units(after, ARMS, covariates=before[:, None])


def in_strata(before: Floats, after: Floats) -> Units:
    strata = np.searchsorted(np.quantile(before, [0.5, 0.8, 0.95]), before)
    return Units(after, ARMS, strata=strata.astype(np.int64))


def as_ratio(before: Floats, after: Floats) -> Units:
    return Units(after * 2, ARMS, weights=np.full(len(after), 2.0), covariates=before[:, None])


@pytest.mark.slow
@pytest.mark.parametrize("design", [with_covariate, in_strata, as_ratio])
def test_designs_keep_their_level_where_values_are_skewed_and_arms_unequal(
    design: Callable[[Floats, Floats], Units],
) -> None:
    """With an error of each arm's own 10 to 14% of 2,000 such tests claimed what is not there."""
    rng = np.random.default_rng(11)
    found = [contrast_units(design(*skewed(rng)))[0] for _ in range(WORLDS)]
    claimed = sum(contrast.at(0.95).p < 0.05 for contrast in found)
    assert claimed / WORLDS < 0.05 + 2 * (0.05 * 0.95 / WORLDS) ** 0.5
    assert sum(contrast.method == ONE_VARIANCE for contrast in found) > 0.9 * WORLDS


def test_without_strata_the_error_over_all_draws_is_of_one_variance() -> None:
    """One stratum, and single units with a denominator of 1, are Student's test: (s^2 / 1,800 +
    s^2 / 200) with one s^2.
    """
    rng = np.random.default_rng(3)
    values = skewed(rng)[1]
    samples = [st.sample_from_values(values[arm == ARMS]) for arm in (0, 1)]
    (one,) = contrast_units(Units(values, ARMS, strata=np.zeros(len(values), dtype=np.int64)))
    assert one.method == ONE_VARIANCE
    assert one.degrees_of_freedom == pytest.approx(LARGE + SMALL - 2)
    # each unit's residual is widened by its own arm's n / (n - 1): 1 in 200 at most
    assert one.standard_error**2 == pytest.approx(pooled_error(*samples), rel=1 / SMALL)
    (ratio,) = contrast_units(Units(values, ARMS, weights=np.ones(len(values))))
    assert ratio.standard_error == pytest.approx(one.standard_error, rel=1 / SMALL)


def test_normal_values_and_equal_arms_keep_an_error_of_each_arm() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(0, 1, LARGE + SMALL)
    nobody = np.zeros(len(values), dtype=np.int64)
    (normal,) = contrast_units(Units(values, ARMS, strata=nobody))
    welch = st.compare_means(*(st.sample_from_values(values[arm == ARMS]) for arm in (0, 1)))
    assert normal.method == ""
    assert normal.standard_error == pytest.approx(welch.standard_error)
    halves = np.arange(LARGE + SMALL) % 2
    assert contrast_units(Units(skewed(rng)[1], halves, strata=nobody))[0].method == ""


def test_arms_that_truly_vary_differently_keep_an_error_of_each_arm() -> None:
    """The small arm is a hundred times as wide: one variance is further off than draws explain."""
    rng = np.random.default_rng(6)
    values = rng.exponential(1, LARGE + SMALL) * np.where(ARMS == 1, 100.0, 1.0)
    (found,) = contrast_units(Units(values, ARMS, strata=np.zeros_like(ARMS)))
    assert found.method == ""


def test_few_clusters_of_a_small_arm_have_the_freedom_of_clusters_that_vary_alike() -> None:
    """Three days against eleven: (1/3 + 1/11)^2 / ((1/3)^2 / 2 + (1/11)^2 / 10), not the ten to
    twelve that three days close together seem to have.
    """
    days, size = 14, 50.0
    arms = np.repeat([0, 1], [11, 3]).astype(np.int64)
    means = np.concatenate([np.linspace(9, 11, 11), [10.0, 10.01, 10.02]])
    (found,) = contrast_units(Units(means * size, arms, np.full(days, size), None, np.arange(days)))
    alike = (1 / 3 + 1 / 11) ** 2 / ((1 / 3) ** 2 / 2 + (1 / 11) ** 2 / 10)
    assert found.degrees_of_freedom == pytest.approx(alike)


def test_counts_means_and_variances_in_unequal_arms_take_the_larger_error() -> None:
    """The small arm misses the large values: its own variance is a tenth of the other's."""
    large, small = st.Sample(LARGE, 10.0, 100.0), st.Sample(SMALL, 8.8, 10.0)
    arms = [Arm(_moments(large)), Arm(_moments(small))]
    found = KINDS["mean"].compare(arms, Terms(0.95, use_covariate=False))
    assert found.method == f"Welch t{LARGER_ERROR}"
    assert found.differences[0].standard_error ** 2 == pytest.approx(pooled_error(large, small))
    assert found.differences[0].low < 0 > st.compare_means(large, small).high
    wide = KINDS["mean"].compare(
        [arms[0], Arm(_moments(st.Sample(SMALL, 8.8, 1_000.0)))], Terms(0.95, use_covariate=False)
    )
    assert wide.method == "Welch t"  # its own error is the larger one


def test_strata_of_aggregates_take_the_larger_error() -> None:
    one = trial(strata="country", planned_units=100)
    rows = pl.DataFrame(
        {
            "arm": ["a", "b", "a", "b"],
            "metric": "revenue",
            "country": ["at", "at", "de", "de"],
            "n": [900, 100, 900, 100],
            "mean": [10.0, 9.0, 20.0, 19.0],
            "variance": [100.0, 10.0, 400.0, 40.0],
        }
    )
    found = contrasts_of_aggregates(one, rows)
    assert found is not None
    pooled = [(899 * wide + 99 * wide / 10) / 998 for wide in (100.0, 400.0)]
    whole = sum(0.5**2 * variance * (1 / 900 + 1 / 100) for variance in pooled)
    row = found.row(0, named=True)
    assert row["standard_error"] ** 2 == pytest.approx(whole)
    assert row["squared_error_control"] == pytest.approx(sum(v / 4 / 900 for v in pooled))
    assert row["method"].endswith(LARGER_ERROR)


def test_few_units_are_held_against_weights_by_their_own_chances() -> None:
    assert exact_ratio_p([0, 5], [1, 1]) == pytest.approx(2 * 0.5**5)
    assert exact_ratio_p([2, 0], [1, 19]) == pytest.approx(2 * 0.05**2)
    assert exact_ratio_p([4, 0, 0], [1, 1, 1]) == pytest.approx(3 * 2 * 3**-4)
    assert exact_ratio_p([3, 3], [1, 1]) == exact_ratio_p([0, 0], [1, 1]) == 1.0


def _moments(sample: st.Sample) -> st.Moments:
    """Read an arm as the sums of counts, means and variances do."""
    values = np.array([-1.0, 1.0]) * ((sample.variance / 2) ** 0.5) + sample.mean
    moments = st.moments_from_values(values)
    return st.Moments(int(sample.n), moments.mean, moments.covariance)


def test_an_effect_widens_the_interval_as_it_moves_the_smaller_arm() -> None:
    """The ends x of the interval solve (d - x)^2 = t^2 (V + v (1 + x / M)^2): at no difference the
    error is that of the test, so both say the same.
    """
    rng = np.random.default_rng(7)
    values = skewed(rng)[1] * np.where(ARMS == 1, 1.5, 1.0)
    (contrast,) = contrast_units(Units(values, ARMS, strata=np.zeros_like(ARMS)))
    assert contrast.has_one_variance
    found, critical = contrast.at(0.95), t_critical(0.025, contrast.degrees_of_freedom)
    for end in (found.low, found.high):
        grown = contrast.squared_error_treatment * (1 + end / contrast.mean_control) ** 2
        assert (found.difference - end) ** 2 == pytest.approx(
            critical**2 * (contrast.squared_error_control + grown)
        )
    assert found.high - found.difference > found.difference - found.low
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
    row = asdict(contrast)
    assert contrast_of(row) == contrast
    row.pop("has_one_variance")  # as receipts of rule version 4 are
    assert contrast_of(row) == replace(contrast, has_one_variance=False)
