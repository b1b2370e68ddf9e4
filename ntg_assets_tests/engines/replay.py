"""Record every query that a whole run hands to its engine, and ask a cluster the same.

`python -m ntg_assets_tests.engines.replay FOLDER CONFIG` runs the graph and records.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.engines.spark.placed import Placed
from ntg_assets.sql import Query, Source, Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

MOST_OF_ONE_TEXT = 6  # times that one text is recorded: both stages, and other bindings
INDEX = "queries.jsonl"


@dataclass
class Recorder:
    """Writes queries, and what they read, into a folder."""

    folder: Path
    n_of_text: dict[str, int] = field(default_factory=dict)
    stored: dict[Table, str] = field(default_factory=dict)

    def record(self, connection: Connection, given: Query) -> None:
        count = self.n_of_text.get(given.text, 0)
        if count >= MOST_OF_ONE_TEXT or given.text == "select * from incoming":
            return
        self.n_of_text[given.text] = count + 1
        line = json.dumps(self._described(connection, given), default=_written)
        with (self.folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(line + "\n")

    def _described(self, connection: Connection, given: Query) -> dict[str, Any]:
        return {
            "text": given.text,
            "origin": given.origin,
            "is_whole": given.is_whole,
            "parameters": dict(given.parameters),
            "tables": {
                name: self._described(connection, source)
                if isinstance(source, Query)
                else self._kept(connection, source)
                for name, source in given.tables.items()
            },
        }

    def _kept(self, connection: Connection, source: Source) -> str:
        if isinstance(source, Table) and source in self.stored:
            return self.stored[source]
        name = uuid4().hex
        (self.folder / name).mkdir()
        rows = run(Query("select * from kept", {"kept": source}), connection)
        rows.write_parquet(self.folder / name / "rows.parquet")
        if isinstance(source, Table):
            self.stored[source] = name
        return name


def install(folder: Path) -> None:
    """Let every engine of this process record what it is asked."""
    recorder, read, write = Recorder(folder), DuckDBEngine.read, DuckDBEngine.write

    def recorded_read(connection: Connection, query: Query) -> pl.DataFrame:
        recorder.record(connection, query)
        return read(connection, query)

    def recorded_write(
        connection: Connection, table: Table, rows: Any, *rest: Any, **named: Any
    ) -> Any:
        if isinstance(rows, Query):
            recorder.record(connection, rows)
        recorder.stored.pop(table, None)
        return write(connection, table, rows, *rest, **named)

    DuckDBEngine.read = staticmethod(recorded_read)  # type: ignore[method-assign]
    DuckDBEngine.write = staticmethod(recorded_write)  # type: ignore[method-assign]


def recorded(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what was recorded."""
    for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@dataclass(frozen=True)
class Replay:
    """Asks both engines one recorded query, everything that it reads being on the cluster."""

    folder: Path
    connection: Connection
    cluster: Cluster

    def ask(self, described: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return DuckDB's rows and the cluster's."""
        with ExitStack() as undo:
            placed = Placed(self.cluster, self.connection, {}, undo)
            given = self._query(described, placed)
            return run(given, self.connection), placed.rows(given)

    def _query(self, described: dict[str, Any], placed: Placed) -> Query:
        tables = {
            name: self._query(source, placed)
            if isinstance(source, dict)
            else self._shown(source, placed)
            for name, source in described["tables"].items()
        }
        parameters = {name: _read(value) for name, value in described["parameters"].items()}
        return Query(
            described["text"], tables, parameters, described["origin"], described["is_whole"]
        )

    def _shown(self, name: str, placed: Placed) -> Table:
        folder = self.folder / name
        described = self.connection.execute(
            f"describe select * from read_parquet('{folder}/*.parquet')"  # our own
        ).fetchall()
        table = placed.shown(folder, {column: type_ for column, type_, *_ in described})
        placed.keep(table, folder)
        return table


def _written(value: object) -> Any:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(type(value).__name__)


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        [(kind, text)] = value.items()
        return (datetime if kind == "datetime" else date).fromisoformat(text)
    return value


def difference(expected: pl.DataFrame, answer: pl.DataFrame) -> float:
    """Return the largest relative difference of answers whose keys and types are equal; infinite
    where they are not.
    """
    if expected.schema != answer.schema or expected.height != answer.height:
        return float("inf")
    floats = [name for name, type_ in expected.schema.items() if type_.is_float()]
    keys = [name for name in expected.columns if name not in floats]
    left, right = (
        rows.sort([*keys, *(pl.col(name).round(6) for name in floats)])
        for rows in (expected, answer)
    )
    if not left.select(keys).equals(right.select(keys)):
        return float("inf")
    worst = 0.0
    for name in floats:
        one, other = left[name], right[name]
        if not (one.is_null() == other.is_null()).all():
            return float("inf")
        size = pl.max_horizontal(one.abs(), other.abs(), pl.lit(1e-300))
        apart = pl.select(((one - other).abs() / size).max()).item()
        worst = max(worst, float(apart or 0.0))
    return worst


if __name__ == "__main__":
    from ntg_assets.cli import main

    install(Path(sys.argv[1]))
    sys.argv = ["ntg", "run-all", "--config", sys.argv[2]]
    main()
