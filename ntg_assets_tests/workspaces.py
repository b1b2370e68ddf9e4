"""Run the `ntg` command in a workspace of its own and look at what it left, as a user would."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from duckdb import DuckDBPyConnection

from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets.storage.versions import content_hash
from ntg_assets_tests.slow_marks import count_elsewhere

HOME = Path(__file__).parent.parent
NTG, DAGSTER = (Path(sys.executable).with_name(name) for name in ("ntg", "dagster"))
TIMEOUT_SECONDS = 600  # a bound for a run that hangs, not a claim about speed


@dataclass(frozen=True)
class Workspace:
    """A folder that one test's runs write to."""

    folder: Path
    config: str = "configs/dev.yaml"
    variables: dict[str, str] = field(default_factory=dict)
    starts: bool = False
    """Whether each command is a process that loads everything anew."""

    @property
    def fresh(self) -> "Workspace":
        """The same folder, with commands that start as a person starts them. It takes seconds, so
        each command is started so once; all others are children of one process
        (`command_children`).
        """
        return replace(self, starts=True)

    def ntg(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the project folder; nothing of this machine's environment reaches it
        but the path, how threads wait, and which kernels BLAS is told to use: results are
        remembered by them, and this process looks at what that one remembers.
        """
        command, environment = [str(NTG), *arguments], self._environment(variables)
        if not self.starts:
            return _children(tuple(_kernels().items())).run(command, environment)
        return subprocess.run(
            command,
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

    def run_job(self, job: str) -> None:
        """Run a job as Dagster's launchpad does, on the tables that lie there."""
        history = {"DAGSTER_HOME": str(self.folder / "data" / "dagster")}
        finished = _children(tuple(_kernels().items())).run(
            [str(DAGSTER), "job", "execute", "-m", "ntg_assets.definitions", "-j", job],
            self._environment(history),
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        return {
            **_beside_the_tests(),
            "HOME": str(self.folder),
            "NTG_CONFIG": self.config,
            "NTG_WORKSPACE": str(self.folder),
            "NTG_GATE__REMAKING": "false",  # test_remaking.py audits the code once
            **_kernels(),
            **self.variables,
            **variables,
        }

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
            return {
                f"{table.schema}.{table.name}": content_hash(connection, table)
                for table in _tables(connection)
            }

    def heights(self) -> dict[Table, int]:
        """Number of rows of every table of the warehouse."""
        return heights(self.warehouse)


def heights(store: Path) -> dict[Table, int]:
    """Number of rows of every table of a store."""
    with connect(store, read_only=True) as connection:
        return {
            table: connection.execute(
                f'select count(*) from "{table.schema}"."{table.name}"'
            ).fetchall()[0][0]
            for table in _tables(connection)
        }


def _tables(connection: DuckDBPyConnection) -> list[Table]:
    listed = "select schema_name, table_name from duckdb_tables() where not temporary order by all"
    return [Table(*names) for names in connection.execute(listed).fetchall()]


class _Children:
    """The process whose children are commands."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ntg_assets_tests.command_children"],
            cwd=HOME,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        count_elsewhere(float(self._line()))

    def run(
        self, command: list[str], environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Let a child be the command, and wait for its end."""
        with TemporaryDirectory() as folder:
            printed = [Path(folder) / name for name in ("out", "err")]
            for file in printed:
                file.touch()
            asked = {
                "command": command,
                "folder": str(HOME),
                "environment": environment,
                "printed": [*map(str, printed)],
            }
            assert self.process.stdin is not None
            self.process.stdin.write(f"{json.dumps(asked)}\n".encode())
            code, seconds = self._ended(int(self._line())).split()
            count_elsewhere(float(seconds))
            return subprocess.CompletedProcess(
                command, int(code), *(file.read_text(encoding="utf-8") for file in printed)
            )

    def _ended(self, child: int) -> str:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], TIMEOUT_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()


@cache
def _children(kernels: tuple[tuple[str, str], ...]) -> _Children:
    return _Children({**_beside_the_tests(), **dict(kernels)})


def _beside_the_tests() -> dict[str, str]:
    """Return the variables by which a process finds the code beside these tests, wherever another
    copy is installed.
    """
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOME), "COLUMNS": "200"}


def _kernels() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name.startswith(("OPENBLAS_", "OMP_"))
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
