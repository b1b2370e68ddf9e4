"""What a night costs: the whole graph on synthetic worlds of two sizes, and the next night, which
brings one more day.

    # writes results/night.json
    python -m benchmarks.night
    python -m benchmarks.night --full          # 25 million events as well
    python -m benchmarks.night --smallest      # a try: prints only

Each size is run four times in one workspace: the log without its last day; the whole log; the same
again, twice (what compares itself with the publication before settles in the first of them). At the
smallest size everything is then made again with `--all`, and every table must be the same. With
`--moving` the cuts of the back-test move with the log's end, as `split.boundaries: last_days` has
it, so that the second night makes the back-test anew.
"""

import json
import math
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.harness import ROOT, Cost, Goal, command_line, console, measure, report
from benchmarks.large_world import EVENTS, ITEMS, USERS, ntg_command, written_world
from ntg_assets.sql import Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.versions import content_hash

CONFIG = "configs/synthetic.yaml"
NAMED_THERE = "data/synthetic/"
WORLDS, WORKSPACES = "data/synthetic_nights", "data/workspaces/nights"
SECOND_NIGHT_GOAL, MOVING_GOAL, GROWTH_GOAL, UNCHANGED_GOAL = 0.25, 0.60, 1.0, 0.10
SHOWN_STEPS = 12
LEAST_SECONDS = 0.5  # at the larger size; below, an exponent says nothing


class World(NamedTuple):
    """Size of a world."""

    n_events: int
    n_users: int
    n_items: int


# users grow with the events; a catalogue grows more slowly
SIZES = (
    World(250_000, 1_620, 5_900),
    World(2_500_000, 16_200, 18_700),
    World(EVENTS, USERS, ITEMS),
)


class Run(NamedTuple):
    """What one run took, in all and by step (seconds on the clock)."""

    cost: Cost
    steps: dict[str, float]


def run(*, full: bool = False, smallest: bool = False, moving: bool = False) -> None:
    """Measure the nights of each size, and state them."""
    sizes = SIZES[:1] if smallest else SIZES if full else SIZES[:2]
    nights = {world.n_events: measured(world, moving=moving) for world in sizes}
    figures: dict[str, Any] = {f"{n:,}": found.pop("figures") for n, found in nights.items()}
    if len(nights) > 1:
        figures["growth"] = growths({n: found["first"] for n, found in nights.items()})
    report(
        "night" if not smallest else "night, smallest: not written",
        figures=figures,
        goals=[*_goals(figures, moving=moving)],
        folder=None if smallest or moving else ROOT / "benchmarks" / "results",
    )


def measured(world: World, *, moving: bool) -> dict[str, Any]:
    """Run the nights of one size."""
    folder, workspace = ROOT / WORLDS / str(world.n_events), ROOT / WORKSPACES / str(world.n_events)
    written_world(folder, **world._asdict())
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    config = write_configuration(folder, workspace)
    variables = {"NTG_SPLIT__BOUNDARIES": "last_days"} if moving else {}
    share = write_log(folder, workspace, without_last_day=True)
    console.print(f"{world.n_events:,} events: the first night ...")
    first = _night(config, workspace, variables)
    write_log(folder, workspace, without_last_day=False)
    console.print(f"{world.n_events:,} events: the next nights ...")
    second, settling, unchanged = (_night(config, workspace, variables) for _ in range(3))
    figures = {
        **world._asdict(),
        "last_day_share_of_events": share,
        "first_night": _told(first),
        "one_more_day": _told(second),
        "the_same_again": vars(settling.cost),
        "nothing_changed": vars(unchanged.cost),
        "one_more_day_over_first": round(second.cost.cpu_s / first.cost.cpu_s, 3),
        "nothing_changed_over_first": round(unchanged.cost.cpu_s / first.cost.cpu_s, 3),
    }
    if world == SIZES[0]:
        before = hashes(workspace)
        _night(config, workspace, variables, "--all")
        after = hashes(workspace)
        figures["tables"] = len(after)
        differing = [table for table in after if before[table] != after[table]]
        figures["tables_that_differ_when_made_again"] = len(differing)
        console.print(f"differ when made again: {', '.join(differing) or 'none'}")
    shutil.rmtree(workspace)
    console.print_json(json.dumps(figures))  # what is measured by then, should the next be too long
    return {"figures": figures, "first": first}


