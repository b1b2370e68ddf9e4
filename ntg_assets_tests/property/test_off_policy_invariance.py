"""What must hold of off-policy estimates whatever the log."""

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from ntg_assets_tests.exposures import cell, estimate, exposures, lists_of

ITEMS = (10, 11, 12)
REWARD = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 3))
PROPENSITY = st.floats(0.05, 1.0)
ROW = st.tuples(st.integers(1, 5), st.sampled_from(ITEMS), st.integers(1, 2), PROPENSITY, REWARD)
LOGS = st.lists(ROW, min_size=3, max_size=40)
LISTS = lists_of(graph={user: [10 + user % 3, 10 + (user + 1) % 3] for user in range(1, 6)})
VALUES = ("value", "low", "high", "difference", "difference_low", "difference_high")


@pytest.mark.slow
@given(LOGS)
def test_the_logged_policy_itself_is_worth_exactly_what_it_earned(
    rows: list[tuple[int, int, int, float, float]],
) -> None:
    certain = [
        (user, 10 + (user + place - 1) % 3, place, 1.0, reward)
        for user, _, place, _, reward in rows
    ]
    report = estimate(exposures(*certain), LISTS)
    own = cell(report, "value", strategy="logged", estimator="on_policy")
    assert cell(report, "value") == own
    assert cell(report, "value", estimator="snips") == pytest.approx(own, abs=1e-12)
    assert cell(report, "mean_weight") == 1.0
    assert cell(report, "difference") == 0.0


@pytest.mark.slow
@given(LOGS, st.sampled_from([0.25, 2.0, 8.0]))
def test_rewards_in_another_unit_scale_every_value(
    rows: list[tuple[int, int, int, float, float]], factor: float
) -> None:
    log = exposures(*rows)
    one, other = estimate(log, LISTS), estimate(log.with_columns(pl.col("reward") * factor), LISTS)
    for column in VALUES:
        scaled = [None if value is None else value * factor for value in one[column]]
        assert other[column].to_list() == pytest.approx(scaled, abs=1e-9)


@pytest.mark.slow
@given(LOGS, st.randoms(use_true_random=False))
def test_rows_in_another_order_change_nothing(
    rows: list[tuple[int, int, int, float, float]], random: object
) -> None:
    log = exposures(*rows)
    order = list(range(log.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert estimate(log[order], LISTS).equals(estimate(log, LISTS))


@pytest.mark.slow
@given(LOGS)
def test_intervals_hold_their_value_and_shares_are_shares(
    rows: list[tuple[int, int, int, float, float]],
) -> None:
    report = estimate(exposures(*rows), LISTS)
    known = report.filter(pl.col("low").is_not_null())
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()
    for share in ("filled_share", "support_share", "matched_share"):
        assert report[share].is_between(0, 1).all()
    assert (report["effective_users"] <= report["n_users"] + 1e-9).all()
