"""Past forecasts rest on what was known then;
the report and the radar back-test measure them honestly.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from ntg_assets.churn.snapshots import History
from ntg_assets.churn.walk_forward import walk_forward_origins
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.evaluation.churn.challenger_report import (
    all_challenger_forecasts,
    churn_challengers,
    gini_share,
    spearman,
    top_share_of,
    value_backtest,
)
from ntg_assets.evaluation.churn.challengers import CHALLENGERS
from ntg_assets.evaluation.churn.drift import churn_drift
from ntg_assets.evaluation.churn.forecasts import (
    HOLDOUT,
    WALK_FORWARD,
    Past,
    churn_forecasts,
    holdout_forecasts,
)
from ntg_assets.evaluation.churn.money_calibration import money_calibration
from ntg_assets.evaluation.churn.origin import Origin
from ntg_assets.evaluation.churn.radar_backtest import RANKINGS, radar_backtest, top_share
from ntg_assets.evaluation.churn.report import churn_report, holdout_note
from ntg_assets.evaluation.churn.value_challengers import direct_loss, run_rate
from ntg_assets.evaluation.churn.values_before import with_values_before
from ntg_assets.evaluation.expected_quality.expected_quality import MEASURES, expected_quality
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.revenue.value.value_model import daily_run_rate
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    boundaries,
    days,
    leaving_log,
    make_tables,
)
from ntg_assets_tests.logs import events

START, T_VAL, END = date(2024, 1, 1), date(2024, 7, 1), date(2024, 8, 28)


def everything(log: pl.DataFrame) -> tuple[Tables, pl.DataFrame]:
    """Tables of TRAIN and the forecasts with their outcomes,
    from the active days of the whole log.
    """
    tables = make_tables(
        log.filter(pl.col("active_on") < T_VAL), boundaries(START, T_VAL, log_end_on=END)
    )
    window = log.filter(
        (pl.col("active_on") >= T_VAL)
        & (pl.col("active_on") < T_VAL + timedelta(days=CHURN.horizon_days))
    )
    outcomes = window.group_by("user_id").agg(
        window_active_days=pl.len().cast(pl.Int64), window_value=pl.col("value_sum").sum()
    )
    said = (tables.revenue_risk_radar, tables.churn_scores, tables.ltv_estimates)
    held = holdout_forecasts(*said, outcomes, tables.history, churn=CHURN, value=VALUE)
    return tables, churn_forecasts(past_of(tables), held, churn=CHURN, value=VALUE)


def past_of(tables: Tables) -> Past:
    return Past(
        tables.labelled,
        tables.churn_walk_forward,
        value_evidence(tables.value_walk_forward),
        tables.user_days,
        tables.history,
    )


@pytest.fixture(scope="module")
def world() -> tuple[Tables, pl.DataFrame]:
    return everything(leaving_log(11, n_users=150))


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


def report_of(forecasts: pl.DataFrame) -> pl.DataFrame:
    return churn_report(forecasts, n_bins=5, samples=200, rng=np.random.default_rng(1))


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


def made_forecasts() -> pl.DataFrame:
    rows = [(user, user / 10, float(user), float(11 - user)) for user in range(1, 11)]
    made = pl.DataFrame(
        rows, schema=["user_id", "churn_probability", "ltv_at_stake", "lost_value"], orient="row"
    )
    return made.with_columns(
        evaluation=pl.lit(HOLDOUT),
        origin_on=T_VAL,
        horizon_at_stake="ltv_at_stake",
        is_churned=pl.lit(value=True),
        value_before="lost_value",
        value_before_last="lost_value",
        value_before_ever="lost_value",
        ltv="ltv_at_stake",
        dropped_value="lost_value",
    )


def test_capture_by_hand() -> None:
    found = radar_backtest(made_forecasts(), samples=100, rng=np.random.default_rng(1))
    row = found.filter(
        pl.col("loss") == "left", pl.col("ranking") == "radar", pl.col("depth_share") == 0.2
    ).row(0, named=True)
    assert row["captured_share"] == (1 + 2) / 55  # users 10 and 9 lead the radar, and lost least
    assert row["oracle_captured_share"] == (10 + 9) / 55
    assert row["share_of_oracle"] == pytest.approx(3 / 19)


def test_no_ranking_beats_the_oracle(world: tuple[Tables, pl.DataFrame]) -> None:
    found = radar_backtest(world[1], samples=100, rng=np.random.default_rng(1))
    assert set(found["ranking"]) == {*RANKINGS, "attainable", "oracle"} - {
        "direct_loss",
        "run_rate",
    }
    assert (found["captured_share"] <= found["oracle_captured_share"] + 1e-12).all()
    assert (found.filter(pl.col("ranking") == "oracle")["share_of_oracle"] == 1).all()


def test_exact_stakes_with_the_same_probabilities_bound_the_capture_by_hand() -> None:
    found = radar_backtest(made_forecasts(), samples=100, rng=np.random.default_rng(1))
    row = found.filter(
        pl.col("loss") == "left", pl.col("ranking") == "attainable", pl.col("depth_share") == 0.2
    ).row(0, named=True)
    assert row["captured_share"] == (6 + 5) / 55  # u / 10 * (11 - u) is largest for users 5 and 6


def test_windows_of_value_before_by_hand() -> None:
    # 1, 20, 21, 120 days ago
    seen = days(
        (1, "2024-06-30"), (1, "2024-06-11"), (1, "2024-06-10"), (1, "2024-03-03"), value=2.0
    )
    asked = pl.DataFrame({"user_id": [1], "origin_on": [T_VAL]})
    found = run(
        query(
            "evaluation.churn",
            "value_before",
            {"forecasts": asked, "user_days": seen},
            window_days=40,
            horizon_days=20,
        )
    )
    assert found.select("tenure_days", "value_last", "value_at_risk", "value_ever").row(0) == (
        120,
        2 * 2.0,
        3 * 2.0,
        4 * 2.0,
    )
    assert found.select("active_days_last", "active_days_at_risk", "active_days_ever").row(0) == (
        2,
        3,
        4,
    )


def test_money_adds_up_over_deciles_and_segments(world: tuple[Tables, pl.DataFrame]) -> None:
    found = money_calibration(world[1], samples=100, rng=np.random.default_rng(1))
    for kind in ("value", "loss"):
        rows = found.filter(pl.col("evaluation") == WALK_FORWARD, pl.col("kind") == kind)
        whole = rows.filter(pl.col("segment") == "all", pl.col("bin") == 0).row(0, named=True)
        for parts in (rows.filter(pl.col("bin") > 0), rows.filter(pl.col("segment") != "all")):
            assert (parts["realised"] * parts["n_rows"]).sum() == pytest.approx(
                whole["realised"] * whole["n_rows"]
            )
            assert (parts["predicted"] * parts["n_rows"]).sum() == pytest.approx(
                whole["predicted"] * whole["n_rows"]
            )
        assert whole["realised_low"] <= whole["realised"] <= whole["realised_high"]


def test_top_of_each_origin_is_rounded_up_with_ties_by_id() -> None:
    rows = pl.DataFrame(
        {"origin_on": [1, 1, 1, 2], "user_id": [3, 1, 2, 9], "key": [0.5, 0.5, 0.1, 0.0]}
    )
    assert top_share(rows, pl.col("key"), 0.1).to_list() == [False, True, False, True]


def test_nothing_lost_has_no_share() -> None:
    found = radar_backtest(
        made_forecasts().with_columns(value_before=0.0), samples=100, rng=np.random.default_rng(1)
    )
    assert found.filter(pl.col("loss") == "left")["captured_share"].is_null().all()
    assert found.filter(pl.col("loss") == "dropped")["captured_share"].is_not_null().all()


def quality_of(
    tables: Tables, forecasts: pl.DataFrame, *, at_risk: int | None = None
) -> pl.DataFrame:
    """The expected quality as its asset makes it; `at_risk`: of so many users alone."""
    now = tables.revenue_risk_radar.filter("is_at_risk_population").select(
        "user_id", "churn_probability", "ltv_at_stake", origin_on=pl.lit(tables.history.cutoff_on)
    )
    return expected_quality(
        forecasts,
        with_values_before(
            now.head(now.height if at_risk is None else at_risk),
            tables.user_days,
            churn=CHURN,
            value=VALUE,
        ),
        known_on=tables.history.complete_until_on,
        horizon_days=CHURN.horizon_days,
        n_bins=5,
        rng=np.random.default_rng(1),
    )


def test_no_forecasts_give_empty_reports_that_keep_their_contracts(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    tables, forecasts = world
    none = forecasts.head(0)
    others = all_challenger_forecasts(
        none,
        tables.churn_snapshots,
        tables.churn_labels,
        tables.user_days,
        churn=CHURN,
        value=VALUE,
        seed=1,
    )
    rng = np.random.default_rng(1)
    made = {
        "churn_forecasts": none,
        "churn_calibration": report_of(none),
        "churn_drift": churn_drift(none),
        "radar_backtest": radar_backtest(none, others, samples=100, rng=rng),
        "money_calibration": money_calibration(none, samples=100, rng=rng),
        "challenger_forecasts": others,
        "churn_challengers": churn_challengers(none, others, n_bins=5, samples=100, rng=rng),
        "value_backtest": value_backtest(none, others),
        "expected_quality": quality_of(tables, none, at_risk=0),
    }
    for name, rows in made.items():
        assert rows.is_empty()
        check_frame(rows, contract_of(name), ids=IdTypes("integer", "integer"))


def test_reports_keep_their_contracts_and_challengers_see_the_same_users(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    tables, forecasts = world
    others = all_challenger_forecasts(
        forecasts,
        tables.churn_snapshots,
        tables.churn_labels,
        tables.user_days,
        churn=CHURN,
        value=VALUE,
        seed=1,
    )
    compared = churn_challengers(
        forecasts, others, n_bins=5, samples=100, rng=np.random.default_rng(1)
    )
    sizes = compared.group_by("evaluation").agg(pl.col("n_rows").n_unique())
    assert sizes["n_rows"].to_list() == [1, 1]
    assert set(compared["model"]) == {"shipped", *CHALLENGERS}
    shipped = compared.filter(pl.col("model") == "shipped", pl.col("evaluation") == HOLDOUT).row(
        0, named=True
    )
    base = compared.filter(pl.col("model") == "base_rate", pl.col("evaluation") == HOLDOUT).row(
        0, named=True
    )
    assert shipped["log_loss"] < base["log_loss"]
    assert base["log_loss_difference"] == pytest.approx(base["log_loss"] - shipped["log_loss"])
    valued = value_backtest(forecasts, others)
    made = {
        "churn_forecasts": forecasts,
        "challenger_forecasts": others,
        "churn_challengers": compared,
        "value_backtest": valued,
    }
    made |= {"churn_calibration": report_of(forecasts), "churn_drift": churn_drift(forecasts)}
    made["expected_quality"] = quality_of(tables, forecasts)
    assert made["expected_quality"].filter("is_tonight")["metric"].to_list() == sorted(MEASURES)
    for name, rows in made.items():
        check_frame(rows, contract_of(name), ids=IdTypes("integer", "integer"))


def test_no_forecast_of_loss_lies_above_the_largest_loss_seen(
    world: tuple[Tables, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = world[0].labelled
    origin = Origin(
        labelled, labelled.head(5), labelled, CHURN.horizon_days, regularisation=1.0, seed=1
    )
    lost = (
        daily_run_rate(labelled, settings=VALUE)
        * CHURN.horizon_days
        * labelled["is_churned"].to_numpy()
    )
    assert 0 < direct_loss(origin, value=VALUE).max() <= lost.max()
    monkeypatch.setattr(
        HistGradientBoostingRegressor, "predict", lambda _, rows: np.full(len(rows), np.inf)
    )
    assert direct_loss(origin, value=VALUE).tolist() == [lost.max()] * 5


def test_value_metrics_by_hand() -> None:
    told, seen = np.array([3.0, 2.0, 1.0]), np.array([6.0, 0.0, 3.0])
    assert spearman(told, seen) == pytest.approx(0.5)
    assert spearman(told, np.ones(3)) is None
    assert gini_share(seen, seen) == 1.0
    held, perfect = (2 / 3 + 2 / 3 + 1) / 3, (2 / 3 + 1 + 1) / 3
    assert gini_share(told, seen) == pytest.approx((2 * held - 4 / 3) / (2 * perfect - 4 / 3))
    assert top_share_of(told, seen) == 6 / 9


def test_run_rate_learns_its_half_life_and_its_level_on_what_had_closed() -> None:
    paces = pl.DataFrame(
        {
            "decayed_active_days_7d": [1.0, 3.0, 0.0, 2.0],
            "decayed_active_days_30d": [2.0, 2.0, 2.0, 2.0],
            "decayed_active_days_90d": [4.0, 1.0, 4.0, 1.0],
            "decayed_active_days_365d": [9.0, 1.0, 9.0, 1.0],
        }
    )
    known = paces.with_columns(window_active_days=pl.Series([2, 6, 0, 4]))  # twice the first pace
    now = paces.head(2)
    origin = Origin(known, now, now, horizon_days=30, regularisation=0.1, seed=1)
    level = (2 + 6 + 0 + 4) / (1 + 3 + 0 + 2)
    assert run_rate(origin, value=VALUE).tolist() == [level * 1.0, level * 3.0]
    nothing = Origin(
        known.with_columns(window_active_days=0), now, now, 30, regularisation=0.1, seed=1
    )
    assert run_rate(nothing, value=VALUE).tolist() == [0.0, 0.0]
