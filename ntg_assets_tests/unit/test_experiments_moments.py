"""Sufficient statistics: exact whatever the size of the values,
nulls out of n, parts that add up.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
import scipy

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.summed_tables import metric_sums
from ntg_assets.statistics.moments import moments_of, sums_of, total
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.two_samples import compare_means, compare_pairs
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

ONE = ExperimentSettings(
    id="lists",
    hypothesis="One list is as good as another.",
    owner="science",
    arms=[ArmSettings(name="a", strategy="x"), ArmSettings(name="b", strategy="y")],
    primary_metric="matched_items",
)


def unit_rows(
    arm: str,
    values: Sequence[float | None],
    *,
    covariate: Sequence[float] | None = None,
    segment: str = "all",
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "experiment": "lists",
            "unit_id": [f"{arm}{n}" for n in range(len(values))],
            "arm": arm,
            "metric": "matched_items",
            "source": "observed",
            "is_assigned": True,
            "is_in_look": True,
            "segment": segment,
            "value": pl.Series(values, dtype=pl.Float64),
            "denominator": pl.Series([None] * len(values), dtype=pl.Float64),
            "covariate": pl.Series(covariate or [None] * len(values), dtype=pl.Float64),
            "covariate_denominator": pl.Series([None] * len(values), dtype=pl.Float64),
        }
    )


def sums_by_arm(*parts: pl.DataFrame) -> dict[str, pl.DataFrame]:
    found = run(metric_sums(pl.concat(parts), definitions=[ONE]))
    return {str(arm): rows for (arm,), rows in found.partition_by("arm", as_dict=True).items()}


def sample_of(rows: pl.DataFrame) -> Sample:
    return adjusted_samples(
        [moments_of(total(sums_of(row) for row in rows.iter_rows(named=True)))]
    )[0]


def test_variance_survives_a_huge_offset_where_sums_of_squares_turn_negative() -> None:
    values = [1e9 + 0.01 * (i % 7) for i in range(0, 1_000_000, 2)]
    sample = sample_of(sums_by_arm(unit_rows("a", values))["a"])
    assert sample.variance == pytest.approx(0.0004000016, abs=1e-6)


def test_a_unit_without_a_value_is_not_counted() -> None:
    values = np.random.default_rng(0).lognormal(2, 1, 2_000).round(6)
    is_null = np.random.default_rng(1).random(2_000) < 0.3
    rows = unit_rows(
        "a", [None if gone else float(value) for value, gone in zip(values, is_null, strict=True)]
    )
    sums = sums_of(sums_by_arm(rows)["a"].row(0, named=True))
    sample = adjusted_samples([moments_of(sums)])[0]
    assert (sums.n, sums.n_null) == (int((~is_null).sum()), int(is_null.sum()))
    assert sample.mean == pytest.approx(values[~is_null].mean(), rel=1e-12)
    assert sample.variance == pytest.approx(values[~is_null].var(ddof=1), rel=1e-12)


@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), float("nan"), 1e300])
def test_an_infinite_or_impossible_value_is_counted_apart(bad: float) -> None:
    sums = sums_of(sums_by_arm(unit_rows("a", [1.0, 2.0, bad]))["a"].row(0, named=True))
    assert (sums.n, sums.n_null, sums.n_unusable, sums.first["value"]) == (2, 0, 1, 3_000_000)


def test_sums_do_not_depend_on_the_order_of_the_rows() -> None:
    rows = unit_rows("a", [float(x) for x in np.random.default_rng(2).normal(0, 1e3, 5_000)])
    assert run(metric_sums(rows, definitions=[ONE])).equals(
        run(metric_sums(rows.sample(fraction=1, shuffle=True, seed=3), definitions=[ONE]))
    )


def test_sums_do_not_depend_on_the_number_of_threads() -> None:
    rows = unit_rows("a", [float(x) for x in np.random.default_rng(7).lognormal(3, 2, 300_000)])
    found = []
    for threads in (1, 2):
        with connect(engine=EngineSettings(threads=threads)) as connection:
            found.append(run(metric_sums(rows, definitions=[ONE]), connection))
    assert found[0].equals(found[1])


def test_segments_add_up_to_the_whole() -> None:
    values = [float(x) for x in range(10)]
    parts = sums_by_arm(
        unit_rows("a", values[:4], segment="light"), unit_rows("a", values[4:], segment="heavy")
    )["a"]
    assert sample_of(parts) == sample_of(sums_by_arm(unit_rows("a", values))["a"])


def test_one_unit_gives_no_variance_and_says_so() -> None:
    with pytest.raises(NotEnoughDataError, match="1 units have a value"):
        sample_of(sums_by_arm(unit_rows("a", [1.0]))["a"])


def test_welch_agrees_with_scipy() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(5, 1, 80), rng.normal(5.5, 3, 50)
    found = compare_means(
        Sample(80, one.mean(), one.var(ddof=1)), Sample(50, other.mean(), other.var(ddof=1))
    )
    expected = scipy.stats.ttest_ind(other, one, equal_var=False)
    interval = expected.confidence_interval()
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.degrees_of_freedom == pytest.approx(expected.df, rel=1e-9)


def test_pairs_agree_with_scipy() -> None:
    rng = np.random.default_rng(5)
    before, after = rng.normal(0, 1, 30), rng.normal(0.2, 1, 30)
    differences = after - before
    found = compare_pairs(Sample(30, differences.mean(), differences.var(ddof=1)))
    expected = scipy.stats.ttest_rel(after, before)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.low == pytest.approx(expected.confidence_interval().low, rel=1e-9)


@pytest.mark.parametrize("baseline", [-1.0, 0.0, 0.001])
def test_no_relative_effect_when_the_baseline_is_not_clearly_above_zero(baseline: float) -> None:
    found = compare_means(Sample(100, baseline, 1.0), Sample(100, 1.0, 1.0))
    assert (found.relative, found.relative_low, found.relative_high) == (None, None, None)


def test_cuped_takes_out_what_the_covariate_explains_and_keeps_the_difference() -> None:
    rng = np.random.default_rng(6)
    before = rng.normal(10, 3, 4_000).round(6)
    values = (before + rng.normal(0, 1, 4_000)).round(6)
    halves = [
        unit_rows(arm, [float(v) for v in values[part]], covariate=[float(x) for x in before[part]])
        for arm, part in (("a", slice(0, 2_000)), ("b", slice(2_000, 4_000)))
    ]
    sums = sums_by_arm(*halves)
    moments = [moments_of(sums_of(sums[arm].row(0, named=True))) for arm in ("a", "b")]
    adjusted = adjusted_samples(moments)
    # what is left is the noise: 1 of 9 + 1
    assert adjusted[0].variance == pytest.approx(1.0, rel=0.1)
    theta = np.cov(
        np.concatenate(
            [values[:2_000] - values[:2_000].mean(), values[2_000:] - values[2_000:].mean()]
        ),
        np.concatenate(
            [before[:2_000] - before[:2_000].mean(), before[2_000:] - before[2_000:].mean()]
        ),
    )
    slope = theta[0, 1] / theta[1, 1]
    expected = (values[2_000:].mean() - values[:2_000].mean()) - slope * (
        before[2_000:].mean() - before[:2_000].mean()
    )
    assert adjusted[1].mean - adjusted[0].mean == pytest.approx(expected, abs=1e-9)


def test_two_units_per_arm_near_a_baseline_of_zero_do_not_overflow() -> None:
    found = compare_means(Sample(2, 1.0, 1.0), Sample(2, 1.0, 6250.0))
    assert (found.difference, found.relative) == (0.0, None)
    assert found.p == pytest.approx(1.0)
