"""From histories to `candidates` and `recommendations` in the store: what the night does,
with its memory, for `benchmarks.graph`.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import Contract, IdTypes
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.contracts import Candidates
from ntg_assets.ranking.lists.contracts import Recommendations
from ntg_assets.ranking.lists.progress import Progress
from ntg_assets.ranking.lists.scored_users import candidate_rows, recommendation_rows, walk_users
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.sources import STRENGTH, configured_sources
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets.storage.tables import write_table
from ntg_assets.taste.ease_graph import linear_graph_of
from ntg_assets.taste.sequence_graph import sequence_graph_of
from ntg_assets.taste.taste_graph import graph_of

STAGE, INTEGERS = "live", IdTypes("integer", "integer")
ENGINE = EngineSettings(memory_limit="512MB", threads=2)
CUTOFF = datetime(2025, 1, 1)  # after the last event of the synthetic world
NO_TITLES = pl.DataFrame(schema={"item_id": pl.Int64, "title": pl.String})

HALF_LIVES = [1.0, 7.0, 30.0, 90.0, 365.0, 3650.0]  # days


def fill(world: str, store: str, users: int | None) -> dict[str, int]:
    """Store what the lists are made from: the log, three graphs, popularity."""
    Path(store).unlink(missing_ok=True)
    where = "" if users is None else f" where user_id <= {int(users)}"
    file = (Path(world) / "events.parquet").resolve()
    with connect(Path(store), engine=ENGINE, allowed=[file.parent]) as connection:
        connection.execute(f"create schema {STAGE}")
        connection.execute(
            f"create table {STAGE}.train_events as "  # noqa: S608
            f"select user_id, item_id, event_at from '{file}'{where}"
        )
        log = code_interactions(
            run(Query("select * from stored", {"stored": Table(STAGE, "train_events")}), connection)
        )
        taste, half_lives = (
            TasteSettings(),
            RankingSettings(popularity_half_life_days=HALF_LIVES).popularity_half_life_days,
        )
        made = {
            "taste_graph": graph_of(log, settings=taste).edges,
            "sequence_graph": sequence_graph_of(log, settings=taste).edges,
            "linear_graph": linear_graph_of(log, settings=taste),
            "item_popularity": item_popularity(log, now=CUTOFF, half_life_days=half_lives),
        }
        for name, rows in made.items():
            connection.register("made", rows)
            connection.execute(f"create table {STAGE}.{name} as select * from made")  # noqa: S608  # names of our own
    return {name: rows.height for name, rows in made.items()}


# one source of each graph: what is measured is their cost
WEIGHTS = {"taste_recent": 0.1, "sequence_recent": 0.05, "linear_long": 0.3}


def night(store: str) -> dict[str, Any]:
    """Make both tables, each in one transaction, user block by user block."""
    from benchmarks.graph import timed

    settings = RankingSettings(popularity_half_life_days=HALF_LIVES)
    weights = default_weights(settings)
    with connect(Path(store), engine=ENGINE) as connection:
        graphs = {
            name: _columns(connection, f"{name}_graph", "item_id", "neighbour_id", column)
            for name, column in STRENGTH.items()
        }
        popularity = _columns(connection, "item_popularity", "*")
    items = catalogue(popularity)
    log = timed(lambda: code_interactions(_history(store), items=items))
    coded = log.pop("result")
    model = ranking_model(
        popularity=popularity,
        graphs=graphs,
        cutoff_at=CUTOFF,
        settings=settings,
        weights=weights,
        log=coded,
    )
    del graphs, popularity
    recommend = recommendation_rows(model, titles=NO_TITLES, cutoff_at=CUTOFF)
    candidates, lists = (
        (rows for (rows,) in walk_users(coded, model, [made], tell=Progress(print, what=what)))
        for what, made in (("candidates", candidate_rows), ("recommendations", recommend))
    )
    return {
        "n_users": coded.n_users,
        "n_sources": len(model.sources),
        "code_interactions": log,
        "candidates": _write(store, "candidates", candidates, Candidates),
        "recommendations": _write(store, "recommendations", lists, Recommendations),
    }


def _write(
    store: str, name: str, frames: Iterator[pl.DataFrame], model: type[Contract]
) -> dict[str, Any]:
    from benchmarks.graph import timed

    with connect(Path(store), engine=ENGINE) as connection:
        done = timed(
            lambda: write_table(connection, Table(STAGE, name), Stream(frames), model, ids=INTEGERS)
        )
    return {"n_rows": done.pop("result").n_rows, **done}


def default_weights(settings: RankingSettings) -> pl.DataFrame:
    """Return weights of a few sources, with the popularity of 90 days as the floor."""
    sources = configured_sources(settings)
    floor = next(
        source.name
        for source in sources
        if source.kind == "popularity" and (source.half_life or 0) >= 90  # noqa: PLR2004
    )
    rows = {
        source.name: (WEIGHTS.get(source.name, float(source.name == floor)), source.name == floor)
        for source in sources
    }
    weight, is_floor = zip(*rows.values(), strict=True)
    return pl.DataFrame({"feature": list(rows), "weight": weight, "is_floor": is_floor})


def _history(store: str) -> pl.DataFrame:
    with connect(Path(store), engine=ENGINE) as connection:
        return _columns(connection, "train_events", "user_id", "item_id", "event_at")


def _columns(connection: Any, table: str, *names: str) -> pl.DataFrame:
    text = f"select {', '.join(names)} from stored"  # noqa: S608  # our own names
    return run(Query(text, {"stored": Table(STAGE, table)}), connection)
