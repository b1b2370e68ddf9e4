"""From files to lists on DuckDB, on Sail and on a standalone Spark with two workers, and whether
their tables are equal.

    # one million events; writes results/engines_1m.json; without Spark where it is not installed
    python -m benchmarks.engines
    # ten million; writes results/engines_10m.json
    python -m benchmarks.engines --events 10000000 --users 65000 --items 20000
    # some of them only: nothing is written
    python -m benchmarks.engines --engine sail

`ntg build-dataset`, `build-features`, `build-graph` and `rank` run as child processes, contracts
and hashes included. What the cluster's own processes took is added; its start is not.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.clusters import SPARK_HOME, Running, sail_server, standalone_spark
from benchmarks.harness import RESULTS, ROOT, Cost, Goal, command_line, console, measure, report
from benchmarks.large_world import written_world
from benchmarks.scale import CONFIG

EVENTS, USERS, ITEMS = 1_000_000, 13_000, 4_000
WORLD, WORKSPACE = "data/synthetic_engines", "data/workspaces/engines"
COMMANDS = ("build-dataset", "build-features", "build-graph", "rank")
KINDS = ("duckdb", "sail", "spark")
CLOSE = 1e-9  # relative, of values; keys are equal or they are not


def run(
    engine: Annotated[
        list[str] | None, typer.Option(help="duckdb, sail, spark; none: all.")
    ] = None,
    spark_home: Annotated[Path, typer.Option(help="Folder of Spark.")] = SPARK_HOME,
    world: Annotated[Path, typer.Option(help="Folder of the world, written when missing.")] = Path(
        WORLD
    ),
    events: int = EVENTS,
    users: int = USERS,
    items: int = ITEMS,
) -> None:
    """Measure each engine, compare the tables, print, and write the result."""
    kinds = _kinds(engine, spark_home)
    folder = (ROOT / world).resolve()
    written_world(folder, n_events=events, n_users=users, n_items=items)
    costs = {kind: _measured(kind, folder, spark_home) for kind in kinds}
    unequal = {kind: _unequal(kind) for kind in kinds if kind != "duckdb" and "duckdb" in kinds}
    figures = {
        "n_events": events,
        "n_users": users,
        "n_items": items,
        **costs,
        "tables": {kind: found["n_tables"] for kind, found in unequal.items()},
        "largest_difference": {kind: found["largest"] for kind, found in unequal.items()},
        "lines_of_the_engine": _lines(),
    }
    goals = [
        Goal(f"{kind}: tables that differ", float(len(found["differing"])), 0, "at_most")
        for kind, found in unequal.items()
    ]
    for kind, found in unequal.items():
        console.print(f"{kind} differs in: {', '.join(found['differing']) or 'nothing'}")
    is_kept = events >= EVENTS and not engine
    report(
        f"engines_{events // EVENTS}m" if is_kept else "engines, smaller or a part: not written",
        figures=figures,
        goals=goals,
        folder=RESULTS if is_kept else None,
    )


def _kinds(engine: list[str] | None, spark_home: Path) -> list[str]:
    """Return the engines to measure: those asked for, or all that are installed."""
    if unknown := set(engine or ()) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: known are {', '.join(KINDS)}.")
    if "spark" in (engine or ()) and not spark_home.is_dir():
        raise typer.BadParameter(f"there is no Spark in {spark_home}. Give --spark-home.")
    return engine or [kind for kind in KINDS if kind != "spark" or spark_home.is_dir()]


def _measured(kind: str, world: Path, spark_home: Path) -> dict[str, Any]:
    shutil.rmtree(_workspace(kind), ignore_errors=True)
    with _cluster(kind, spark_home) as running:
        variables = _variables(kind, world, running)
        before = _cpu_s(running)
        steps: dict[str, Cost] = {}
        for command in COMMANDS:
            console.print(f"{kind}: ntg {command} ...")
            counted = str(_texts_file(kind))
            steps[command] = measure(
                [sys.executable, "-m", "benchmarks.counted_texts", counted, command],
                environment=variables,
            )
        measured = {
            **{command.replace("-", "_"): asdict(cost) for command, cost in steps.items()},
            "wall_s": round(sum(cost.wall_s for cost in steps.values()), 1),
            "cpu_s": round(
                sum(cost.cpu_s for cost in steps.values()) + _cpu_s(running) - before, 1
            ),
            "peak_mb_here": max(cost.peak_mb for cost in steps.values()),
            "peak_mb_of_cluster_process": _peak_mb(running),
            "texts": _texts(kind),
        }
        console.print_json(data=measured)
        return measured


def _texts_file(kind: str) -> Path:
    return _workspace(kind).with_name(f"{kind}_cluster") / "texts.jsonl"


def _texts(kind: str) -> dict[str, int]:
    """Count the SQL texts that ran here, and those that ran on the cluster."""
    lines = {tuple(json.loads(line)) for line in _texts_file(kind).read_text().splitlines()}
    return {place: sum(line[0] == place for line in lines) for place in ("here", "cluster")}


@contextmanager
def _cluster(kind: str, spark_home: Path) -> Iterator[Running | None]:
    logs = _workspace(kind).with_name(f"{kind}_cluster")
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    if kind == "sail":
        with sail_server(logs) as running:
            yield running
    elif kind == "spark":
        with standalone_spark(spark_home, logs) as running:
            yield running
    else:
        yield None


def _workspace(kind: str) -> Path:
    return (ROOT / WORKSPACE / kind).resolve()


def _variables(kind: str, world: Path, running: Running | None) -> dict[str, str]:
    of_cluster = (
        {
            "NTG_ENGINE__KIND": "spark",
            "NTG_ENGINE__REMOTE": running.remote,
            "NTG_ENGINE__STORAGE": str(_workspace(kind) / "storage"),
        }
        if running
        else {}
    )
    return {
        "NTG_CONFIG": CONFIG,
        "NTG_WORKSPACE": str(_workspace(kind)),
        "NTG_INGEST__EVENTS__FILES": json.dumps([str(world / "events.parquet")]),
        "NTG_INGEST__ITEMS__FILES": json.dumps([str(world / "items.parquet")]),
        "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(world)]),
        **of_cluster,
    }


def _processes(running: Running | None) -> Iterator[Path]:
    """Yield the folders of /proc of a cluster's processes, and of what they started."""
    if running is None:
        return
    groups = {process.pid for process in running.processes.values()}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            except (OSError, IndexError):
                continue
            if session in groups:
                yield folder


