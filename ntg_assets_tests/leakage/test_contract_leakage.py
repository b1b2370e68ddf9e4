"""Nothing that became known of contracts at or after a cutoff changes what is said at it."""

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.contract_night import Night
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets_tests.contract_worlds import cutoff, night, night_with, term, terms, world


def tables(made: Night) -> dict[str, pl.DataFrame]:
    return {
        "known": made.known,
        "rows": made.rows,
        "forecasts": made.forecasts,
        "hazards": made.model.hazards,
        "recalibration": made.model.recalibration,
        "persistence": made.model.persistence,
        "scores": made.scores,
        "values": made.values,
    }


def assert_same(made: Night) -> None:
    for name, rows in tables(night()).items():
        assert_frame_equal(rows, tables(made)[name], check_exact=True)


@pytest.mark.slow
def test_an_end_that_becomes_known_later_changes_nothing() -> None:
    """Half of the contracts end the day before the cutoff, and nobody knows it until that day."""
    sources, day = world(), cutoff()
    is_open = (pl.col("end_known_on") >= day).fill_null(value=True) & (pl.col("known_on") < day)
    hit = is_open & (pl.col("user_id") % 2 == 0)
    ended = sources.terms.with_columns(
        ended_on=pl.when(hit).then(day - timedelta(days=1)).otherwise("ended_on"),
        end_known_on=pl.when(hit).then(day).otherwise("end_known_on"),
        end_kind=pl.when(hit).then(pl.lit("payment_failed")).otherwise("end_kind"),
    )
    assert ended.filter(pl.col("end_known_on") == day).height > 200
    assert_same(night_with(sources, terms=ended))


@pytest.mark.slow
def test_a_change_of_plan_that_becomes_known_later_changes_nothing() -> None:
    sources, day = world(), cutoff()
    last = sources.terms.sort("started_on").unique("subscription_id", keep="last")
    changed = last.filter((pl.col("known_on") < day) & pl.col("ended_on").is_null()).with_columns(
        started_on=pl.lit(day),
        known_on=pl.lit(day),
        plan=pl.lit("gold"),
        price_minor=pl.lit(1, pl.Int64),
    )
    assert changed.height > 200
    assert_same(night_with(sources, terms=pl.concat([sources.terms, changed])))


@pytest.mark.slow
def test_events_and_payments_of_the_day_itself_change_nothing() -> None:
    sources, day = world(), cutoff()
    events = sources.events.filter(pl.col("event_on") < day)
    absurd = events.head(5_000).with_columns(
        event_at=pl.lit(day).cast(pl.Datetime("us")),
        event_on=pl.lit(day),
        event_type=pl.lit("support_ticket"),
    )
    payments = sources.payments.with_columns(
        happened_on=pl.when(pl.col("happened_on") >= day).then(day).otherwise("happened_on"),
        status=pl.when(pl.col("happened_on") >= day)
        .then(pl.lit("charged_back"))
        .otherwise("status"),
    )
    assert_same(night_with(sources, events=pl.concat([events, absurd]), payments=payments))


@pytest.mark.slow
def test_what_was_known_a_day_earlier_does_change_it() -> None:
    """The tests above can fail: the same end, known a day earlier, is seen."""
    sources, day = world(), cutoff()
    eve = day - timedelta(days=1)
    hit = pl.col("ended_on").is_null() & (pl.col("user_id") % 2 == 0) & (pl.col("known_on") < eve)
    ended = sources.terms.with_columns(
        ended_on=pl.when(hit).then(day + timedelta(days=9)).otherwise("ended_on"),
        end_known_on=pl.when(hit).then(eve).otherwise("end_known_on"),
        end_kind=pl.when(hit).then(pl.lit("cancelled")).otherwise("end_kind"),
    )
    scores = night_with(sources, terms=ended).scores
    assert scores.filter(pl.col("state") == "ending").height > 200


def test_an_end_that_is_reported_late_is_open_until_it_is_known() -> None:

    day = cutoff()
    late = terms(term(1, "a", day - timedelta(days=90), day - timedelta(days=30), end_known_on=day))
    before = known_terms(late, cutoff_on=day, longest_gap_days=1)
    after = known_terms(late, cutoff_on=day + timedelta(days=1), longest_gap_days=1)
    assert before["contract_end_on"].to_list() == [None]
    assert after["contract_end_on"].to_list() == [day - timedelta(days=30)]
