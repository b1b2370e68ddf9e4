"""People who left: who they are, how probably they come back, and what that would bring."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from benchmarks.contract_night import CHURN, TERMS, user_days_of
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.contacts.contact_rules import came_back
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets.subscriptions.winback.away import (
    BASE_RATE,
    PEOPLE,
    PERIODS,
    columns_for,
    cut_away,
)
from ntg_assets.subscriptions.winback.backtest import return_backtest
from ntg_assets.subscriptions.winback.checks import (
    returns_that_do_not_add_up,
    scored_as_left_under_contract,
)
from ntg_assets.subscriptions.winback.contracts import ReturnScores
from ntg_assets.subscriptions.winback.hazard import fit_returns, return_probability
from ntg_assets.subscriptions.winback.learning import chosen_model, learn_returns
from ntg_assets.subscriptions.winback.lifetimes import return_lifetimes, survival
from ntg_assets.subscriptions.winback.return_snapshots import return_snapshots, returned_within
from ntg_assets.subscriptions.winback.scores import ReturnModel, return_scores
from ntg_assets.subscriptions.winback.sentences import describe_returns
from ntg_assets_tests.contract_worlds import FEW, cutoff, term, terms, world

DAY = date(2024, 3, 1)
START, END = date(2023, 1, 1), date(2024, 1, 1)
NOBODY = pl.DataFrame(schema={"user_id": pl.Int64, "active_on": pl.Date})


def people(*rows: dict[str, object], on: date = DAY, days: pl.DataFrame = NOBODY) -> pl.DataFrame:
    known = known_terms(terms(*rows), cutoff_on=date(2025, 1, 1), longest_gap_days=1)
    made = run(return_snapshots(known, days, [on], win_back_days=365, most=10_000))
    return made.sort("user_id")


def test_somebody_has_left_when_no_contract_runs_that_was_known() -> None:
    seen = people(
        term(1, "a", START, END),
        term(2, "b", START),  # runs
        term(3, "c", START, END),
        term(3, "c2", END),  # went over to another contract
        term(4, "d", START, END),
        term(4, "d2", DAY),  # comes back on the day itself
        term(5, "e", START, END, end_known_on=DAY),  # nobody knew it before the day
        term(6, "f", START, DAY),  # the first day without it is the day itself
        term(7, "g", date(2022, 1, 1), date(2023, 2, 1)),  # more than a year ago
        term(8, "h", START, END),
        term(8, "h2", date(2024, 2, 1), known_on=date(2024, 3, 5)),  # was booked late
    )
    assert seen["user_id"].to_list() == [1, 4, 8]
    assert seen["returned_on"].to_list() == [None, DAY, date(2024, 3, 5)]
    assert returned_within(seen, 4).to_list() == [False, True, False]
    assert returned_within(seen, 5).to_list() == [False, True, True]


def test_who_has_signed_for_later_is_back_as_soon_as_that_is_known() -> None:
    left = term(1, "a", date(2023, 6, 1), date(2024, 1, 10))
    signed = term(1, "b", date(2024, 4, 1), known_on=date(2024, 2, 20))
    assert people(left, signed, on=date(2024, 2, 20)).height == 1  # known before the day counts
    assert people(left, signed, on=date(2024, 2, 21)).is_empty()
    known = known_terms(terms(left, signed), cutoff_on=date(2024, 3, 1), longest_gap_days=1)
    assert came_back(known, on=date(2024, 3, 1))["user_id"].to_list() == [1]


def test_the_last_contract_that_ended_speaks_for_somebody() -> None:
    seen = people(
        term(1, "a", START, date(2023, 5, 1)),
        term(1, "b", date(2023, 6, 1), date(2023, 9, 1), price_minor=500),
        term(1, "b", date(2023, 9, 1), END, price_minor=700, end_kind="payment_failed"),
        days=pl.DataFrame(
            {"user_id": 1, "active_on": [date(2023, 11, 1), date(2023, 12, 31), END, DAY]}
        ),
    ).row(0, named=True)
    assert (seen["subscription_id"], seen["price_minor"], seen["left_by"]) == (
        "b", 700, "payment_failed",
    )  # fmt: skip
    assert (seen["n_contracts_before"], seen["contract_started_on"]) == (1, date(2023, 6, 1))
    assert (seen["active_days_before_end_30d"], seen["active_days_since_end_30d"]) == (1, 0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=5), st.integers(1, 120))
def test_pieces_cover_the_horizon_and_end_at_whole_periods(since: list[int], days: int) -> None:
    away = cut_away(np.array(since), days)
    length = np.rint(away.share * 30).astype(int)
    for row, first in enumerate(since):
        mine = away.row == row
        assert length[mine].sum() == days
        assert (away.begin[mine][1:] == np.cumsum(length[mine])[:-1]).all()
        assert ((first + away.begin[mine]) // 30 == away.number[mine]).all()


def planted(n: int, *, seed: int) -> pl.DataFrame:
    """People who come back with a chance that falls with the time away; more after a failure."""
    rng = random_stream(seed, "planted returns")
    number, failed = rng.integers(0, 8, n), rng.random(n) < 0.5
    back = rng.random(n) < expit(-2.0 - 0.4 * number + 1.5 * failed)
    return pl.DataFrame(
        {
            "user_id": np.arange(n),
            "snapshot_on": DAY,
            "left_on": [DAY - timedelta(days=30 * int(k)) for k in number],
            "left_by": np.where(failed, "payment_failed", "cancelled"),
            "plan": "basic",
            "currency": "EUR",
            "price_minor": 999,
            "contract_started_on": START,
            "n_contracts_before": 0,
            "active_days_before_end_30d": 3,
            "active_days_since_end_30d": 0,
            "returned_on": [DAY + timedelta(days=5) if one else None for one in back],
            "planted": expit(-2.0 - 0.4 * number + 1.5 * failed),
        }
    )


def test_the_hazard_finds_who_comes_back() -> None:
    rows = planted(4_000, seed=1)
    days = {"horizon_days": 30, "win_back_days": 365}
    hazards = fit_returns(rows, columns_for(PEOPLE, rows), regularisation=1.0, **days)
    chance = return_probability(rows, hazards, **days)
    assert abs(chance.sum() / rows["planted"].sum() - 1) < 0.1  # noise of the draw: 5%
    assert float(np.abs(chance - rows["planted"].to_numpy()).mean()) < 0.02
    named = dict(hazards.select("feature", "coefficient").iter_rows())
    assert named["left_by=payment_failed"] > 0 > named["log_period"]


@pytest.mark.parametrize(
    ("gains", "expected"),
    [((0.0, 0.0), BASE_RATE), ((0.4, 0.0), PERIODS), ((0.4, 0.8), PEOPLE), ((0.0, 0.8), PEOPLE)],
    ids=["none", "periods", "both", "people-alone"],
)
def test_each_step_is_taken_only_where_it_helped(gains: tuple[float, float], expected: str) -> None:
    rng = random_stream(2, "gate")
    n = 2_000
    truth = rng.normal(-2, 1.0, n)
    back = rng.random(n) < expit(truth)
    worse = rng.normal(0, 1.0, n)
    parts = [
        pl.DataFrame(
            {"origin_on": DAY, "user_id": np.arange(n), "model": model, "returned": back,
             "return_logit": truth + (1 - gain) * worse}
        )
        for model, gain in zip((BASE_RATE, PERIODS, PEOPLE), (0.0, *gains), strict=True)
    ]  # fmt: skip
    assert chosen_model(pl.concat(parts)) == expected


def test_value_of_who_comes_back_adds_up_by_hand() -> None:
    """A contract of 10.00 a month that is renewed with S(k); nobody comes back later than H."""
    rows = planted(1, seed=1).with_columns(
        subscription_id=pl.lit("a"), period_months=pl.lit(1), period_days=pl.lit(0),
        price_minor=pl.lit(1000),
    )  # fmt: skip
    hazards = fit_returns(
        planted(2_000, seed=3), columns_for(BASE_RATE, rows), horizon_days=30, win_back_days=365,
        regularisation=1.0,
    )  # fmt: skip
    laws = pl.DataFrame(
        [(1, 0, "all contracts", 1.0, 4.0, 10, 5)],
        schema=["period_months", "period_days", "basis", "alpha", "beta", "n_contracts", "n_ended"],
        orient="row",
    )
    model = ReturnModel(hazards, pl.DataFrame(), laws, 30, 365)
    terms_of = TERMS._replace(horizon_days=60, annual_discount=0.0, margin=0.5)
    made = return_scores(rows, model, terms=terms_of).row(0, named=True)
    # back on day 15 of 60: paid on days 15 and 45.4; S(1) = beta / (alpha + beta) = 4 / 5
    assert made["value_if_back_minor"] == round(1000 * 0.5 * (1 + 4 / 5))
    away = 1 - made["return_probability"]
    to_win = away * (made["value_if_back_minor"] - made["value_if_away_minor"])
    assert abs(made["value_to_win_minor"] - to_win) <= 1
    assert made["ltv_minor"] + made["value_to_win_minor"] == made["value_if_back_minor"]
    assert 0 < made["value_if_away_minor"] < made["value_if_back_minor"]


def test_survival_is_the_shifted_beta_geometric_law() -> None:
    # Fader and Hardie 2007: r(t) = (beta + t - 1) / (alpha + beta + t - 1)
    expected = np.cumprod([1.0, *((3.0 + t - 1) / (0.5 + 3.0 + t - 1) for t in range(1, 5))])
    assert np.allclose(survival(0.5, 3.0, 5), expected)


def test_a_plan_without_a_renewal_has_the_law_that_nothing_is_known_of() -> None:
    known = known_terms(
        terms(term(1, "a", DAY, period_months=12)), cutoff_on=date(2024, 4, 1), longest_gap_days=1
    )
    [law] = return_lifetimes(known, cutoff=(date(2024, 4, 1) - date(1970, 1, 1)).days).rows()
    assert law == (12, 0, "all contracts", 0.5, 0.5, 0, 0)


def learned(sources_terms: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    day = cutoff()
    known = known_terms(sources_terms, cutoff_on=day, longest_gap_days=1)
    days = [day - timedelta(days=28 * back) for back in range(4, -1, -1)]
    active = run(user_days_of(world().events.filter(pl.col("event_on") < day)))
    rows = run(return_snapshots(known, active, days, win_back_days=365, most=2_000))
    made = learn_returns(rows, cutoff_on=day, churn=CHURN, settings=FEW)
    laws = return_lifetimes(known, cutoff=(day - date(1970, 1, 1)).days)
    model = ReturnModel(made.hazards, made.recalibration, laws, 28, 365)
    now = rows.filter(pl.col("snapshot_on") == day)
    return made.forecasts, return_scores(now, model, terms=TERMS)


@pytest.mark.slow
def test_a_return_that_becomes_known_later_changes_nothing() -> None:
    """Everybody who had left comes back the day before, and nobody knows it until the day."""
    day, rows = cutoff(), world().terms
    forecasts, scores = learned(rows)
    assert scores.height > 100
    signed = term(0, "", day - timedelta(days=1), known_on=day)
    back = terms(
        *({**signed, "user_id": k, "subscription_id": f"late{k}"} for k in scores["user_id"])
    )
    later = pl.concat([rows, back])
    same_forecasts, same_scores = learned(later)
    assert same_scores.equals(scores)
    assert same_forecasts.sort(pl.all()).equals(forecasts.sort(pl.all()))
    a_day_earlier = later.with_columns(
        known_on=pl.when(pl.col("subscription_id").str.starts_with("late"))
        .then(day - timedelta(days=1))
        .otherwise("known_on")
    )
    assert learned(a_day_earlier)[1].is_empty()


@pytest.mark.parametrize("n_left", [0, 1], ids=["no-contracts", "nothing-closed"])
def test_without_contracts_or_a_closed_window_nothing_is_forecast(n_left: int) -> None:
    rows = terms(term(1, "a", START, date(2024, 2, 27))).head(n_left)
    known = known_terms(rows, cutoff_on=DAY, longest_gap_days=1)
    seen = run(return_snapshots(known, NOBODY, [DAY], win_back_days=365, most=100))
    made = learn_returns(seen, cutoff_on=DAY, churn=CHURN, settings=FEW)
    laws = return_lifetimes(known, cutoff=(DAY - date(1970, 1, 1)).days)
    model = ReturnModel(made.hazards, made.recalibration, laws, 28, 365)
    scores = check_frame(
        return_scores(seen, model, terms=TERMS), ReturnScores, ids=IdTypes("integer", "integer")
    )
    assert scores["return_probability"].to_list() == [None] * n_left
    assert return_backtest(made.forecasts, chosen=BASE_RATE).is_empty()
    assert describe_returns(scores, return_backtest(made.forecasts, chosen=BASE_RATE)) == (
        ["1 people have left; whether they come back cannot be said yet"] if n_left else []
    )


def test_the_check_sees_what_does_not_add_up_and_who_is_under_contract() -> None:
    scores = pl.DataFrame(
        {"user_id": [1, 2], "ltv_minor": [4, 4], "value_to_win_minor": [6, 6],
         "value_if_back_minor": [10, 11]}
    )  # fmt: skip
    assert returns_that_do_not_add_up(scores)["user_id"].to_list() == [2]
    running = pl.DataFrame({"user_id": [1, 3]})
    assert scored_as_left_under_contract(scores, running)["user_id"].to_list() == [1]
