"""What a night costs: the whole graph on synthetic worlds of several sizes, the next night, which
brings one more day, and the two nights of a week in which the models and the back-test are made
anew.

    # writes results/night.json: what was measured, and no more
    python -m benchmarks.night
    python -m benchmarks.night --full          # 25 million events as well
    python -m benchmarks.night --smallest      # a quarter of a million events alone

The configuration is that of the synthetic world, with `split.boundaries: weekly`. The nights of a
size, in one workspace: the log up to a Wednesday; one more day, after which models are learned; one
more day; the same again, twice (what compares itself with the publication before settles in the
first of them); the weekend, but for its last day; this one, with which the cuts move; the same with
`--all`. The last one is the full night that the others are held against (the first one also proves
the code, which a night does not), and its tables must be those of the night before it, to the last
bit.
"""

import json
import math
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
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
SECOND_NIGHT_GOAL, MOVED_GOAL, GROWTH_GOAL, UNCHANGED_GOAL = 0.25, 0.60, 1.0, 0.10
LAST_DAY_LEFT_OUT = {"wednesday": 5, "thursday": 4, "friday": 3, "sunday": 1, "monday": 0}
SHOWN_STEPS = 12
LEAST_SECONDS = 0.5  # of processors, at the larger size; below, an exponent says nothing
VARIABLES = {"NTG_SPLIT__BOUNDARIES": "weekly"}
BOUNDARIES = (
    "select (select max(end_at) from backtest.split_boundaries),"
    " (select end_at from live.learning_boundaries)"
)


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
    """What one run took, in all and by step (seconds of processors), where TEST ended in it, and
    what the models were learned of.
    """

    cost: Cost
    steps: dict[str, float]
    proven_until: datetime
    learned_until: datetime


class Nights(NamedTuple):
    """The nights of one size, in the order in which they were run."""

    first: Run
    models_learned: Run
    one_more_day: Run
    the_same_again: Run
    nothing_changed: Run
    weekend: Run
    cuts_moved: Run
    everything: Run


def run(*, full: bool = False, smallest: bool = False) -> None:
    """Measure the nights of each size, and state them."""
    sizes = SIZES[:1] if smallest else SIZES if full else SIZES[:2]
    nights = dict(measured(world) for world in sizes)
    figures: dict[str, Any] = {f"{n:,}": stated for n, (_, stated) in nights.items()}
    if len(nights) > 1:
        figures["growth"] = growths({n: runs.everything for n, (runs, _) in nights.items()})
    report("night", figures=figures, goals=[*_goals(figures)])


def measured(world: World) -> tuple[int, tuple[Nights, dict[str, Any]]]:
    """Run the nights of one size."""
    folder, workspace = ROOT / WORLDS / str(world.n_events), ROOT / WORKSPACES / str(world.n_events)
    written_world(folder, **world._asdict())
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    write_configuration(folder, workspace)
    write_log(folder, workspace, until="wednesday")
    first = _night(workspace, "the first night")
    write_log(folder, workspace, until="thursday")
    learned = _night(workspace, "one more day, after which models are learned")
    share = write_log(folder, workspace, until="friday")
    more, same = _night(workspace, "one more day"), _night(workspace, "the same again")
    unchanged = _night(workspace, "once more")
    write_log(folder, workspace, until="sunday")
    weekend = _night(workspace, "the weekend, but for a day")
    write_log(folder, workspace, until="monday")
    moved = _night(workspace, "one more day, with which the cuts move")
    before = hashes(workspace)
    remade = _night(workspace, "everything again", "--all")
    nights = Nights(first, learned, more, same, unchanged, weekend, moved, remade)
    after = hashes(workspace)
    shutil.rmtree(workspace)
    differing = sorted(table for table in before | after if before.get(table) != after.get(table))
    figures = {
        **world._asdict(),
        "day_share_of_events": share,
        **_stated(nights),
        "tables": len(after),
        "tables_that_differ_when_made_again": len(differing),
    }
    console.print(f"differ when made again: {', '.join(differing) or 'none'}")
    console.print_json(json.dumps(figures))  # what is measured by then, should the next be too long
    return world.n_events, (nights, figures)


def _stated(nights: Nights) -> dict[str, Any]:
    """State what the nights took, also as shares of a night that makes everything.

    Raises:
        RuntimeError: the cuts, or what models are learned of, did not move in the night in which
            they should, or in another one.
    """
    ends = {night.proven_until for night in nights[:-2]}, nights.cuts_moved.proven_until
    learned = nights.first.learned_until, {night.learned_until for night in nights[1:]}
    if not (len(ends[0]) == len(learned[1]) == 1 and max(ends[0]) < ends[1]):
        raise RuntimeError(f"TEST ended at {ends}: no week lay between.")
    if not learned[0] < min(learned[1]):
        raise RuntimeError(f"Models were learned of what lies before {learned}.")
    full = nights.everything.cost.cpu_s
    return {
        **{name: _told(night) for name, night in nights._asdict().items()},
        **{
            f"{name}_over_everything": round(night.cost.cpu_s / full, 3)
            for name, night in nights._asdict().items()
            if name in {"one_more_day", "nothing_changed", "models_learned", "cuts_moved"}
        },
    }


