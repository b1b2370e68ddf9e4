"""Run queries where the tables of the log lie, and bring results home."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Timer
from typing import Any
from uuid import uuid4

import polars as pl

from ntg_assets.engines.spark.dialect import converted, spark_text, spark_type
from ntg_assets.engines.spark.failures import ENDED, LOST, Place, explain, explained
from ntg_assets.engines.spark.session import (
    ask_once,
    make_active,
    open_session,
    stop_session,
)
from ntg_assets.engines.versions import rows_of, shown_folders
from ntg_assets.errors import EngineError
from ntg_assets.sql import Query, Source, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, column_types

PATIENCE_SECONDS = 4 * 3600.0
HANDED = "_handed"  # folder of results on their way between cluster and this process


@dataclass
class Cluster:
    """A cluster and the folder that it shares with this process.

    Attributes:
        remote: Address of its Spark Connect server.
        storage: The folder.
        patience_s: Seconds that one piece of work may take: a cluster whose workers are all gone
            waits for new ones without end.
    """

    remote: str
    storage: Path
    patience_s: float = PATIENCE_SECONDS
    _session: Any = field(default=None, repr=False)

    @property
    def session(self) -> Any:
        """The connection, opened when it is first needed."""
        if self._session is None:
            self._session = open_session(self.place)
        make_active(self._session)
        return self._session

    def close(self) -> None:
        """Let go of the connection; one that is lost already is no error."""
        session, self._session = self._session, None
        if session is not None:
            stop_session(session)

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """Turn what the cluster says in the block into one sentence, and end what takes longer than
        it may.
        """
        is_late = Event()
        waiting = Timer(self.patience_s, self._interrupt, [is_late])
        waiting.daemon = True
        waiting.start()
        try:
            with explained(what, self.place):
                yield
        except EngineError as error:
            if LOST.format(**self.place._asdict()) in str(error):
                ask_once(self.session)
            if is_late.is_set():  # each server says this in words of its own
                raise EngineError(explain(ENDED, what, self.place, kind=ENDED)) from None
            raise
        finally:
            waiting.cancel()

    @property
    def place(self) -> Place:
        """What a message may name."""
        return Place(self.remote, str(self.storage), self.patience_s)

    def _interrupt(self, is_late: Event) -> None:
        is_late.set()
        with suppress(Exception):  # the work ends with the error of its own
            self.session.interruptAll()

    def read_folder(self, folder: Path) -> Any:
        """Return the rows of a folder, as a frame of the cluster."""
        return self.session.read.parquet(str(folder))

    @contextmanager
    def handed_folder(self) -> Iterator[Path]:
        """Lend a folder that both sides see, for as long as the block runs."""
        folder = self.storage / HANDED / uuid4().hex
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


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

    def is_on_cluster(self, given: Query) -> bool:
        """Whether a query itself names a table on the cluster: there it runs."""
        return any(
            isinstance(source, Table) and source in self.folders for source in given.tables.values()
        )

    def types(self, given: Query) -> dict[str, str]:
        """Say which columns a query makes, with the types that DuckDB gives them."""
        return column_types(self.connection, given)

    def keep(self, table: Table, folder: Path) -> None:
        """Let queries of this call run on the cluster over a folder."""
        self.folders[table] = folder

    def frame(self, given: Query) -> Any:
        """Return what a query makes, as a frame of the cluster with the types of DuckDB; it runs
        when the frame is used.
        """
        types = self.types(given)
        prefix = f"ntg_{uuid4().hex}_"
        for name, source in given.tables.items():
            view = f"{prefix}{name.lower()}"
            self._source(source).createOrReplaceTempView(view)
            self.undo.callback(self._drop, view)
        text = spark_text(given.text, given.tables, prefix=prefix, origin=given.origin)
        with self.cluster.explained(given.origin):
            frame = self.cluster.session.sql(text, args=dict(given.parameters) or None)
            return self._typed(frame, types, origin=given.origin)

    def local(self, given: Query) -> Query:
        """Return a query that this process runs: what its nested queries make on the cluster is
        handed over.
        """
        tables: dict[str, Source] = {
            name: self.handed(source)
            if isinstance(source, Query) and self.is_on_cluster(source)
            else self.local(source)
            if isinstance(source, Query)
            else source
            for name, source in given.tables.items()
        }
        return replace(given, tables=tables)

    def rows(self, given: Query) -> pl.DataFrame:
        """Bring home what a query makes on the cluster: for answers that are small."""
        types = self.types(given)
        frame = self.frame(given)
        with self.cluster.explained(given.origin):
            arrow = frame.toArrow()
        return self._in_duckdb_types(Query("select * from answer", {"answer": arrow}), types)

    def handed(self, given: Query) -> Table:
        """Run a query on the cluster, and return its rows as a table of this process until the call
        ends.
        """
        types = self.types(given)
        folder = self.undo.enter_context(self.cluster.handed_folder())
        frame = self.frame(given)
        with self.cluster.explained(given.origin):
            write_folder(frame, folder)
        return self.shown(folder, types)

    def shown(self, folder: Path, types: Mapping[str, str]) -> Table:
        """Show a folder as a table of this process until the call ends."""
        table = Table("temp", f"handed_{uuid4().hex}")
        has_rows = any(folder.glob("*.parquet"))
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
        if any(folder.glob("*.parquet")):
            return
        folder.mkdir(parents=True, exist_ok=True)
        empty = _no_columns({name: types[name] for name in columns})
        self.connection.sql(f"{empty} where false").write_parquet(str(folder / "none.parquet"))

    def _source(self, source: Source) -> Any:
        if isinstance(source, Table) and source in self.folders:
            return self.cluster.read_folder(self.folders[source])
        if isinstance(source, Query) and self.is_on_cluster(source):
            return self.frame(source)
        return self._sent(source)

    def _sent(self, source: Source) -> Any:
        """Send rows of this process to the cluster."""
        given = (
            self.local(source)
            if isinstance(source, Query)
            else Query("select * from sent", {"sent": source})
        )
        types = self.types(given)
        folder = self.undo.enter_context(self.cluster.handed_folder())
        store_rows(self.connection, given, folder)
        columns = [
            f"cast({_spark_name(name)} as {spark_type(type_, column=name, origin=given.origin)})"
            f" as {_spark_name(name)}"
            for name, type_ in types.items()
        ]
        with self.cluster.explained(given.origin):
            return self.cluster.read_folder(folder).selectExpr(*columns)

    def _typed(self, frame: Any, types: Mapping[str, str], *, origin: str) -> Any:
        found = dict(frame.dtypes)
        if [name.lower() for name in found] != [name.lower() for name in types]:
            found = dict(zip(types, found.values(), strict=True))
        columns = []
        for name, type_ in types.items():
            wanted = spark_type(type_, column=name, origin=origin)
            quoted = _spark_name(name)
            columns.append(f"{converted(quoted, found[name], wanted, origin=origin)} as {quoted}")
        return frame.selectExpr(*columns)

    def _in_duckdb_types(self, given: Query, types: Mapping[str, str]) -> pl.DataFrame:
        with bound(self.connection, given):
            return self.connection.sql(f"{_columns(types)} from ({given.text})").pl()

    def _drop(self, view: str) -> None:
        with suppress(Exception):  # what failed before is what is told; a lost session has no views
            self.cluster.session.catalog.dropTempView(view)


def store_rows(connection: Connection, given: Query, folder: Path) -> None:
    """Write the rows of a query of this process as Parquet that a cluster reads."""
    folder.mkdir(parents=True)
    with bound(connection, given):
        connection.sql(given.text, params=dict(given.parameters) or None).write_parquet(
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
