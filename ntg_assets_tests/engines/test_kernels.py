"""Graphs made where the log lies have the bits of those made in one piece."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.engines.spark.pair_block import counter
from ntg_assets.taste.graph_kernels import LinearGraphKernel, TasteGraphKernel
from ntg_assets_tests.engines.here_cluster import HereCluster


def log_of(n_users: int, n_items: int, *, as_text: bool = False) -> pl.DataFrame:
    """Make a log with repeats and equal instants, so that every tie-break is asked."""
    rng = np.random.default_rng(3)
    n_events = n_users * 9
    item = (n_items * rng.random(n_events) ** 2).astype(np.int64)
    start = datetime(2024, 1, 1)
    at = [start + timedelta(hours=int(hour)) for hour in rng.integers(0, 40, n_events)]
    frame = pl.DataFrame(
        {"user_id": rng.integers(0, n_users, n_events), "item_id": item, "event_at": at}
    )
    return frame.cast({"user_id": pl.String, "item_id": pl.String}) if as_text else frame


GUARDS: dict[str, dict[str, Any]] = {
    "few cut": {"min_item_support": 1, "min_shared_users": 1, "max_items_per_user": 500},
    "all cut": {"min_item_support": 6, "min_shared_users": 3, "max_items_per_user": 4},
    "none left": {"min_item_support": 10_000, "linear_min_item_support": 10_000},
}


@pytest.mark.parametrize("as_text", [False, True], ids=["integer ids", "text ids"])
@pytest.mark.parametrize("guards", GUARDS.values(), ids=GUARDS)
def test_the_taste_graph_where_the_log_lies_is_that_of_one_piece(
    guards: dict[str, Any], *, as_text: bool
) -> None:
    log = log_of(60, 25, as_text=as_text)
    kernel = TasteGraphKernel(TasteSettings(**guards, neighbours_per_item=5))
    whole, divided = kernel.whole(log), kernel.divided(log, HereCluster())
    assert divided.edges.equals(whole.edges)
    assert divided.edges.schema == whole.edges.schema
    assert divided.guardrails.equals(whole.guardrails)


@pytest.mark.parametrize("most", [0, 7, 100], ids=["no item", "seven items", "all items"])
def test_the_linear_graph_where_the_log_lies_is_that_of_one_piece(most: int) -> None:
    log, cluster = log_of(60, 25), HereCluster()
    settings = TasteSettings(linear_max_items=most, linear_min_item_support=2)
    kernel = LinearGraphKernel(settings)
    assert kernel.divided(log, cluster).equals(kernel.whole(log))
    assert cluster.n_pairs_asked == (most > 0)


def test_with_fewer_users_than_items_the_histories_come_home() -> None:
    log, cluster = log_of(8, 40), HereCluster()
    kernel = LinearGraphKernel(TasteSettings(linear_min_item_support=1))
    assert kernel.divided(log, cluster).equals(kernel.whole(log))
    assert cluster.n_pairs_asked == 0


def test_a_block_that_sums_too_many_pairs_gives_them_out_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ntg_assets.engines.spark import pair_block  # noqa: PLC0415  # changed here

    monkeypatch.setattr(pair_block, "PAIRS_AT_ONCE", 1)
    monkeypatch.setattr(pair_block, "USERS_AT_ONCE", 1)
    rows = pa.table({"user_id": ["b", "a", "a", "b"], "item": pa.array([0, 0, 1, 2], pa.int32())})
    parts = list(counter(3)(iter(rows.to_batches())))
    assert len(parts) > 1
    total = pl.concat([pl.DataFrame(pl.from_arrow(part)) for part in parts])
    summed = total.group_by("item", "other").agg(pl.col("n_users").sum()).sort("item", "other")
    assert summed.rows() == [(0, 0, 2), (0, 1, 1), (0, 2, 1), (1, 1, 1), (2, 2, 1)]
