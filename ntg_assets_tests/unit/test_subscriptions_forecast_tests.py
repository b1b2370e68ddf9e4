"""Whether past forecasts of contracts were off by more than chance, who says so, and where."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.calibration.recalibration import TABLE_SCHEMA
from ntg_assets.statistics.shares.poisson_binomial import EXACT_UP_TO, poisson_binomial_p
from ntg_assets.subscriptions.hazard.backtest import TOGETHER
from ntg_assets.subscriptions.hazard.learning_rows import STRUCTURE_ONLY
from ntg_assets.subscriptions.hazard.walk_forward import WALK_TYPES
from ntg_assets.subscriptions.sentences import describe_horizon, describe_tests
from ntg_assets.subscriptions.survival.doubts import (
    JUDGED,
    NOT_JUDGED,
    OFF,
    value_evidence,
    with_doubts,
)
from ntg_assets.subscriptions.survival.forecast_tests import TEST_TYPES, forecast_tests
from ntg_assets.subscriptions.survival.scores import SCORE_TYPES
from ntg_assets.subscriptions.survival.survival_backtest import FORECAST_TYPES

DAYS = (date(2024, 3, 4), date(2024, 4, 1))
CUTOFF_ON = date(2024, 5, 1)
AS_IT_IS = {"calibrator": "platt", "offset": 0.0, "slope": 1.0, "bend": 0.0, "is_adopted": False}
NOTHING_MOVED = pl.DataFrame(
    [dict.fromkeys(TABLE_SCHEMA) | AS_IT_IS | {"origin_on": CUTOFF_ON}], schema=TABLE_SCHEMA
)


def brute_force(chance: list[float], n_events: int) -> float:
    """Two-sided p-value by all outcomes."""
    weights: dict[int, float] = {}
    for outcome in product((0, 1), repeat=len(chance)):
        each = (p if on else 1 - p for p, on in zip(chance, outcome, strict=True))
        weights[sum(outcome)] = weights.get(sum(outcome), 0.0) + float(np.prod(list(each)))
    low = sum(weight for n, weight in weights.items() if n <= n_events)
    high = sum(weight for n, weight in weights.items() if n >= n_events)
    return min(1.0, 2 * min(low, high))


@pytest.mark.parametrize("n_events", [0, 2, 5])
def test_the_p_value_adds_up_all_outcomes(n_events: int) -> None:
    chance = [0.05, 0.2, 0.5, 0.7, 0.9]
    expected = brute_force(chance, n_events)
    assert poisson_binomial_p(np.array(chance), n_events) == pytest.approx(expected)


def test_the_normal_law_of_many_joins_the_exact_one() -> None:
    chance = np.random.default_rng(1).beta(1, 30, EXACT_UP_TO)
    exact = poisson_binomial_p(chance, int(chance.sum()) + 25)
    more = np.concatenate([chance, [1e-12]])
    assert poisson_binomial_p(more, int(chance.sum()) + 25) == pytest.approx(exact, rel=0.02)


def walked(n: int, chance: float, ended: dict[tuple[int, str], int]) -> pl.DataFrame:
    """N contracts per origin and currency, of which so many ended."""
    rows = [
        {
            "origin_on": DAYS[origin],
            "window_end_on": DAYS[origin] + timedelta(days=28),
            "model": STRUCTURE_ONLY,
            "contract_place": place + (n if currency == "USD" else 0),
            "end_logit": float(np.log(chance / (1 - chance))),
            "ended": place < n_ended,
            "mrr_minor": 999,
            "currency": currency,
            "is_asleep": False,
            "is_trial": False,
        }
        for (origin, currency), n_ended in ended.items()
        for place in range(n)
    ]
    return pl.DataFrame(rows, schema=WALK_TYPES)


def snapshots(forecasts: pl.DataFrame, *, users: int | None = None) -> pl.DataFrame:
    """What is looked up of contracts; with `users`, so many share all of them."""
    user = pl.col("contract_place") % (users or 10**9)
    return forecasts.select(
        "contract_place",
        snapshot_on="origin_on",
        user_id=user,
        plan=pl.lit("basic"),
        period_months=pl.lit(1, pl.Int64),
        period_days=pl.lit(0, pl.Int64),
    )


def survived() -> pl.DataFrame:
    return pl.DataFrame(schema=FORECAST_TYPES | {"user_id": pl.Int64})


def judged_of(forecasts: pl.DataFrame, **more: Any) -> pl.DataFrame:
    return forecast_tests(forecasts, NOTHING_MOVED, snapshots(forecasts, **more), survived())


def test_the_group_and_the_origin_that_were_off_are_named_and_the_others_are_not() -> None:
    """10% of 200 are expected to end; of one currency at one origin 60 do."""
    ended = {(0, "EUR"): 20, (1, "EUR"): 21, (0, "USD"): 19, (1, "USD"): 60}
    table = judged_of(walked(200, 0.1, ended))
    off = table.filter("is_off", pl.col("group_kind") == "currency")
    assert off.select("origin", "group_name", "n_ended").rows() == [
        (str(DAYS[1]), "USD", 60),
        (TOGETHER, "USD", 79),
    ]
    assert off["expected_ended"].to_list() == pytest.approx([20.0, 40.0])
    adjusted = table.sort("p_value")
    assert adjusted["p_adjusted"][0] == pytest.approx(adjusted["p_value"][0] * table.height)
    sentence = describe_tests(table)
    both, once = sentence.split("; ")
    assert "over all origins, 80 of 800 contracts were expected to end, 120 did" in both
    assert "(of currency USD 40 of 400 contracts were expected to end, 79 did)" in both
    assert "(of currency USD 20 of 200 contracts were expected to end, 60 did)" in once
    assert "EUR" not in sentence


def test_what_is_proven_but_small_is_not_off() -> None:
    """11.2% of twenty thousand end where 10% were expected: proven, by a ratio of 1.12."""
    table = judged_of(walked(10_000, 0.1, {(0, "EUR"): 1_120, (1, "EUR"): 1_120}))
    assert (table["p_adjusted"] < 0.01).all()
    assert not table["is_off"].any()


@pytest.mark.slow
def test_right_forecasts_are_called_off_once_in_twenty_tables_at_most() -> None:
    rng = np.random.default_rng(7)
    n_off = 0
    for _ in range(60):
        n_ended = {
            (origin, currency): int(rng.binomial(60, 0.1))
            for origin in (0, 1)
            for currency in ("EUR", "USD")
        }
        n_off += bool(judged_of(walked(60, 0.1, n_ended))["is_off"].any())
    assert n_off <= 3 + 3 * (60 * 0.05 * 0.95) ** 0.5


def test_contracts_of_one_user_that_end_together_prove_less() -> None:
    """Thirty of two hundred end where ten were expected; once they are of three users."""
    forecasts = walked(200, 0.05, {(0, "EUR"): 30})
    apart, together = judged_of(forecasts), judged_of(forecasts.sort("contract_place"), users=20)
    ten_each = snapshots(forecasts).with_columns(user_id=pl.col("contract_place") // 10)
    clustered = forecast_tests(forecasts, NOTHING_MOVED, ten_each, survived())
    assert apart["is_off"].any()
    assert (together["p_value"] < 0.001).all()  # spread over all users
    assert not clustered["is_off"].any()


def test_a_calibration_that_is_used_is_in_what_would_have_been_said() -> None:
    """Forecasts of 10% and ends of 25%: off; with the offset that is used they are right."""
    forecasts = walked(200, 0.1, {(1, "EUR"): 50})
    offset = float(np.log(0.25 / 0.75) - np.log(0.1 / 0.9))
    curve = {"calibrator": "carried_offset", "offset": offset, "slope": 1.0, "bend": 0.0}
    days = [DAYS[1], CUTOFF_ON]
    rows = [dict.fromkeys(TABLE_SCHEMA) | curve | {"origin_on": day} for day in days]
    used = pl.DataFrame(rows, schema=TABLE_SCHEMA).with_columns(is_adopted=pl.lit(value=True))
    known = snapshots(forecasts)
    assert judged_of(forecasts)["is_off"].any()
    moved = forecast_tests(forecasts, used, known, survived())
    assert moved["expected_ended"][0] == pytest.approx(50)
    assert not moved["is_off"].any()


def scores(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"plan": "basic", "currency": "EUR", "period_days": 0, "state": "watching"}
    return pl.DataFrame(
        [dict.fromkeys(SCORE_TYPES) | base | row for row in rows], schema=SCORE_TYPES
    )


def judged(*rows: tuple[int, str, str, bool]) -> pl.DataFrame:
    base = dict.fromkeys(TEST_TYPES) | {"origin": "2024-01-01", "n_contracts": 50}
    return pl.DataFrame(
        [
            base | {"after_periods": n, "group_kind": kind, "group_name": name, "is_off": is_off}
            for n, kind, name, is_off in rows
        ],
        schema=TEST_TYPES,
    )


def test_a_contract_says_how_far_it_was_judged_and_from_where_it_is_doubtful() -> None:
    tests = judged(
        (0, "all", "all", True),  # of the horizon, not of what lies beyond
        (3, "billing_period", "P1M", False),
        (6, "billing_period", "P1M", False),
        (6, "plan", "premium", True),
    )
    made = with_doubts(
        scores(
            {"period_months": 1},
            {"period_months": 1, "plan": "premium"},
            {"period_months": 12},
            {"period_months": 12, "state": "ending"},
        ),
        tests,
    )
    assert made["judged_periods"].to_list() == [6, 6, 0, 0]
    assert made["doubtful_from_periods"].to_list() == [None, 6, None, None]

    def evidence(days: int) -> list[str]:
        return made.select(value_evidence(days)).to_series().to_list()

    assert evidence(180) == [JUDGED, OFF, NOT_JUDGED, JUDGED]  # six renewals; one of a yearly one
    assert evidence(150) == [JUDGED, JUDGED, NOT_JUDGED, JUDGED]  # five
    assert evidence(365) == [NOT_JUDGED, OFF, NOT_JUDGED, JUDGED]
    values = made.select(value_evidence=value_evidence(365))
    assert "2 contracts reach beyond" in describe_horizon(tests, values)
    assert "up to 6 renewals" in describe_horizon(tests, values)


def test_nothing_to_say_is_no_warning_and_what_was_off_is_one() -> None:
    right, wrong = walked(200, 0.1, {(0, "EUR"): 20}), walked(200, 0.1, {(0, "EUR"): 60})
    assert describe_tests(judged_of(right)) == ""
    assert "20 of 200 contracts were expected to end, 60 did" in describe_tests(judged_of(wrong))
    empty = forecast_tests(right.clear(), NOTHING_MOVED, snapshots(right.clear()), survived())
    assert describe_tests(empty) == ""
