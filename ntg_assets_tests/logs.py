"""Small event logs for tests: given row by row, made at random, or the bundled sample."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from ntg_assets.local_days import with_event_on

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "ml-latest-small"
EVENT_SCHEMA = pl.Schema(
    {
        "user_id": pl.Int64(),
        "item_id": pl.Int64(),
        "event_at": pl.Datetime("us"),
        "event_type": pl.String(),
        "value": pl.Float64(),
        "weight": pl.Float64(),
    }
)


def events(*rows: tuple[int, int, str], zone: str = "UTC") -> pl.DataFrame:
    """Make a log from (user, item, ISO time in UTC) of a service in some zone;
    every event has value and weight 1.
    """
    full = [(user, item, datetime.fromisoformat(at), "view", 1.0, 1.0) for user, item, at in rows]
    return with_event_on(pl.DataFrame(full, schema=EVENT_SCHEMA, orient="row"), zone)


def random_log(
    seed: int, *, n_events: int = 400, n_users: int = 12, n_items: int = 15, n_days: int = 200
) -> pl.DataFrame:
    """Make a random log that starts on 2024-01-01; values in half steps, three weights."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(0, n_days * 86_400, n_events))
    start = datetime(2024, 1, 1)
    log = pl.DataFrame(
        {
            "user_id": rng.integers(1, n_users + 1, n_events),
            "item_id": rng.integers(1, n_items + 1, n_events),
            "event_at": [start + timedelta(seconds=int(second)) for second in seconds],
            "event_type": rng.choice(["view", "like"], n_events),
            "value": rng.integers(1, 11, n_events) / 2,
            "weight": rng.choice([0.2, 1.0, 3.0], n_events),
        },
        schema=EVENT_SCHEMA,
    )
    return with_event_on(log)


@cache
def movielens() -> pl.DataFrame:
    """The bundled MovieLens ratings as events."""
    log = pl.read_csv(SAMPLE / "ratings.csv").select(
        pl.col("userId").alias("user_id"),
        pl.col("movieId").alias("item_id"),
        pl.from_epoch("timestamp").cast(pl.Datetime("us")).alias("event_at"),
        pl.lit("rating").alias("event_type"),
        pl.col("rating").cast(pl.Float64).alias("value"),
        pl.lit(1.0).alias("weight"),
    )
    return with_event_on(log)


@cache
def movielens_categories() -> pl.DataFrame:
    """The genres of the bundled MovieLens items as `item_categories`."""
    listed = pl.read_csv(SAMPLE / "movies.csv").filter(pl.col("genres") != "(no genres listed)")
    split = listed.select(
        pl.col("movieId").alias("item_id"), pl.col("genres").str.split("|").alias("category")
    )
    return (
        split.with_columns(pl.col("category").list.len().cast(pl.Int64).alias("n_categories"))
        .explode("category")
        .with_columns(pl.int_range(1, pl.len() + 1).over("item_id").alias("position"))
        .select("item_id", "category", "position", "n_categories")
    )
