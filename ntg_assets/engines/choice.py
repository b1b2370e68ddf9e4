"""The engine that a configuration asks for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.engines.versions import shown_folders
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.versions import column_types_of_all, content_hash, version_name

if TYPE_CHECKING:  # what writes tables is loaded by who writes them
    from ntg_assets.engines.engine import Engine

SECONDS, MEGABYTE = 60.0, 1e6


def engine_of(settings: EngineSettings, workspace: Path) -> "Engine":
    """Make the engine of a configuration; nothing is connected before it is needed.

    Args:
        settings: `engine` of the configuration.
        workspace: Folder that remembers which storage is this workspace's own.
    """
    if settings.kind == "duckdb" or settings.remote is None or settings.storage is None:
        from ntg_assets.engines.duckdb_engine import DuckDBEngine  # noqa: PLC0415  # as above

        return DuckDBEngine()
    from ntg_assets.engines.spark.cluster import Cluster  # noqa: PLC0415  # only who has one
    from ntg_assets.engines.spark.spark_engine import SparkEngine  # noqa: PLC0415  # as above

    patience_s = settings.patience_minutes * SECONDS
    cluster = Cluster(settings.remote, Path(settings.storage), patience_s)
    least_bytes = int(settings.workers_read_from_mb * MEGABYTE)
    return SparkEngine(cluster, workspace, least_bytes if settings.workers_see_files else None)


def versions_in(
    connection: Connection, settings: EngineSettings, workspace: Path
) -> Callable[[Connection, Table], str | None]:
    """Say how the engine of a configuration names what a table holds, for who only looks.

    Args:
        connection: The open warehouse.
        settings: As of `engine_of`.
        workspace: As of `engine_of`.
    """
    if settings.kind != "duckdb":
        return engine_of(settings, workspace).version
    on_cluster = shown_folders(connection)  # what another engine has kept is made anew
    types = column_types_of_all(connection)

    def version(opened: Connection, table: Table) -> str | None:
        if table in on_cluster or table not in types:
            return None
        return version_name(content_hash(opened, table, types[table]), types[table])

    return version