def write_configuration(world: Path, workspace: Path) -> Path:
    """Write the configuration of the synthetic world for a world and a log of other names."""
    text = (ROOT / CONFIG).read_text(encoding="utf-8")
    text = text.replace(f"{NAMED_THERE}events.parquet", f"{workspace}/log/events.parquet")
    file = workspace / "ntg.yaml"
    file.write_text(text.replace(NAMED_THERE, f"{world}/"), encoding="utf-8")
    return file


def write_log(world: Path, workspace: Path, *, without_last_day: bool) -> float:
    """Write the night's log; return the share of the events that the last day holds."""
    events = pl.scan_parquet(world / "events.parquet")
    last_on = events.select(pl.col("event_at").max().dt.date()).collect().item()
    before = events.filter(pl.col("event_at").dt.date() < last_on)
    log = workspace / "log" / "events.parquet"
    log.parent.mkdir(exist_ok=True)
    (before if without_last_day else events).sink_parquet(log)
    n_all, n_before = (one.select(pl.len()).collect().item() for one in (events, before))
    return round(1 - n_before / n_all, 5)


def _night(config: Path, workspace: Path, variables: dict[str, str], *options: str) -> Run:
    logs = workspace / "data" / "logs"
    seen = {*logs.glob("*.jsonl")}
    cost = measure(
        [ntg_command(), "run-all", "--config", str(config), *options],
        environment={
            **variables,
            "NTG_WORKSPACE": str(workspace),
            "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(ROOT / WORLDS), str(workspace)]),
        },
    )
    (log,) = {*logs.glob("*.jsonl")} - seen
    return Run(cost, steps_of(log))


def steps_of(log: Path) -> dict[str, float]:
    """Read the seconds of each step off the structured log of a run."""
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return {line["step"]: line["seconds"] for line in lines if line.get("event") == "STEP_SUCCESS"}


def growths(firsts: dict[int, Run]) -> dict[str, Any]:
    """Say how costs grow with the events: the exponent b of `cost ~ events ** b`."""
    (small_n, small), (large_n, large) = (*firsts.items(),)[-2:]
    ratio = math.log(large_n / small_n)

    def exponent(small_value: float, large_value: float) -> float:
        return round(math.log(large_value / small_value) / ratio, 2)

    steps = {
        step: exponent(max(small.steps[step], 0.001), seconds)
        for step, seconds in large.steps.items()
        if seconds >= LEAST_SECONDS and step in small.steps
    }
    steepest = sorted(steps, key=lambda step: -steps[step])[:SHOWN_STEPS]
    return {
        "cpu": exponent(small.cost.cpu_s, large.cost.cpu_s),
        "peak_mb": exponent(small.cost.peak_mb, large.cost.peak_mb),
        "steepest_steps": {step: steps[step] for step in steepest},
    }


def hashes(workspace: Path) -> dict[str, str]:
    """Hash every table of the warehouse."""
    store = workspace / "data" / "warehouse" / "warehouse.duckdb"
    with connect(store, read_only=True) as connection:
        listed = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        ).fetchall()
        return {".".join(one): content_hash(connection, Table(*one)) for one in listed}


def _told(run: Run) -> dict[str, Any]:
    longest = sorted(run.steps, key=lambda step: -run.steps[step])[:SHOWN_STEPS]
    return {
        **vars(run.cost),
        "cores_busy": round(run.cost.cpu_s / run.cost.wall_s, 2),
        "steps": len(run.steps),
        "longest_steps_s": {step: run.steps[step] for step in longest},
    }


def _goals(figures: dict[str, Any], *, moving: bool) -> list[Goal]:
    most = MOVING_GOAL if moving else SECOND_NIGHT_GOAL
    goals = []
    for size, found in figures.items():
        if size != "growth":
            told = f"{size} events: CPU over a first night's"
            goals += [
                Goal(f"{told}, one more day", found["one_more_day_over_first"], most, "at_most"),
                Goal(
                    f"{told}, nothing changed",
                    found["nothing_changed_over_first"],
                    UNCHANGED_GOAL,
                    "at_most",
                ),
            ]
        if "tables" in found:
            differing = float(found["tables_that_differ_when_made_again"])
            goals.append(Goal("tables that differ when made again", differing, 0, "at_most"))
    if "growth" in figures:
        goals.append(Goal("growth of CPU", figures["growth"]["cpu"], GROWTH_GOAL, "at_most"))
    return goals


if __name__ == "__main__":
    command_line(run)
