"""The engine that a configuration asks for."""

from pathlib import Path

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.engine import Engine

SECONDS = 60.0


def engine_of(settings: EngineSettings, workspace: Path) -> Engine:
    """Make the engine of a configuration; nothing is connected before it is needed.

    Args:
        settings: `engine` of the configuration.
        workspace: Folder that remembers which storage is this workspace's own.
    """
    if settings.kind == "duckdb" or settings.remote is None or settings.storage is None:
        return DuckDBEngine()
    from ntg_assets.engines.spark.cluster import Cluster  # noqa: PLC0415  # only who has one
    from ntg_assets.engines.spark.spark_engine import SparkEngine  # noqa: PLC0415  # as above

    patience_s = settings.patience_minutes * SECONDS
    return SparkEngine(Cluster(settings.remote, Path(settings.storage), patience_s), workspace)