def _cpu_s(running: Running | None) -> float:
    ticks = 0
    for folder in _processes(running):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # its own, and of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def _peak_mb(running: Running | None) -> float:
    peaks = [
        int(line.split()[1]) / 1024
        for folder in _processes(running)
        for line in (folder / "status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return round(max(peaks, default=0.0))


def _unequal(kind: str) -> dict[str, Any]:
    """Compare every table of a warehouse with DuckDB's."""
    from ntg_assets.storage.connection import connect
    from ntg_assets_tests.engines.replay import difference

    differences: dict[str, float] = {}
    mine, other = (
        _workspace(name) / "data/warehouse/warehouse.duckdb" for name in ("duckdb", kind)
    )
    allowed = [_workspace("duckdb"), _workspace(kind)]
    with connect(allowed=allowed) as connection:
        for name, file in (("mine", mine), ("other", other)):
            connection.execute(f"attach '{file}' as {name} (read_only)")
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog ="
            " 'mine'"
        ).fetchall():
            both = [connection.table(f'{name}."{schema}"."{table}"') for name in ("mine", "other")]
            is_equal = _fingerprint(both[0]) == _fingerprint(both[1])
            differences[f"{schema}.{table}"] = (
                0.0 if is_equal else difference(*(rows.pl() for rows in both))
            )
    return {
        "n_tables": len(differences),
        "largest": max(differences.values()),
        "differing": sorted(name for name, value in differences.items() if value > CLOSE),
    }


def _fingerprint(rows: Any) -> tuple[list[str], Any]:
    """Hash rows in any order, with what their columns are called."""
    columns = ", ".join(f'"{name}"' for name in rows.columns)
    return rows.columns, rows.aggregate(
        f"count(*) as n, sum(cast(hash({columns}) as hugeint)) as total"
    ).fetchall()


def _lines() -> int:
    """Count the lines of the engine that are neither blank nor comments."""
    return sum(
        1
        for file in (ROOT / "ntg_assets/engines").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.strip().startswith("#")
    )


if __name__ == "__main__":
    command_line(run)
