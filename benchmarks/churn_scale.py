"""What ten million user-days cost from stored active days to scores, in a process of its own."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from benchmarks.churn_model import FOUR_WEEKS, scores_of, whole_history
from benchmarks.harness import Goal, measure_call

SEED = 20260101
SCALE = {"n_users": 500_000, "n_days": 730, "days_per_user": 20}


def scale_part() -> tuple[dict[str, Any], list[Goal]]:
    """Measure the cost."""
    with TemporaryDirectory() as folder:
        _, made = measure_call("benchmarks.churn_scale:write_user_days", folder=folder)
        cost, found = measure_call("benchmarks.churn_scale:score_scale", folder=folder)
    figures = {**found, "cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "peak_mb": cost.peak_mb}
    per_ten_million = cost.cpu_s * 10_000_000 / made["user_days"]
    return figures, [
        Goal(
            "scale: CPU seconds for ten million user-days to scores",
            per_ten_million,
            60.0,
            "at_most",
        ),
        Goal("scale: peak memory in MB", cost.peak_mb, 4096.0, "at_most"),
    ]


def score_scale(folder: str) -> dict[str, int]:
    """From stored user-days to scores: what the assets of one stage do."""
    user_days = pl.read_parquet(Path(folder) / "user_days.parquet")
    scores, _ = scores_of(user_days, whole_history(user_days), FOUR_WEEKS)
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
