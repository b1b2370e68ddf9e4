"""Rewrite the future: everything that was made from TRAIN stays byte-identical, through the whole graph."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets_tests.logs import movielens
from ntg_assets_tests.workspaces import Workspace, reading

pytestmark = pytest.mark.slow

VAL_START, TEST_START = "2016-01-01", "2017-01-01"
FIXED = {"NTG_SPLIT__BOUNDARIES": "dates", "NTG_SPLIT__VAL_START": f"'{VAL_START}'", "NTG_SPLIT__TEST_START": f"'{TEST_START}'"}
SEES_THE_FUTURE = {
    "split_report",
    "val_events",
    "test_events",
    "leakage_audit",
    "release_gate",
    "ranking_outcomes",
    "ranking_report",
    "retrieval_report",
    "churn_outcomes",
    "churn_forecasts",
    "churn_calibration",
    "radar_backtest",
}


def some_users() -> pl.DataFrame:
    return movielens().filter(pl.col("user_id") <= 250)


def other_future(log: pl.DataFrame) -> pl.DataFrame:
    """Keep what happened before VAL; afterwards other people do other things, absurdly often, until the same last day."""
    cutoff = datetime.fromisoformat(VAL_START)
    past, future = log.filter(pl.col("event_at") < cutoff), log.filter(pl.col("event_at") >= cutoff)
    rewritten = future.with_columns(
        (pl.col("user_id") % 7 + 1).alias("user_id"),
        (pl.col("item_id") % 50 + 1).alias("item_id"),
        pl.lit(5.0).alias("value"),
    )
    return pl.concat([past, rewritten.unique(["user_id", "item_id", "event_at"])])


@pytest.mark.parametrize("strategy", ["global_time"])
def test_rewritten_future_changes_nothing_made_from_train(tmp_path: Path, strategy: str) -> None:
    hashes = []
    for name, log in {"as it was": some_users(), "rewritten": other_future(some_users())}.items():
        workspace = Workspace(tmp_path / name, variables=reading(log, tmp_path / name / "source", NTG_SPLIT__STRATEGY=strategy, **FIXED))
        workspace.done("run-all")
        hashes.append({table: hashed for table, hashed in workspace.hashes().items() if table.startswith("backtest.")})
    first, second = hashes
    assert first.keys() == second.keys()
    changed = {table.removeprefix("backtest.") for table in first if first[table] != second[table]}
    assert changed <= SEES_THE_FUTURE | {"split_boundaries"}
    assert {"test_events", "ranking_report", "churn_outcomes"} <= changed  # the future really was another one
