"""Past forecasts rest on what was known then; the report measures them honestly."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from ntg_assets.churn.snapshots import History
from ntg_assets.churn.walk_forward import walk_forward_origins
from ntg_assets.evaluation.churn.forecasts import (
    HOLDOUT,
    WALK_FORWARD,
    churn_forecasts,
    holdout_forecasts,
)
from ntg_assets.evaluation.churn.report import holdout_note
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_past import (
    END,
    START,
    T_VAL,
    everything,
    forecast_world,
    past_of,
    report_of,
)
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    boundaries,
    leaving_log,
    make_tables,
)
from ntg_assets_tests.logs import events


@pytest.fixture(scope="module")
def world() -> tuple[Tables, pl.DataFrame]:
    return forecast_world()


def test_outcomes_are_judged_in_the_half_open_horizon() -> None:
    val = events((1, 1, "2024-07-01T00:00"), (1, 2, "2024-07-01T09:00"), (2, 1, "2024-06-30T23:59"))
    test = events((1, 1, "2024-07-20T23:59"), (3, 1, "2024-07-21T00:00"))
    limits = {"from_at": datetime(2024, 7, 1), "until_at": datetime(2024, 7, 21)}
    found = run(
        query(
            "evaluation.churn", "churn_outcomes", {"val_events": val, "test_events": test}, **limits
        )
    )
    assert found.rows() == [(1, 2, 3.0)]


def test_origins_are_a_horizon_apart_and_have_closed_rows_before_them(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    labelled = world[0].labelled
    found = walk_forward_origins(labelled, settings=CHURN)
    assert len(found) > 2
    assert all(
        later - earlier >= timedelta(days=CHURN.horizon_days) for earlier, later in pairwise(found)
    )
    assert all(
        labelled.filter(pl.col("window_end_on") <= origin_on).height >= 100 for origin_on in found
    )


@pytest.mark.slow
def test_forecasts_at_an_origin_do_not_know_what_came_after(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    tables, forecasts = world
    origin_on = walk_forward_origins(tables.labelled, settings=CHURN)[1]
    told = [
        "user_id",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "ltv_at_stake",
        "ltv",
        "expected_value",
        "value_before",
        "segment",
    ]
    log = leaving_log(11, n_users=150)
    poisoned = log.with_columns(
        value_sum=pl.when(pl.col("active_on") >= origin_on).then(1e6).otherwise("value_sum")
    )
    mixed = poisoned.filter((pl.col("active_on") < origin_on) | (pl.col("user_id") % 2 == 0))
    again = everything(mixed)[1]
    before, after = (
        rows.filter(pl.col("origin_on") == origin_on).select(told) for rows in (forecasts, again)
    )
    assert before.height > 10
    assert before.equals(after)


def test_holdout_judges_at_risk_users_on_held_out_days(world: tuple[Tables, pl.DataFrame]) -> None:
    tables, forecasts = world
    held = forecasts.filter(pl.col("evaluation") == HOLDOUT)
    assert sorted(held["user_id"]) == sorted(
        tables.churn_scores.filter("is_at_risk_population")["user_id"]
    )
    log = leaving_log(11, n_users=150)
    stayed = log.filter(
        (pl.col("active_on") >= T_VAL) & (pl.col("active_on") < T_VAL + timedelta(days=20))
    )["user_id"].unique()
    assert set(held.filter(~pl.col("is_churned"))["user_id"]) == set(stayed) & set(held["user_id"])


def test_losses_are_what_was_there_before(world: tuple[Tables, pl.DataFrame]) -> None:
    for row in world[1].head(50).iter_rows(named=True):
        assert row["lost_value"] == (row["value_before"] if row["is_churned"] else 0.0)
        assert row["dropped_value"] == max(0.0, row["value_before"] - row["value_after"])


@pytest.mark.slow
def test_per_user_split_has_no_holdout_and_says_why() -> None:
    log = leaving_log(11)
    tables = make_tables(log, boundaries(START, END, strategy="per_user"))
    outcomes = pl.DataFrame(
        schema={"user_id": pl.Int64, "window_active_days": pl.Int64, "window_value": pl.Float64}
    )
    said = (tables.revenue_risk_radar, tables.churn_scores, tables.ltv_estimates)
    held = holdout_forecasts(*said, outcomes, tables.history, churn=CHURN, value=VALUE)
    forecasts = churn_forecasts(past_of(tables), held, churn=CHURN, value=VALUE)
    assert forecasts["evaluation"].unique().to_list() == [WALK_FORWARD]
    assert "no common cutoff" in str(
        holdout_note(tables.history, date(2024, 8, 28), settings=CHURN)
    )


def test_log_that_ends_before_the_horizon_closes_says_so() -> None:
    history = History(START, T_VAL, T_VAL)
    assert holdout_note(history, date(2024, 7, 21), settings=CHURN) is None
    told = holdout_note(history, date(2024, 7, 11), settings=CHURN)
    assert (
        told
        == "the log ends on 2024-07-11, the horizon closes on 2024-07-21: users may yet return,"
        " churn is overstated"
    )


def test_report_covers_all_segments_and_origins_once(world: tuple[Tables, pl.DataFrame]) -> None:
    found = report_of(world[1])
    assert not found.select("evaluation", "segment", "metric", "bin").is_duplicated().any()
    headline = found.filter(pl.col("metric") == "auc", pl.col("segment") == "all")
    assert headline["evaluation"].to_list() == [HOLDOUT, WALK_FORWARD]
    assert headline["value"].min() > 0.6  # type: ignore[operator]
    assert (headline["low"] < headline["value"]).all()
    parts = found.filter(
        pl.col("metric") == "churn_rate", pl.col("segment").str.starts_with("origin=")
    )
    assert parts["n_rows"].sum() == world[1].filter(pl.col("evaluation") == WALK_FORWARD).height


def test_report_on_one_outcome_is_null_and_says_so(world: tuple[Tables, pl.DataFrame]) -> None:
    found = report_of(world[1].filter("is_churned")).filter(
        pl.col("segment") == "all", pl.col("evaluation") == HOLDOUT
    )
    auc_row = found.filter(pl.col("metric") == "auc").row(0, named=True)
    assert auc_row["value"] is None
    assert auc_row["note"].startswith("not defined")
