"""Amounts stand in the prices of the day that is asked about, by jumps that could be seen then."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.features.price_steps import STEPS_SCHEMA
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.revenue.value.prices import (
    KnownPrices,
    levels_since,
    levels_to,
    priced,
    priced_frame,
)
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import VALUE, Tables, boundaries, days, leaving_log, make_tables

START, END = date(2024, 1, 1), date(2024, 8, 28)
JUMPED_ON = END - timedelta(days=105)
MONEY = ValueSettings(basis="event_value", unit="usd", horizon_days=60)
# as many past origins as there are: the same ones come before a day, wherever the log ends
ALL = ChurnSettings(horizon_days=20, walk_forward_origins=8)


def steps(*rows: tuple[date, float]) -> pl.DataFrame:
    made = [(on, ratio, 20.0, 100) for on, ratio in rows]
    return pl.DataFrame(made, schema=STEPS_SCHEMA, orient="row")


def paid_log(before: float, after: float) -> pl.DataFrame:
    """`user_days` of 140 users who pay one price until it jumps."""
    price = pl.when(pl.col("active_on") < JUMPED_ON).then(before).otherwise(after)
    return leaving_log(3, n_users=140, text_ids=True).with_columns(value_sum=price)


def tables_of(before: float, after: float) -> Tables:
    return make_tables(paid_log(before, after), boundaries(START, END), churn=ALL, value=MONEY)


@pytest.fixture(scope="module")
def doubled() -> Tables:
    return tables_of(10.0, 20.0)


@pytest.fixture(scope="module")
def always() -> Tables:
    return tables_of(20.0, 20.0)


def test_amounts_are_taken_to_the_prices_after_the_last_jump() -> None:
    two = steps((date(2024, 3, 1), 2.0), (date(2024, 5, 1), 1.5))
    log = days(("a", "2024-02-29"), ("a", "2024-03-01"), ("a", "2024-04-30"), ("a", "2024-05-01"))
    found = priced_frame(log, levels_to(two)).sort("active_on")
    assert found["value_sum"].to_list() == [2.0 * 1.5, 1.5, 1.5, 1.0]
    assert priced_frame(log, levels_to(steps())) is log


def test_what_followed_is_taken_back_to_the_prices_of_the_origin() -> None:
    """A jump that came before the origin, but was seen only later, is over all that followed."""
    two = steps((date(2024, 3, 1), 2.0), (date(2024, 5, 1), 1.5))
    log = days(("a", "2024-03-09"), ("a", "2024-03-10"), ("a", "2024-05-01"))
    found = priced_frame(log, levels_since(two, date(2024, 3, 10))).sort("active_on")
    assert found["value_sum"].to_list() == [1.0, 1 / 2.0, pytest.approx(1 / 3.0, abs=1e-6)]


def test_priced_snapshots_are_those_of_a_log_in_these_prices() -> None:
    """The features of a log that was priced first, by their own SQL."""
    log, jump = paid_log(10.0, 20.0), steps((JUMPED_ON, 2.0))
    looked_at = [END, JUMPED_ON - timedelta(days=3), JUMPED_ON + timedelta(days=30)]
    cutoffs = log.select(pl.col("user_id").unique().sort()).join(
        pl.DataFrame({"cutoff_on": looked_at}), how="cross"
    )
    made = [
        run(user_activity_features(rows, cutoffs)).rename({"cutoff_on": "snapshot_on"})
        for rows in (log, log.with_columns(value_sum=pl.lit(20.0)))
    ]
    raw, wanted = (rows.sort("user_id", "snapshot_on") for rows in made)
    assert not raw.equals(wanted)
    assert_frame_equal(priced(raw, log, jump), wanted, rel_tol=1e-12)
    assert priced(raw, log, steps()) is raw


def test_a_day_knows_no_jump_that_later_days_show() -> None:
    log, on = paid_log(10.0, 20.0), JUMPED_ON + timedelta(days=56)
    prices = KnownPrices(log, MONEY)
    assert prices.steps(JUMPED_ON + timedelta(days=20)).is_empty()
    assert prices.steps(on)["price_ratio"].to_list() == [pytest.approx(2.0)]
    shorter = KnownPrices(log.filter(pl.col("active_on") < on), MONEY)
    assert_frame_equal(prices.steps(on), shorter.steps(on))


def test_only_jumps_that_were_not_known_are_taken_back() -> None:
    prices = KnownPrices(paid_log(10.0, 20.0), MONEY)
    before, after = JUMPED_ON - timedelta(days=10), JUMPED_ON + timedelta(days=60)
    assert prices.steps_between(before, END).height == 1
    assert prices.steps_between(before, JUMPED_ON + timedelta(days=20)).is_empty()
    assert prices.steps_between(after, END).is_empty()


def test_where_days_are_counted_there_are_no_prices() -> None:
    assert KnownPrices(paid_log(10.0, 20.0), VALUE).steps(END).is_empty()


@pytest.mark.slow
def test_value_is_learned_in_the_prices_of_the_cutoff(doubled: Tables, always: Tables) -> None:
    """As if every amount had been 20 from the first day on."""
    compared = doubled.value_coefficients, always.value_coefficients
    assert_frame_equal(*compared, rel_tol=1e-6, abs_tol=1e-9)
    assert doubled.capped_days.is_empty()


def test_a_past_origin_is_judged_in_the_prices_that_it_knew(
    doubled: Tables, always: Tables
) -> None:
    """In tens before the jump, although twenties followed, and in twenties once it is known; weeks
    are counted from each origin, so the one of the jump may hold both prices.
    """
    known_on = JUMPED_ON + timedelta(days=42)
    sums = [
        tables.value_walk_forward.filter(pl.col("closes_on") >= known_on)
        .group_by("origin_on", "n_periods")
        .agg(pl.col("seen_value").sum())
        for tables in (doubled, always)
    ]
    ratio = (
        sums[0]
        .join(sums[1], on=["origin_on", "n_periods"])
        .select("origin_on", ratio=pl.col("seen_value") / pl.col("seen_value_right"))
    )
    before = ratio.filter(pl.col("origin_on") <= JUMPED_ON)["ratio"].to_list()
    after = ratio.filter(pl.col("origin_on") > JUMPED_ON + timedelta(days=56))["ratio"].to_list()
    assert before == [pytest.approx(10 / 20, rel=0.1)] * len(before) != []
    assert after == [pytest.approx(20 / 20, rel=0.1)] * len(after) != []


@pytest.mark.slow
def test_a_past_origin_hangs_on_no_later_day(doubled: Tables) -> None:
    """A log that ends 40 days earlier tells the same of every span that had closed by then."""
    end = END - timedelta(days=40)
    log = paid_log(10.0, 20.0).filter(pl.col("active_on") < end)
    short = make_tables(log, boundaries(START, end), churn=ALL, value=MONEY).value_walk_forward
    keys = ["origin_on", "n_periods", "user_id"]
    rows = [
        mine.join(other, on=keys, how="semi").sort(keys)
        for mine, other in (
            (doubled.value_walk_forward, short),
            (short, doubled.value_walk_forward),
        )
    ]
    assert rows[0]["origin_on"].n_unique() > 2
    assert rows[0].filter(pl.col("closes_on") > JUMPED_ON + timedelta(days=42)).height > 0
    assert_frame_equal(*rows)
