"""Twenty-five million events through ingest, splits and features,
beside plain SQL that does the same set work.

    # writes results/scale.json
    python -m benchmarks.scale
    python -m benchmarks.scale --events 500000 --users 5000 --items 3000       # a try: prints only

`ntg build-dataset` and `ntg build-features` run as child processes, contracts and hashes included;
both times count with the start of the interpreter. The world is written once and kept; what that
took is kept beside it.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.harness import (
    RESULTS,
    ROOT,
    Cost,
    Goal,
    command_line,
    console,
    measure,
    measure_call,
    report,
    together,
)
from benchmarks.large_world import EVENTS, ITEMS, USERS, WORLD, ntg_command, written_world

CONFIG = "configs/synthetic.yaml"
WORKSPACE = "data/workspaces/scale"
WALL_GOAL_S, MEMORY_GOAL_GB = 60.0, 4.0
ENGINE_MEMORY_GB = 3
PEER_TABLES = (
    "events",
    "train_events",
    "user_days",
    "user_features",
    "item_features",
    "interaction_features",
)


def run(
    world: Annotated[
        Path,
        typer.Option(help="Folder of the world; written when it is missing or of another size."),
    ] = Path(WORLD),
    events: int = EVENTS,
    users: int = USERS,
    items: int = ITEMS,
) -> None:
    """Measure, print, and at full size write the result."""
    size = {"n_events": events, "n_users": users, "n_items": items}
    folder = (ROOT / world).resolve()
    written = written_world(folder, **size)
    shutil.rmtree(ROOT / WORKSPACE, ignore_errors=True)
    steps = {command: _ntg(command, folder) for command in ("build-dataset", "build-features")}
    both = together(list(steps.values()))
    peer, rows = measure_call(
        "benchmarks.scale:peer", world=str(folder), workspace=str(ROOT / WORKSPACE)
    )
    shutil.rmtree(ROOT / WORKSPACE, ignore_errors=True)
    figures = {
        **size,
        "write_world": vars(written),
        **{command.replace("-", "_"): vars(cost) for command, cost in steps.items()},
        "dataset_and_features": vars(both),
        "plain_sql": vars(peer),
        "wall_ratio_to_plain_sql": round(both.wall_s / peer.wall_s, 2),
        "cpu_ratio_to_plain_sql": round(both.cpu_s / peer.cpu_s, 2),
        "events_per_s": round(events / both.wall_s),
        "rows": rows,
    }
    goals = [
        Goal("build-dataset and build-features, wall s", both.wall_s, WALL_GOAL_S, "at_most"),
        Goal(
            "build-dataset and build-features, peak GB",
            round(both.peak_mb / 1024, 3),
            MEMORY_GOAL_GB,
            "at_most",
        ),
    ]
    is_full = tuple(size.values()) == (EVENTS, USERS, ITEMS)
    report(
        "scale" if is_full else "scale, smaller: not written",
        figures=figures,
        goals=goals,
        folder=RESULTS if is_full else None,
    )


def _ntg(command: str, world: Path) -> Cost:
    console.print(f"ntg {command} ...")
    variables = {
        "NTG_WORKSPACE": WORKSPACE,
        "NTG_INGEST__EVENTS__FILES": json.dumps([str(world / "events.parquet")]),
        "NTG_INGEST__ITEMS__FILES": json.dumps([str(world / "items.parquet")]),
        "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(world)]),
    }
    return measure([ntg_command(), command, "--config", CONFIG], environment=variables)


def peer(*, world: str, workspace: str) -> dict[str, int]:
    """Run `scale_peer.sql` into a DuckDB file, with the engine limits of the configuration;
    return the rows of its tables.
    """
    import duckdb  # in the child only: the process that measures stays small

    folder = Path(workspace) / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    split = _split()
    values = {"events": f"{world}/events.parquet", "items": f"{world}/items.parquet", **split}
    with duckdb.connect(str(folder / "peer.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{ENGINE_MEMORY_GB}GB'")
        for statement in connection.extract_statements(
            Path(__file__).with_name("scale_peer.sql").read_text(encoding="utf-8")
        ):
            connection.execute(
                statement, {name: values[name] for name in statement.named_parameters}
            )
        return {table: int(connection.table(table).shape[0]) for table in PEER_TABLES}


def _split() -> dict[str, Any]:
    from datetime import datetime

    from ntg_assets.configuration.settings import load_settings

    split = load_settings(CONFIG, home=ROOT).split
    return {
        "val_start": datetime.fromisoformat(str(split.val_start)),
        "test_start": datetime.fromisoformat(str(split.test_start)),
    }


if __name__ == "__main__":
    command_line(run)
