"""Two currencies or units in one column are said; customers of every size are not."""

import numpy as np
import polars as pl
import pytest

from benchmarks.odd_logs import ODD_LOGS, odd_days
from ntg_assets.features.amount_scales import FEWEST_USERS, describe_scales, find_scales


def amounts(levels: np.ndarray, *, days: int = 3) -> pl.DataFrame:
    """Three paid days of each user, an eighth apart."""
    factors = np.tile(np.exp(np.linspace(-0.125, 0.125, days)), len(levels))
    users = np.repeat(np.arange(len(levels)), days)
    return pl.DataFrame({"user_id": users, "value_sum": np.repeat(np.exp(levels), days) * factors})


def shoppers(n: int, *, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 0.6, n)


@pytest.mark.parametrize(("factor", "share"), [(150.0, 0.3), (100.0, 0.05), (1 / 100, 0.5)])
def test_two_units_in_one_column_are_told_with_their_factor(factor: float, share: float) -> None:
    levels = shoppers(600)
    other = np.arange(len(levels)) < share * len(levels)
    scales = find_scales(amounts(levels + other * np.log(factor)))
    assert scales is not None
    small = min(other.sum(), (~other).sum())
    assert min(scales.n_low, scales.n_high) == small
    assert scales.high / scales.low == pytest.approx(max(factor, 1 / factor), rel=0.15)
    assert "two scales" in describe_scales(scales)


def test_one_hill_however_wide_is_one_scale() -> None:
    """A spread of 2.5 in ln(amount): the largest of forty pays 20,000 times the smallest."""
    wide = np.random.default_rng(4).normal(3.0, 2.5, 2_000)
    assert find_scales(amounts(wide)) is None
    skewed = np.random.default_rng(5).pareto(0.8, 2_000) + 1
    assert find_scales(amounts(np.log(skewed))) is None


def test_a_few_resellers_and_large_customers_that_mix_are_no_scale() -> None:
    levels = shoppers(600)
    few = levels.copy()
    few[:5] += np.log(500)
    assert find_scales(amounts(few)) is None
    middle = levels.copy()
    middle[:100] += np.log(25)  # a unit apart would leave nobody between
    middle[100:150] += np.log(5)
    assert find_scales(amounts(middle)) is None


def test_of_few_users_nothing_is_said() -> None:
    levels = np.repeat([1.0, 6.0], [FEWEST_USERS // 2 - 1, FEWEST_USERS // 2])
    assert find_scales(amounts(levels)) is None
    assert find_scales(pl.DataFrame(schema={"user_id": pl.Int64, "value_sum": pl.Float64})) is None
    assert describe_scales(None) == ""


def test_two_prices_of_everybody_are_two_scales_only_when_far_apart() -> None:
    assert find_scales(amounts(np.repeat([1.0, 1.0 + np.log(10)], 100))) is None
    assert find_scales(amounts(np.repeat([1.0, 1.0 + np.log(30)], 100))) is not None


@pytest.mark.parametrize("name", ["two_populations", "one_whale", "weekly_boxes"])
def test_logs_of_one_currency_are_on_one_scale(name: str) -> None:
    assert name in ODD_LOGS
    days = odd_days(name).filter(pl.col("value_sum") > 0)
    assert find_scales(days) is None
