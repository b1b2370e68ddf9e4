"""Rewrite the future: everything that was made from TRAIN stays byte-identical,
through the whole back-test.

The service lives in Los Angeles: the future begins at its midnight, eight hours after that of UTC.
"""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.definitions import defs
from ntg_assets.orchestration.domains import part_of
from ntg_assets_tests.logs import movielens
from ntg_assets_tests.workspaces import Workspace, reading

pytestmark = pytest.mark.slow

VAL_START, TEST_START = "2016-01-01", "2017-01-01"
FIXED = {
    "NTG_SPLIT__BOUNDARIES": "dates",
    "NTG_SPLIT__VAL_START": f"'{VAL_START}'",
    "NTG_SPLIT__TEST_START": f"'{TEST_START}'",
    "NTG_INGEST__SERVICE_TIMEZONE": "America/Los_Angeles",
    # neither intervals nor how many origins are what is asked here
    "NTG_GATE__BOOTSTRAP_SAMPLES": "100",
    "NTG_CHURN__WALK_FORWARD_ORIGINS": "2",
}
# groups that judge by held-out events, or make the parts
MAY_LOOK = {"backtest_evaluation", "backtest_splits"}


CUTOFF = datetime(2016, 1, 1, 8)


def some_users() -> pl.DataFrame:
    """Some of the bundled users, and ten of them in the last hours before the cutoff,
    which UTC counts to the next day.
    """
    log = movielens().filter(pl.col("user_id") <= 200)
    late = log.unique("user_id", keep="first").sort("user_id").head(10)
    return pl.concat(
        [log, late.with_columns(event_at=pl.lit(CUTOFF - timedelta(hours=3), pl.Datetime("us")))]
    )


def other_future(log: pl.DataFrame) -> pl.DataFrame:
    """Keep what happened before VAL; afterwards other people do other things,
    absurdly often, until the same last day.
    """
    past, future = log.filter(pl.col("event_at") < CUTOFF), log.filter(pl.col("event_at") >= CUTOFF)
    rewritten = future.with_columns(
        (pl.col("user_id") % 7 + 1).alias("user_id"),
        (pl.col("item_id") % 50 + 1).alias("item_id"),
        pl.lit(5.0).alias("value"),
    )
    return pl.concat([past, rewritten.unique(["user_id", "item_id", "event_at"])])


def test_rewritten_future_changes_nothing_made_from_train(tmp_path: Path) -> None:
    hashes = []
    for name, log in {"as it was": some_users(), "rewritten": other_future(some_users())}.items():
        workspace = Workspace(
            tmp_path / name, variables=reading(log, tmp_path / name / "source", **FIXED)
        )
        workspace.done("build-dataset")
        workspace.run_job("backtest_alone")
        hashes.append(
            {
                table: hashed
                for table, hashed in workspace.hashes().items()
                if table.startswith("backtest.")
            }
        )
        last_hours = workspace.table("backtest", "train_events").filter(
            pl.col("event_at") == CUTOFF - timedelta(hours=3)
        )
        assert (last_hours.height, set(last_hours["event_on"].cast(pl.String))) == (
            10,
            {"2015-12-31"},
        )
    first, second = hashes
    assert first.keys() == second.keys()
    changed = {table.removeprefix("backtest.") for table in first if first[table] != second[table]}
    graph = defs.resolve_asset_graph()
    made_from_train = {
        key.path[-1]
        for key in graph.get_all_asset_keys()
        if part_of(graph.get(key)) not in MAY_LOOK
    } | {"train_events"}
    assert not changed & made_from_train
    # the future really was another one
    assert {"test_events", "ranking_report", "churn_outcomes"} <= changed
