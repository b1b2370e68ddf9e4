"""Lists made by workers where the log lies have the bits of those made in one piece."""

import hashlib
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.ranking import DislikeSettings, RankingSettings
from ntg_assets.configuration.rules import Boost, Diversity, RulesSettings
from ntg_assets.engines import user_parts
from ntg_assets.engines.work_file import read_work, write_work
from ntg_assets.errors import EngineError
from ntg_assets.ranking.lists import list_kernel
from ntg_assets.ranking.lists.list_kernel import ListKernel
from ntg_assets.ranking.lists.list_work import ItemSide
from ntg_assets.ranking.scoring import user_neighbours
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES
from ntg_assets.sql import Stream
from ntg_assets_tests.engines.here_cluster import HereCluster
from ntg_assets_tests.ranking_world import RANKING, communities, make_world

CUTOFF = datetime(2024, 5, 1)
TABLES = ("candidates", "recommendations", "strategy_lists")
RULES = RulesSettings(
    boosts=[Boost(item="3", factor=1.5)], diversity=Diversity(by="graph", relevance_weight=0.7)
)
SETTINGS = {
    "as it comes": RANKING,
    "ratings below the own mean": RANKING.model_copy(
        update={"dislikes": DislikeSettings(below_own_mean=True)}
    ),
    "rules, repeats": RANKING.model_copy(update={"rules": RULES, "recommend_consumed": "allow"}),
}


def log_of(kind: pl.DataType, *, n_users: int = 40) -> pl.DataFrame:
    """Make a log with ratings; the last users to come dislike their last items."""
    log = communities(3, n_users=n_users, items_per_group=8, per_user=6)
    order = pl.col("event_at").rank("ordinal")
    is_late = order > log.height - 20
    return log.with_columns(
        value=pl.when(is_late).then(1.0).otherwise(4.0 + order % 2), event_type=pl.lit("rate")
    ).cast({"user_id": kind, "item_id": kind})


def side_of(log: pl.DataFrame, settings: RankingSettings) -> ItemSide:
    """An item side in which every source has a weight, with items barred in two regions."""
    made = make_world(log.select("user_id", "item_id", "event_at"), CUTOFF, ranking=settings)
    users, items = made.log.users, made.model.items
    regions = [("SE", "NO", "(unknown)")[place % 3] for place in range(len(users))]
    barred = {"region": ["SE", "NO", "DK"], "item_id": items[[0, 1, 2]]}
    return ItemSide(
        popularity=made.tables["item_popularity"],
        graphs={graph: made.tables[table] for graph, table in GRAPH_TABLES.items()},
        weights=made.tables["ranking_weights"].with_columns(
            weight=pl.max_horizontal("weight", pl.lit(0.1))
        ),
        item_rules=made.tables["item_rules"],
        titles=pl.DataFrame({"item_id": items, "title": [f"ü {item}" for item in items]})[1:],
        user_regions=pl.DataFrame({"user_id": users, "region": regions}),
        regional_exclusions=pl.DataFrame(barred),
        settings=settings,
        cutoff_at=CUTOFF,
        zone="Europe/Berlin",
        tables=TABLES,
    )


def stored(streams: tuple[Stream, ...]) -> list[pl.DataFrame]:
    """Read tables in their order, sorted by all columns."""
    tables = [pl.concat(list(stream.frames)) for stream in streams]
    return [table.sort(table.columns) for table in tables]


@pytest.mark.parametrize("kind", [pl.Int64(), pl.String()], ids=["integer ids", "text ids"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_lists_made_where_the_log_lies_are_those_of_one_piece(
    settings: RankingSettings, kind: pl.DataType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (user_neighbours, list_kernel):
        monkeypatch.setattr(module, "MOST_USERS", 10)  # not all can be neighbours
    monkeypatch.setattr(user_parts, "ROWS_AT_ONCE", 30)
    log = log_of(kind)
    notes: list[str] = []
    kernel = ListKernel(side_of(log, settings), tmp_path, note=notes.append)
    here = tmp_path / "shared"
    here.mkdir()
    whole = stored(kernel.whole(log.select(kernel.columns)))
    divided = stored(kernel.divided(log, HereCluster(here)))
    assert all(table.height > 40 for table in whole)
    assert "neighbours_recent" in whole[0]["source"].unique()
    for left, right in zip(whole, divided, strict=True):
        assert right.schema == left.schema
        assert right.equals(left)
    [work] = here.iterdir()  # what workers made is removed as it is read
    assert notes == [hashlib.sha256(work.read_bytes()).hexdigest()]


def test_neighbours_are_asked_for_until_nobody_else_can_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (user_neighbours, list_kernel):
        monkeypatch.setattr(module, "MOST_USERS", 5)
    log = log_of(pl.Int64())
    side = side_of(log, SETTINGS["ratings below the own mean"])
    kernel, cluster = ListKernel(side, tmp_path), HereCluster(tmp_path)
    takes = kernel._takes(log, cluster)  # what no list shows
    expected = user_neighbours.latest_takes(side.histories(log))
    assert takes.rows.equals(expected.rows)
    latest = log.group_by("user_id").agg(pl.col("event_at").max()).sort("event_at")[-5:]
    chosen = set(takes.rows["user_id"])
    assert chosen != set(latest["user_id"]), "whose last takes are disliked was there earlier"


def test_a_file_of_work_that_was_changed_is_refused(tmp_path: Path) -> None:
    log = log_of(pl.Int64())
    side = side_of(log, RANKING)
    file = write_work(side.work(None, compiled=False), log.clear(), tmp_path / "work")
    read_work(str(file.path), file.sha256)
    read_work.cache_clear()
    with file.path.open("r+b") as changed:
        changed.seek(-1, 2)
        changed.write(b"!")
    with pytest.raises(EngineError, match="is not the file of work that was written there"):
        read_work(str(file.path), file.sha256)
