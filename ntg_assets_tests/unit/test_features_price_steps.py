"""A jump of prices is found in what the same users pay, and nothing else is taken for one."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.features.price_steps import (
    STEPS_SCHEMA,
    counts_amounts,
    describe_steps,
    find_price_steps,
    price_sample,
)
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import days

CUTOFF = date(2024, 1, 1)
JUMPED_ON = CUTOFF - timedelta(days=70)


def shop(*, jump: float = 1.0, joined_share: float = 1.0, growth: float = 0.0) -> pl.DataFrame:
    """Purchases of 400 users over 300 days at amounts of their own; users may join only late."""
    rng = np.random.default_rng(3)
    rows = []
    for user in range(400):
        start = 0 if user < 400 * joined_share else 230
        level = rng.normal(3.0 if start == 0 else 5.0, 0.5)
        for age in np.flatnonzero(rng.random(300) < 0.1) + 1:
            if age <= 300 - start:
                before = bool(age > (CUTOFF - JUMPED_ON).days)
                amount = level + rng.normal(0, 0.5) - growth * age / 365
                rows.append((user, CUTOFF - timedelta(days=int(age)), float(amount), before))
    frame = pl.DataFrame(rows, schema=["user_id", "active_on", "log", "before"], orient="row")
    price = pl.when("before").then(1.0).otherwise(jump)
    return frame.select("user_id", "active_on", value_sum=pl.col("log").exp() * price)


def test_a_price_that_doubles_is_found_in_its_week() -> None:
    found = find_price_steps(shop(jump=2.0), cutoff_on=CUTOFF).row(0, named=True)
    assert found["step_on"] == JUMPED_ON
    assert found["price_ratio"] == pytest.approx(2.0, rel=0.05)
    assert found["z"] > 20
    assert 300 < found["n_users"] <= 400


@pytest.mark.parametrize(
    "world",
    [{}, {"joined_share": 0.5}, {"growth": 0.3}, {"jump": 1.08}],
    ids=["steady", "dearer customers join", "prices creep", "a small step"],
)
def test_what_is_no_jump_is_none(world: dict[str, float]) -> None:
    log = shop(**world)
    assert find_price_steps(log, cutoff_on=CUTOFF).is_empty()
    assert find_price_steps(log.clear(), cutoff_on=CUTOFF).is_empty()


@pytest.mark.parametrize("until", [0, 14, 28, 60, 120], ids="ended {} days ago".format)
def test_a_dear_month_is_no_jump(until: int) -> None:
    age = (pl.lit(CUTOFF) - pl.col("active_on")).dt.total_days()
    in_it = (age > until) & (age <= until + 28)
    dear = shop().with_columns(
        value_sum=pl.when(in_it).then(pl.col("value_sum") * 1.4).otherwise("value_sum")
    )
    assert find_price_steps(dear, cutoff_on=CUTOFF).is_empty()


def test_the_warning_says_when_and_by_how_much() -> None:
    steps = pl.DataFrame([(date(2023, 3, 1), 2.0, 9.0, 99)], schema=STEPS_SCHEMA, orient="row")
    assert "times 2.00 with the week from 2023-03-01 (99 users)" in describe_steps(steps)
    assert describe_steps(steps.clear()) == ""


def test_only_amounts_above_nothing_are_looked_at_and_only_where_amounts_count() -> None:
    log = pl.concat([days((1, "2023-02-28"), value=8.0), days((2, "2023-03-01"), value=-8.0)])
    assert run(price_sample(log)).rows() == [(1, date(2023, 2, 28), 8.0)]
    assert not counts_amounts(ValueSettings())
    assert counts_amounts(ValueSettings(basis="event_value", unit="usd"))
