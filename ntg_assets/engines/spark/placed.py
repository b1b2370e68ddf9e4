"""Queries of one call: where what they read lies, and what they make, on either side."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from ntg_assets.engines.folders import holds_rows
from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.engines.spark.dialect import converted, spark_text, spark_type
from ntg_assets.engines.versions import rows_of, shown_folders
from ntg_assets.sql import Query, Rows, Source, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, column_types


@dataclass(frozen=True)
class Placed:
    """The queries of one method call: what they read, and where it lies.

    Attributes:
        cluster: The cluster.
        connection: The open warehouse.
        folders: Folder of each table on the cluster.
        undo: What ends with the call: views, handed folders.
    """

    cluster: Cluster
    connection: Connection
    folders: dict[Table, Path]
    undo: ExitStack

    @classmethod
    @contextmanager
    def over(cls, cluster: Cluster, connection: Connection) -> Iterator["Placed"]:
        """Look at the tables as they are now."""
        with ExitStack() as undo:
            yield cls(cluster, connection, shown_folders(connection), undo)

    def is_on_cluster(self, query: Query) -> bool:
        """Whether a query itself names rows on the cluster: there it runs."""
        return any(self._folder(source) for source in query.tables.values())

    def _folder(self, source: Source) -> Path | None:
        """Return where rows on the cluster lie; none: these are not there."""
        if isinstance(source, Rows):
            return source.folder
        return self.folders.get(source) if isinstance(source, Table) else None

    def types(self, query: Query) -> dict[str, str]:
        """Say which columns a query makes, with the types that DuckDB gives them."""
        return column_types(self.connection, query)

    def keep(self, table: Table, folder: Path) -> None:
        """Let queries of this call run on the cluster over a folder."""
        self.folders[table] = folder

    def frame(self, query: Query) -> Any:
        """Return what a query makes, as a frame of the cluster with the types of DuckDB; it runs
        when the frame is used.
        """
        types = self.types(query)
        prefix = f"ntg_{uuid4().hex}_"
        text = spark_text(query.text, query.tables, prefix=prefix, origin=query.origin)
        with self.cluster.explained(query.origin):
            for name, source in query.tables.items():
                view = f"{prefix}{name.lower()}"
                self._source(source).createOrReplaceTempView(view)
                self.undo.callback(self._drop, view)
            frame = self.cluster.session.sql(text, args=dict(query.parameters) or None)
            return self._typed(frame, types, origin=query.origin)

    def local(self, query: Query) -> Query:
        """Return a query that this process runs: what its nested queries make on the cluster is
        handed over.
        """
        tables: dict[str, Source] = {
            name: self.handed(source)
            if isinstance(source, Query) and self.is_on_cluster(source)
            else self.local(source)
            if isinstance(source, Query)
            else source
            for name, source in query.tables.items()
        }
        return replace(query, tables=tables)

    def rows(self, query: Query) -> pl.DataFrame:
        """Bring home what a query makes on the cluster: for answers that are small."""
        types = self.types(query)
        frame = self.frame(query)
        with self.cluster.explained(query.origin):
            arrow = frame.toArrow()
        return self._in_duckdb_types(Query("select * from answer", {"answer": arrow}), types)

    def none_of(self, query: Query) -> pl.DataFrame:
        """Return no rows, with the columns and types of what a query makes."""
        with bound(self.connection, query):
            return self.connection.sql(
                f"select * from ({query.text}) limit 0", params=dict(query.parameters) or None
            ).pl()

    def handed(self, query: Query) -> Table:
        """Run a query on the cluster, and return its rows as a table of this process until the call
        ends.
        """
        types = self.types(query)
        folder = self.undo.enter_context(self.cluster.handed_folder())
        frame = self.frame(query)
        with self.cluster.explained(query.origin):
            write_folder(frame, folder)
        return self.shown(folder, types)

    def shown(self, folder: Path, types: Mapping[str, str]) -> Table:
        """Show a folder as a table of this process until the call ends."""
        table = Table("temp", f"handed_{uuid4().hex}")
        has_rows = holds_rows(folder)
        columns = _columns(types) if has_rows else _no_columns(types)
        rows = f" from {rows_of(folder)}" if has_rows else " where false"
        self.connection.execute(
            f"create temp view {quote_identifier(table.name)} as {columns}{rows}"
        )
        self.undo.callback(
            self.connection.execute, f"drop view if exists temp.{quote_identifier(table.name)}"
        )
        return table

    def complete(self, folder: Path, types: Mapping[str, str], columns: Sequence[str]) -> None:
        """Write an empty file into a folder to which the cluster wrote none: a table of no rows has
        columns too.
        """
        if holds_rows(folder):
            return
        folder.mkdir(parents=True, exist_ok=True)
        empty = _no_columns({name: types[name] for name in columns})
        self.connection.sql(f"{empty} where false").write_parquet(str(folder / "none.parquet"))

    def _source(self, source: Source) -> Any:
        if folder := self._folder(source):
            return self.cluster.read_folder(folder)
        if isinstance(source, Query) and self.is_on_cluster(source):
            return self.frame(source)
        return self._sent(source)

    def _sent(self, source: Source) -> Any:
        """Send rows of this process to the cluster."""
        query = (
            self.local(source)
            if isinstance(source, Query)
            else Query("select * from sent", {"sent": source})
        )
        types = self.types(query)
        folder = self.undo.enter_context(self.cluster.handed_folder())
        store_rows(self.connection, query, folder)
        columns = [
            f"cast({_spark_name(name)} as {spark_type(type_, column=name, origin=query.origin)})"
            f" as {_spark_name(name)}"
            for name, type_ in types.items()
        ]
        with self.cluster.explained(query.origin):
            return self.cluster.read_folder(folder).selectExpr(*columns)

    def _typed(self, frame: Any, types: Mapping[str, str], *, origin: str) -> Any:
        frame = frame.toDF(*types)  # a column without a name is called otherwise there
        actual = dict(frame.dtypes)
        columns = []
        for name, type_ in types.items():
            wanted = spark_type(type_, column=name, origin=origin)
            quoted = _spark_name(name)
            columns.append(f"{converted(quoted, actual[name], wanted, origin=origin)} as {quoted}")
        return frame.selectExpr(*columns)

    def _in_duckdb_types(self, query: Query, types: Mapping[str, str]) -> pl.DataFrame:
        with bound(self.connection, query):
            return self.connection.sql(f"{_columns(types)} from ({query.text})").pl()

    def _drop(self, view: str) -> None:
        with suppress(Exception):  # what failed before is what is told; a lost session has no views
            self.cluster.session.catalog.dropTempView(view)


def store_rows(connection: Connection, query: Query, folder: Path) -> None:
    """Write the rows of a query of this process as Parquet that a cluster reads."""
    folder.mkdir(parents=True)
    with bound(connection, query):
        connection.sql(query.text, params=dict(query.parameters) or None).write_parquet(
            str(folder / "rows.parquet"), compression="zstd"
        )


def write_folder(frame: Any, folder: Path) -> None:
    """Let the cluster write a frame into a folder that does not exist yet."""
    frame.write.mode("error").parquet(str(folder))


def _columns(types: Mapping[str, str]) -> str:
    columns = (
        f"cast({quote_identifier(name)} as {type_}) as {quote_identifier(name)}"
        for name, type_ in types.items()
    )
    return f"select {', '.join(columns)}"


def _no_columns(types: Mapping[str, str]) -> str:
    columns = (
        f"cast(null as {type_}) as {quote_identifier(name)}" for name, type_ in types.items()
    )
    return f"select {', '.join(columns)}"


def _spark_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
