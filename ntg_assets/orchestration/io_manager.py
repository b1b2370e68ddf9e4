"""Dagster's DuckDB IO manager, made safe: contract first, one transaction,
by name, nothing pickled.

An asset may return a polars frame (eager or lazy), an Arrow table, a `Query` that runs inside the
store, or a `Stream` of frames that are stored one by one. An input of a check may be annotated
`pl.DataFrame` (the default), `pl.LazyFrame`, `pa.Table`, or `Table`: a handle that reads nothing;
what assets take is read by the same function (`inputs.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa
from dagster._core.storage.db_io_manager import DbClient, DbIOManager, DbTypeHandler, TableSlice
from dagster_duckdb import DuckDBIOManager
from dagster_duckdb.io_manager import DuckDbClient

from ntg_assets.column_lineage import Origins, column_origins
from ntg_assets.contracts import IdTypes, contract_of
from ntg_assets.declared_reads import FILES, Declared, only, require_declared
from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.engine import Engine
from ntg_assets.orchestration.column_docs import column_docs, column_lineage
from ntg_assets.orchestration.contract_checks import WRITTEN
from ntg_assets.orchestration.inputs import read_input
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.remembered_steps import REUSED, Left, is_left, running
from ntg_assets.orchestration.table_metadata import metadata_of, sample_of, user_columns_of
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.describe import measure_table, sample_table
from ntg_assets.storage.lineage import comments, keep_origins, origins_in
from ntg_assets.storage.row_checks import BrokenContractError
from ntg_assets.storage.tables import (
    version_written,
)


class TableHandler(DbTypeHandler[Any]):
    """Store and load every type that an asset may use."""

    def __init__(
        self, ids: IdTypes, *, shows_users: bool = False, engine: Engine | None = None
    ) -> None:
        self.ids = ids
        self.engine = engine or DuckDBEngine()
        self.shows_users = shows_users
        self._comments: Mapping[Table, str | None] | None = None  # of this run; see `_origins_of`

    @property
    def supported_types(self) -> Sequence[type[object]]:
        return (pl.DataFrame, pl.LazyFrame, pa.Table, Query, Stream, Table, Left)

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: Any, connection: Connection
    ) -> Mapping[str, Any]:
        table = Table(table_slice.schema, table_slice.table)
        if isinstance(obj, Left):
            origins = self._origins_of(table, connection)
            return _leave(context, table, obj, connection, origins, users=self._users_of(table))
        rows = (
            obj
            if isinstance(obj, Query | Stream)
            else Query("select * from incoming", {"incoming": obj})
        )
        declared = _declared_by(context)
        try:
            with only(declared):
                if isinstance(rows, Query):
                    require_declared(rows)
                written = self.engine.write(
                    connection, table, rows, contract_of(table.name), ids=self.ids
                )
        except BrokenContractError as broken:
            raise _as_failure(broken) from None
        context.step_context.set_data_version(
            context.asset_key, dg.DataVersion(written.content_hash)
        )
        WRITTEN[table] = written
        if memory := running():
            memory.stored(table, version_written(written))
        origins = column_origins(obj, contract_of(table.name), declared.tables)
        keep_origins(connection, table, origins)
        return {
            **metadata_of(table, written, users=self._users_of(table)),
            "dagster/column_lineage": column_lineage(origins),
        }

    def _users_of(self, table: Table) -> set[str]:
        """Columns whose people are numbered in a sample instead of named."""
        return set() if self.shows_users else user_columns_of(table)

    def _origins_of(self, table: Table, connection: Connection) -> Origins:
        """What the columns of a table that is left are made from: the comments of all tables are
        read once a run, since the catalogue looks at every table for each question.
        """
        if self._comments is None:
            self._comments = comments(connection)
        return origins_in(self._comments.get(table))

    def load_input(
        self, context: dg.InputContext, table_slice: TableSlice, connection: Connection
    ) -> Any:
        # of a step that is left nothing need be read; outside of a run there is no step
        nothing = running() is not None and is_left(context.step_context.op_def.name)
        return read_input(
            connection,
            Table(table_slice.schema, table_slice.table),
            context.dagster_type.typing_type,
            without_rows=nothing,
        )


class WarehouseClient(DbClient[Connection]):
    """Open the warehouse through the project's one connection factory;
    transactions belong to the write itself.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @contextmanager
    def connect(self, context: Any, table_slice: TableSlice) -> Iterator[Connection]:  # type: ignore[override]
        with self.project.warehouse() as connection:
            yield connection

    @staticmethod
    def delete_table_slice(context: Any, table_slice: TableSlice, connection: Connection) -> None:
        """Delete nothing: the old table goes in the transaction that brings the new one."""
        if table_slice.partition_dimensions:
            raise dg.Failure(
                f"{table_slice.table}: partitioned tables are not supported by this IO manager.",
                allow_retries=False,
            )

    @staticmethod
    def ensure_schema_exists(context: Any, table_slice: TableSlice, connection: Connection) -> None:
        """Leave it to the write's own transaction."""

    @staticmethod
    def get_select_statement(table_slice: TableSlice) -> str:
        return DuckDbClient.get_select_statement(table_slice)

    @staticmethod
    def get_table_name(table_slice: TableSlice) -> str:
        # not the file's path, which the stock client shows
        return f"{table_slice.schema}.{table_slice.table}"


class NtgDuckDBIOManager(DuckDBIOManager):
    """The IO manager of every NTG asset."""

    project: dg.ResourceDependency[Project]

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler[Any]]:
        return [TableHandler(IdTypes())]

    def create_io_manager(self, context: Any) -> DbIOManager:
        return DbIOManager(
            db_client=WarehouseClient(self.project),
            type_handlers=[
                TableHandler(
                    self.project.id_types,
                    shows_users=self.project.settings.engine.show_user_ids,
                    engine=self.project.engine,
                )
            ],
            database=self.database,
            default_load_type=pl.DataFrame,
            io_manager_name=type(self).__name__,
        )


def _leave(
    context: dg.OutputContext,
    table: Table,
    left: Left,
    connection: Connection,
    origins: Origins,
    *,
    users: set[str],
) -> Mapping[str, Any]:
    """Report a table as it was made before, with its numbers and rows, and leave it."""
    model = contract_of(table.name)
    hashed = "-".join(left.made.version.split("-")[:2])
    context.step_context.set_data_version(context.asset_key, dg.DataVersion(hashed))
    return {
        **measure_table(connection, table, model),
        "dagster/row_count": left.made.n_rows,
        "dagster/column_schema": column_docs(model),
        "dagster/column_lineage": column_lineage(origins),
        "sample": sample_of(sample_table(connection, table, model), users=users),
        "content_hash": hashed,
        REUSED: left.run,
    }


def _declared_by(context: dg.OutputContext) -> Declared:
    """What the graph shows the asset to read: what it returns is held against the same as what it
    does.
    """
    node = context.step_context.job_def.asset_layer.asset_graph.get(context.asset_key)
    parents = frozenset(Table(key.path[0], key.path[-1]) for key in node.parent_keys)
    files = tuple(node.metadata.get(FILES, ()))
    return Declared(context.asset_key.to_user_string(), parents, files)


def _as_failure(broken: BrokenContractError) -> dg.Failure:
    records = [
        dg.TableRecord(
            {"column": v.column, "check": v.check, "rows": v.n_rows, "examples": v.examples}
        )
        for v in broken.violations
    ]
    return dg.Failure(
        str(broken),
        metadata={"violations": dg.MetadataValue.table(records)} if records else {},
        allow_retries=False,
    )
