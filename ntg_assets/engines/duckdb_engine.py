"""The engine in this process: one DuckDB file, as `storage/` writes and reads it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import polars as pl

from ntg_assets.contracts import Contract, IdTypes, grows_with_events
from ntg_assets.engines.engine import Made
from ntg_assets.engines.kernel import Kernel
from ntg_assets.engines.versions import drop_views, shown_folders
from ntg_assets.sql import Query, Stream, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run
from ntg_assets.storage.tables import Written, write_table
from ntg_assets.storage.versions import version_of


class DuckDBEngine:
    """Runs everything inside the open warehouse."""

    @staticmethod
    def begin(connection: Connection) -> None:
        """Drop the views of tables that an earlier run kept on a cluster: they are made anew."""
        drop_views(connection)

    @staticmethod
    def write(
        connection: Connection,
        table: Table,
        rows: Query | Stream,
        model: type[Contract],
        *,
        ids: IdTypes,
    ) -> Written:
        return write_table(connection, table, rows, model, ids=ids)

    @staticmethod
    def read(connection: Connection, query: Query) -> pl.DataFrame:
        return run(query, connection)

    @staticmethod
    def blocks(
        connection: Connection, table: Table, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Yield one frame: DuckDB reads a table at once for less than in parts."""
        text = f"select {', '.join(map(quote_identifier, columns))} from stored"
        yield run(Query(text, {"stored": table}), connection)

    def apply(self, connection: Connection, table: Table, kernel: Kernel[Made]) -> Made:
        [events] = self.blocks(connection, table, kernel.columns)
        return kernel.whole(events)

    @staticmethod
    def file_workers(connection: Connection) -> AbstractContextManager[None]:  # noqa: ARG004  # as of `Engine`
        """Offer nobody: this process reads the files."""
        return nullcontext()

    @staticmethod
    def version(connection: Connection, table: Table) -> str | None:
        """Name what a table holds; none for one that an earlier run kept on a cluster."""
        if grows_with_events(table.name) and table in shown_folders(connection):
            return None
        return version_of(connection, table)

    def close(self) -> None:
        """Do nothing: the warehouse belongs to the project."""
