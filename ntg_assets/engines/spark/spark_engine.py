"""The engine that keeps and makes on a cluster what grows with events."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ntg_assets.contracts import Contract, IdTypes, column_names, grows_with_events, known_tables
from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.engine import Made
from ntg_assets.engines.folders import holds_rows, remove
from ntg_assets.engines.kernel import FileWorkers, Kernel
from ntg_assets.engines.spark.cluster import HANDED, Cluster
from ntg_assets.engines.spark.kernels import ClusterFiles, ClusterLog
from ntg_assets.engines.spark.placed import Placed, store_rows, write_folder
from ntg_assets.engines.spark.validation import count, shape_of, validate
from ntg_assets.engines.versions import (
    claim,
    drop_tables,
    new_folder,
    point,
    seal,
    sealed,
    shown_folders,
    sweep,
)
from ntg_assets.errors import EngineError
from ntg_assets.sql import Query, Stream, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.describe import measure_table, sample_table
from ntg_assets.storage.tables import (
    Written,
    check_columns,
    write_table,
)
from ntg_assets.storage.versions import column_types_of, version_name


@dataclass(frozen=True)
class SparkEngine:
    """Keeps tables that grow with events on a cluster, all others in the warehouse.

    Attributes:
        cluster: The cluster.
        workspace: Folder that remembers which storage is this workspace's own.
        least_bytes: Bytes of source files from which on the workers read them; none: they do not
            see them.
    """

    cluster: Cluster
    workspace: Path
    least_bytes: int | None = None

    def begin(self, connection: Connection) -> None:
        """Require a cluster that answers and sees the same folder; drop what lies elsewhere."""
        claim(self.cluster.storage, self.workspace)
        remove(self.cluster.storage / HANDED)  # of a run that was killed
        self._require_shared_folder()
        rows = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name ="
            " current_database()"
        ).fetchall()
        events = {name for name in known_tables() if grows_with_events(name)}
        drop_tables(connection, [Table(*row) for row in rows if row[1] in events])

    def write(
        self,
        connection: Connection,
        table: Table,
        rows: Query | Stream,
        model: type[Contract],
        *,
        ids: IdTypes,
    ) -> Written:
        with Placed.over(self.cluster, connection) as placed:
            if not grows_with_events(table.name):
                return write_table(connection, table, _at_home(placed, rows), model, ids=ids)
            sweep(self.cluster.storage, table, placed.folders.values())
            folder = new_folder(self.cluster.storage, table)
            try:
                _store(placed, table, rows, model, folder)
                return _accept(placed, table, folder, model, ids=ids)
            except BaseException:
                remove(folder)  # what is left is swept by the next write
                raise

    def read(self, connection: Connection, query: Query) -> pl.DataFrame:
        with Placed.over(self.cluster, connection) as placed:
            if placed.is_on_cluster(query):
                return placed.rows(query)
            return DuckDBEngine.read(connection, placed.local(query))

    @staticmethod
    def blocks(
        connection: Connection, table: Table, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Read the columns of a version straight from its files: nothing is computed."""
        return DuckDBEngine.blocks(connection, table, columns)

    def apply(self, connection: Connection, table: Table, kernel: Kernel[Made]) -> Made:
        with Placed.over(self.cluster, connection) as placed:
            if table not in placed.folders:
                return DuckDBEngine().apply(connection, table, kernel)
            return kernel.divided(table, ClusterLog(placed))

    @staticmethod
    def version(connection: Connection, table: Table) -> str | None:
        """Name the version that the warehouse shows; none where its files are not as they were
        sealed.
        """
        if not grows_with_events(table.name):
            return DuckDBEngine.version(connection, table)
        folder = shown_folders(connection).get(table)
        version = sealed(folder) if folder else None
        if folder is None or version is None:
            return None
        return version_name(version.content_hash, shape_of(connection, folder))

    @contextmanager
    def file_workers(self, connection: Connection) -> Iterator[FileWorkers | None]:
        if self.least_bytes is None:
            yield None
            return
        with Placed.over(self.cluster, connection) as placed:
            yield ClusterFiles(placed, least_bytes=self.least_bytes)

    def close(self) -> None:
        self.cluster.close()

    def _require_shared_folder(self) -> None:
        """Write a row here and let the cluster copy it: both must see both.

        Raises:
            EngineError: they do not.
        """
        with self.cluster.handed_folder() as here, self.cluster.handed_folder() as there:
            here.mkdir(parents=True)
            pl.DataFrame({"probe": [1]}).write_parquet(here / "rows.parquet")
            with self.cluster.explained("engine.storage"):
                write_folder(self.cluster.read_folder(here), there)
            if not holds_rows(there):
                raise EngineError(
                    f"engine.storage: what the cluster wrote to {self.cluster.storage} is not seen"
                    " here. It must be one folder, by the same path on this machine and on every"
                    " worker."
                )


def _at_home(placed: Placed, rows: Query | Stream) -> Query | Stream:
    """Return rows that this process can store itself."""
    if isinstance(rows, Stream):
        return rows
    if placed.is_on_cluster(rows):
        return Query("select * from handed", {"handed": placed.handed(rows)}, origin=rows.origin)
    return placed.local(rows)


def _store(
    placed: Placed, table: Table, rows: Query | Stream, model: type[Contract], folder: Path
) -> None:
    """Write the rows of a table into a folder, from the side where they are made."""
    if isinstance(rows, Stream):
        _store_frames(table, rows, model, folder)
        return
    columns = column_names(model)
    check_columns(table, list(placed.types(rows)), model, maker=rows.origin)
    if placed.is_on_cluster(rows):
        with placed.cluster.explained(f"{table.schema}.{table.name}"):
            write_folder(placed.frame(rows).select(*columns), folder)
        placed.complete(folder, placed.types(rows), columns)
        return
    ordered = ", ".join(map(quote_identifier, columns))
    store_rows(
        placed.connection,
        Query(f"select {ordered} from made", {"made": placed.local(rows)}, origin=rows.origin),
        folder,
    )


def _store_frames(table: Table, rows: Stream, model: type[Contract], folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(rows.frames):
        check_columns(table, frame.columns, model, maker="its stream")
        frame.select(column_names(model)).write_parquet(folder / f"rows-{number:06}.parquet")


def _accept(
    placed: Placed, table: Table, folder: Path, model: type[Contract], *, ids: IdTypes
) -> Written:
    """Judge a version, seal it, and let the warehouse show it."""
    connection, before = placed.connection, placed.folders.get(table)
    validate(placed, table, folder, model, ids=ids)
    counted = count(placed, folder)
    seal(folder, n_rows=counted.n_rows, content_hash=counted.content_hash)
    connection.begin()
    try:
        point(connection, table, folder)
        written = Written(
            n_rows=counted.n_rows,
            content_hash=counted.content_hash,
            column_types=column_types_of(connection, table),
            measures=measure_table(connection, table, model),
            sample=sample_table(connection, table, model),
        )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    if before is not None:
        sweep(placed.cluster.storage, table, [folder])
    return written
