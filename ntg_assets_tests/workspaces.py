"""Run the `ntg` command in a workspace of its own and look at what it left, as a user would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets.storage.versions import content_hash

HOME = Path(__file__).parent.parent
NTG = Path(sys.executable).with_name("ntg")
TIMEOUT_SECONDS = 600  # a bound for a run that hangs, not a claim about speed


@dataclass(frozen=True)
class Workspace:
    """A folder that one test's runs write to."""

    folder: Path
    config: str = "configs/dev.yaml"
    variables: dict[str, str] = field(default_factory=dict)

    def ntg(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the project folder; nothing of this machine's environment but the path
        reaches it, and which kernels BLAS is told to use: results are remembered by them, and this
        process looks at what that one remembers.
        """
        kernels = {
            name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")
        }
        environment = {
            "PATH": os.environ["PATH"],
            # the code beside these tests, wherever another copy is installed
            "PYTHONPATH": str(HOME),
            "HOME": str(self.folder),
            "COLUMNS": "200",
            "NTG_CONFIG": self.config,
            "NTG_WORKSPACE": str(self.folder),
            "NTG_GATE__REMAKING": "false",  # test_remaking.py audits the code once
            **kernels,
            **self.variables,
            **variables,
        }
        return subprocess.run(
            [str(NTG), *arguments],
            cwd=HOME,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    def done(self, *arguments: str, **variables: str) -> str:
        """Run the command, which must succeed, and return what it printed."""
        finished = self.ntg(*arguments, **variables)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    @property
    def warehouse(self) -> Path:
        return self.folder / "data" / "warehouse" / "warehouse.duckdb"

    def table(self, schema: str, name: str) -> pl.DataFrame:
        """Read a table of the warehouse."""
        with connect(self.warehouse, read_only=True) as connection:
            return run(Query("select * from asked", {"asked": Table(schema, name)}), connection)

    def hashes(self) -> dict[str, str]:
        """Content hash of every table of the warehouse."""
        with connect(self.warehouse, read_only=True) as connection:
            listed = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not temporary order"
                " by all"
            ).fetchall()
            return {
                f"{schema}.{name}": content_hash(connection, Table(schema, name))
                for schema, name in listed
            }


def reading(log: pl.DataFrame, folder: Path, **variables: str) -> dict[str, str]:
    """Write a log (the bundled one's columns) as CSV and return the variables that make `ntg` read
    it.
    """
    file = folder / "ratings.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    seconds = log["event_at"].dt.epoch("s")
    log.select(userId="user_id", movieId="item_id", rating="value").with_columns(
        timestamp=seconds
    ).write_csv(file)
    return {
        "NTG_INGEST__EVENTS__FILES": json.dumps([str(file)]),
        "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(folder)]),
        **variables,
    }