def write_configuration(world: Path, workspace: Path) -> None:
    """Write the configuration of the synthetic world for a world and a log of other names."""
    text = (ROOT / CONFIG).read_text(encoding="utf-8")
    text = text.replace(f"{NAMED_THERE}events.parquet", f"{workspace}/log/events.parquet")
    text = text.replace(NAMED_THERE, f"{world}/")
    (workspace / "ntg.yaml").write_text(text, encoding="utf-8")


def write_log(world: Path, workspace: Path, *, until: str) -> float:
    """Write the log that the night of a day of the last week knows: what lies before that day.
    Return the share of its events that its last day holds.
    """
    events = pl.scan_parquet(world / "events.parquet").with_columns(on=pl.col("event_at").dt.date())
    last_on = events.select(pl.col("on").max()).collect().item()
    last_on -= timedelta(days=LAST_DAY_LEFT_OUT[until])
    log = workspace / "log" / "events.parquet"
    log.parent.mkdir(exist_ok=True)
    events.filter(pl.col("on") <= last_on).drop("on").sink_parquet(log)
    counts = events.select(
        n=(pl.col("on") <= last_on).sum(), n_last=(pl.col("on") == last_on).sum()
    ).collect()
    return round(counts["n_last"].item() / counts["n"].item(), 5)


def _night(workspace: Path, name: str, *options: str) -> Run:
    console.print(f"{workspace.name} events: {name} ...")
    logs = workspace / "data" / "logs"
    seen = {*logs.glob("*.jsonl")}
    cost = measure(
        [ntg_command(), "run-all", "--config", str(workspace / "ntg.yaml"), *options],
        environment={
            **VARIABLES,
            "NTG_WORKSPACE": str(workspace),
            "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(ROOT / WORLDS), str(workspace)]),
        },
    )
    ended = {*logs.glob("*.jsonl")} - seen  # none: nothing had to be started
    with connect(warehouse(workspace), read_only=True) as connection:
        (untils,) = connection.execute(BOUNDARIES).fetchall()
    return Run(cost, steps_of(*ended), *untils)


def steps_of(*logs: Path) -> dict[str, float]:
    """Read what each step took of the processors off the structured logs of runs (seconds)."""
    lines = [json.loads(line) for log in logs for line in log.read_text("utf-8").splitlines()]
    return {
        line["step"]: line["cpu_seconds"] for line in lines if line.get("event") == "STEP_SUCCESS"
    }


def growths(nights: dict[int, Run]) -> dict[str, Any]:
    """Say how costs grow with the events: the exponent b of `cost ~ events ** b`."""
    (small_n, small), (large_n, large) = (*nights.items(),)[-2:]
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


def warehouse(workspace: Path) -> Path:
    """Return the store of a workspace."""
    return workspace / "data" / "warehouse" / "warehouse.duckdb"


def hashes(workspace: Path) -> dict[str, str]:
    """Hash every table of the warehouse."""
    with connect(warehouse(workspace), read_only=True) as connection:
        listed = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
        ).fetchall()
        return {".".join(name): content_hash(connection, Table(*name)) for name in listed}


def _told(night: Run) -> dict[str, Any]:
    longest = sorted(night.steps, key=lambda step: -night.steps[step])[:SHOWN_STEPS]
    return {
        **vars(night.cost),
        "cores_busy": round(night.cost.cpu_s / night.cost.wall_s, 2),
        "steps": len(night.steps),
        "proven_until": f"{night.proven_until:%Y-%m-%d}",
        "learned_until": f"{night.learned_until:%Y-%m-%d}",
        "dearest_steps_cpu_s": {step: night.steps[step] for step in longest},
    }


def _goals(figures: dict[str, Any]) -> Iterator[Goal]:
    shares = {
        "one_more_day": ("one more day", SECOND_NIGHT_GOAL),
        "models_learned": ("one more day, after which models are learned", MOVED_GOAL),
        "cuts_moved": ("one more day, with which the cuts move", MOVED_GOAL),
        "nothing_changed": ("nothing changed", UNCHANGED_GOAL),
    }
    for size, of_size in figures.items():
        if size == "growth":
            yield Goal("growth of CPU", of_size["cpu"], GROWTH_GOAL, "at_most")
            continue
        for night, (name, most) in shares.items():
            words = f"{size} events: CPU over that of making everything, {name}"
            yield Goal(words, of_size[f"{night}_over_everything"], most, "at_most")
        differing = float(of_size["tables_that_differ_when_made_again"])
        yield Goal(f"{size} events: tables that differ when made again", differing, 0, "at_most")


if __name__ == "__main__":
    command_line(run)
