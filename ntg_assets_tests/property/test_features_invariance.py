"""Features depend on what happened, not on the order of rows,
the number of threads, or the future.
"""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.local_days import with_event_on
from ntg_assets.sql import Query, query
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import movielens, movielens_categories, random_log

CUTOFF = date(2024, 5, 1)
CATEGORIES = pl.DataFrame(
    {
        "item_id": range(1, 16),
        "category": [f"c{item % 4}" for item in range(1, 16)],
        "position": 1,
        "n_categories": 1,
    }
)
KEYS = {
    "user_days": ["user_id", "active_on"],
    "user_features": ["user_id"],
    "item_features": ["item_id"],
    "interaction_features": ["user_id", "item_id"],
}


def features(
    log: pl.DataFrame,
    *,
    cutoff: date = CUTOFF,
    categories: pl.DataFrame = CATEGORIES,
    threads: int = 1,
) -> dict[str, pl.DataFrame]:
    """Make all feature tables of a log, sorted by key."""
    with connect(engine=EngineSettings(threads=threads)) as connection:

        def made(asked: Query) -> pl.DataFrame:
            return run(asked, connection)

        days = made(query("features", "user_days", {"train_events": log}))
        pairs = made(
            query(
                "features",
                "interaction_features",
                {"train_events": log},
                cutoff_on=cutoff,
                recent_days=30,
            )
        )
        items = made(
            query(
                "features",
                "item_features",
                {"train_events": log, "interaction_features": pairs},
                cutoff_on=cutoff,
            )
        )
        taste = query(
            "features",
            "user_taste_features",
            {"interaction_features": pairs, "item_categories": categories},
        )
        activity = user_activity_features(days, active_users_at(days, cutoff))
        users = made(query("features", "user_features", {"activity": activity, "taste": taste}))
    tables = {
        "user_days": days,
        "user_features": users,
        "item_features": items,
        "interaction_features": pairs,
    }
    return {name: frame.sort(KEYS[name]) for name, frame in tables.items()}


def assert_same(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    for name, frame in left.items():
        assert_frame_equal(frame, right[name], check_exact=True)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000))
@settings(max_examples=10)
def test_order_of_rows_does_not_matter(seed: int, shuffle: int) -> None:
    log = random_log(seed)
    assert_same(features(log), features(log.sample(fraction=1, shuffle=True, seed=shuffle)))


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_events_at_and_after_the_cutoff_do_not_matter(seed: int) -> None:
    log = random_log(seed)
    absurd = log.with_columns(
        pl.lit(datetime(2024, 5, 1)).alias("event_at"),
        (pl.col("value") * 1e6).alias("value"),
        pl.lit(99.0).alias("weight"),
    )
    with_future = features(pl.concat([log, with_event_on(absurd)]))
    without = features(log.filter(pl.col("event_at") < datetime(2024, 5, 1)))
    for name in ("user_features", "item_features", "interaction_features"):
        assert_frame_equal(with_future[name], without[name], check_exact=True)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_totals_are_the_sum_of_their_parts(seed: int) -> None:
    log = random_log(seed).filter(pl.col("event_at") < datetime(2024, 5, 1))
    made = features(log)
    assert made["user_days"]["n_events"].sum() == log.height
    assert made["item_features"]["n_events"].sum() == log.height
    assert made["interaction_features"]["n_events"].sum() == log.height
    assert made["interaction_features"]["strength"].sum() == pytest.approx(log["weight"].sum())


@pytest.mark.slow
def test_number_of_threads_does_not_matter_on_real_data() -> None:
    log, categories = movielens(), movielens_categories()
    # enough rows for several threads
    many = pl.concat([log.with_columns(pl.col("user_id") + 1000 * copy) for copy in range(5)])
    after = date(2018, 10, 1)
    assert_same(
        features(many, cutoff=after, categories=categories, threads=1),
        features(
            many.sample(fraction=1, shuffle=True, seed=1),
            cutoff=after,
            categories=categories,
            threads=4,
        ),
    )
