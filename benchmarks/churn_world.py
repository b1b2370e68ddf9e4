"""Churn scores beside the planted probabilities of the synthetic world.

At one cutoff the season moves everybody's probability the same way, so slope and coverage there are
one draw of its luck. They are judged at the newest cutoff and on average over four, two horizons
apart; each model saw only what lay before its cutoff.
"""

from dataclasses import replace
from datetime import date, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from benchmarks.churn_model import FOUR_WEEKS, calibrator_of, scores_of, whole_history
from benchmarks.harness import Goal
from benchmarks.radar import world_ceiling
from ntg_assets.local_days import with_event_on
from ntg_assets.sql import query
from ntg_assets.statistics.probability_metrics import calibration_line
from ntg_assets.storage.run import run
from ntg_assets.synthetic.world import write_world

SAMPLES = 500
WORLD_USERS, WORLD_EVENTS, WORLD_ITEMS = 100_000, 4_000_000, 2_000
# eight horizons of 28 days before the end, three of them before the planted trial
NEWEST = date(2024, 10, 7)
CUTOFFS = [NEWEST - timedelta(days=56 * k) for k in range(4)]
NEAR_NOMINAL = (0.92, 0.98)
SLOPE = (0.95, 1.05)


def world_part() -> tuple[dict[str, Any], list[Goal]]:
    """Judge the scores of a world of 100,000 users at every cutoff."""
    with TemporaryDirectory() as folder:
        write_world(folder, n_events=WORLD_EVENTS, n_users=WORLD_USERS, n_items=WORLD_ITEMS)
        events = (
            pl.scan_parquet(f"{folder}/events.parquet")
            .filter(pl.col("event_at") < pl.lit(NEWEST))
            .collect()
        )
        truth = pl.read_parquet(f"{folder}/truth/churn.parquet")
    user_days = run(
        query(
            "features",
            "user_days",
            {"train_events": with_event_on(events.with_columns(weight=pl.lit(1.0)))},
        )
    )
    at = {
        cutoff_on: evaluate_cutoff(
            user_days, truth.filter(pl.col("cutoff_on") == cutoff_on), cutoff_on
        )
        for cutoff_on in CUTOFFS
    }
    newest = at[NEWEST]
    mean = {
        name: float(np.mean([found[name] for found in at.values()]))
        for name in ("calibration_slope", "interval_coverage")
    }
    figures = {
        "users": WORLD_USERS,
        **newest,
        "mean": mean,
        "earlier": {str(on): found for on, found in at.items() if on != NEWEST},
    }
    lowest = min(found["correlation_with_planted"] for found in at.values())
    slope, held = (
        "calibration slope",
        "share of planted probabilities that their 95% intervals hold",
    )
    return figures, [
        Goal(
            "synthetic: correlation with the planted probability, lowest of four cutoffs",
            lowest,
            0.95,
            "at_least",
        ),
        *_between(f"synthetic: {slope}, newest cutoff", newest["calibration_slope"], SLOPE),
        *_between(f"synthetic: {slope}, mean of four cutoffs", mean["calibration_slope"], SLOPE),
        *_between(f"synthetic: {held}, newest cutoff", newest["interval_coverage"], NEAR_NOMINAL),
        *_between(
            f"synthetic: {held}, mean of four cutoffs", mean["interval_coverage"], NEAR_NOMINAL
        ),
    ]


def evaluate_cutoff(
    user_days: pl.DataFrame, truth: pl.DataFrame, cutoff_on: date
) -> dict[str, Any]:
    """Hold the scores of one cutoff, made from the days before it,
    against the planted probabilities.
    """
    known, churn = user_days.filter(pl.col("active_on") < cutoff_on), FOUR_WEEKS
    scores, model = scores_of(
        known,
        replace(whole_history(known), complete_until_on=cutoff_on, cutoff_on=cutoff_on),
        churn,
    )
    rows = scores.filter("is_at_risk_population").join(truth, on="user_id").sort("user_id")
    told, true = rows["churn_probability"].to_numpy(), rows["silence_probability"].to_numpy()
    silent = rows["was_silent"].cast(pl.Float64).to_numpy()
    slope, offset = calibration_line(told, silent, np.arange(rows.height))
    planted_slope, _ = calibration_line(true, silent, np.arange(rows.height))
    inside = (rows["churn_probability_low"].to_numpy() <= true) & (
        true <= rows["churn_probability_high"].to_numpy()
    )
    found = {
        "at_risk": rows.height,
        "correlation_with_planted": float(np.corrcoef(told, true)[0, 1]),
        "calibration_slope": slope.value,
        "calibration_offset": offset.value,
        "calibration_slope_of_planted": planted_slope.value,
        "interval_coverage": float(inside.mean()),
        "mean_gap": float(told.mean() - true.mean()),
        "calibrator": calibrator_of(model),
    }
    return found | (
        {"share_of_oracle": world_ceiling(known, rows, churn=churn, samples=SAMPLES)}
        if cutoff_on == NEWEST
        else {}
    )


def _between(name: str, value: float, limits: tuple[float, float]) -> list[Goal]:
    return [Goal(name, value, limits[0], "at_least"), Goal(name, value, limits[1], "at_most")]
