"""The commands over a cluster whose storage lies in the workspace: what runs there and what is
handed over stands up to everything that watches an asset.
"""

from pathlib import Path

import polars as pl
import pytest

from ntg_assets.engines.versions import shown_folders
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets_tests.engines.replay import difference
from ntg_assets_tests.workspaces import Workspace

COMMANDS = ("build-dataset", "build-features", "build-graph")
TABLES = (
    Table("ingest", "events"),
    Table("backtest", "train_events"),
    Table("backtest", "user_features"),
    Table("backtest", "interaction_features"),
    Table("backtest", "taste_graph"),
)
CLOSE = 1e-9  # relative, of values; keys are equal


@pytest.fixture(scope="session")
def on_one_machine(tmp_path_factory: pytest.TempPathFactory) -> dict[Table, pl.DataFrame]:
    """Make the tables by DuckDB."""
    return made(Workspace(tmp_path_factory.mktemp("one_machine")))


def made(workspace: Workspace) -> dict[Table, pl.DataFrame]:
    """Run the commands and read what they made."""
    for command in COMMANDS:
        workspace.fresh.done(command)  # what reaches a cluster starts as people start it
    with connect(workspace.warehouse, read_only=True, allowed=[workspace.folder]) as connection:
        return {
            table: run(Query("select * from asked", {"asked": table}), connection)
            for table in TABLES
        }


def test_a_storage_may_lie_in_the_workspace(
    remote: str, tmp_path: Path, on_one_machine: dict[Table, pl.DataFrame]
) -> None:
    storage = tmp_path / "data" / "storage"
    cluster = {
        "NTG_ENGINE__KIND": "spark",
        "NTG_ENGINE__REMOTE": remote,
        "NTG_ENGINE__STORAGE": str(storage),
    }
    workspace = Workspace(tmp_path, variables=cluster)
    tables = made(workspace)
    with connect(workspace.warehouse, read_only=True, allowed=[tmp_path]) as connection:
        assert Table("ingest", "events") in shown_folders(connection)
    assert not any((storage / "_handed").iterdir())
    for table, rows in on_one_machine.items():
        assert difference(rows, tables[table]) <= CLOSE, table
