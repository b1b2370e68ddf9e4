"""What a step takes of the tables that it reads, as its parameters are annotated.

Dagster knows of these tables as dependencies only. It would write two events for every input of
every step, two fifths of all events of a night, for tables that are read here.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa

from ntg_assets.errors import StorageError
from ntg_assets.orchestration.bundles import put_together, taken_by
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.tables import table_exists

# what makes the tables of a schema; everything else: run-all
COMMANDS = {"ingest": "build-dataset"}
TAKEN = (
    inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=dg.AssetExecutionContext
    ),
    inspect.Parameter("project", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Project),
)


def with_inputs(
    function: Callable[..., Any], keys: Mapping[str, dg.AssetKey]
) -> Callable[..., Any]:
    """Wrap a function of tables into one of Dagster's context and the project.

    Args:
        function: An asset; `context` and `project` among its parameters are handed on.
        keys: Table of each other parameter.
    """
    annotations = taken_by(function)

    @wraps(function)
    def run(context: dg.AssetExecutionContext, project: Project) -> Any:  # noqa: ANN401  # whatever an asset returns
        given: dict[str, Any] = {"context": context, "project": project}
        tables = {name: Table(key.path[0], key.path[-1]) for name, key in keys.items()}
        with project.warehouse() as connection:
            given |= {
                name: read_input(connection, table, annotations[name])
                for name, table in tables.items()
            }
        return function(**put_together(function, given))

    return run


def takes_the_project(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show Dagster what `with_inputs` takes, whatever was wrapped around it."""
    function.__signature__ = inspect.Signature(TAKEN)  # type: ignore[attr-defined]  # Python's own word for it
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in TAKEN}
    return function


def read_input(
    connection: Connection, table: Table, wanted: object, *, without_rows: bool = False
) -> Any:  # noqa: ANN401  # as the parameter is annotated
    """Read a table as an asset or a check wants it: a frame, an Arrow table, or a handle that reads
    nothing.

    Args:
        connection: The warehouse.
        table: What is read.
        wanted: Annotation of the parameter.
        without_rows: Whether its columns suffice: nothing looks at the rows.

    Raises:
        StorageError: the table was not made yet.
    """
    if not table_exists(connection, table):
        command = COMMANDS.get(table.schema, "run-all")
        raise StorageError(
            f"{table.schema}.{table.name} does not exist yet. Make it first: `ntg {command}`."
        )
    if wanted is Table:
        return table
    limit = " limit 0" if without_rows else ""
    rows = connection.sql(f"select * from {table.quoted}{limit}")  # noqa: S608  # quoted
    if wanted is pa.Table:
        return rows.to_arrow_table()
    return rows.pl().lazy() if wanted is pl.LazyFrame else rows.pl()
