"""Ten million units, three arms, three metrics (CUPED, a ratio, revenue),
twenty segments: a full readout beside one plain group-by.

    python -m benchmarks.experiments                     # writes results/experiments.json
    python -m benchmarks.experiments --units 200000      # a try: prints only

Both run in processes of their own on the same table. The plain group-by is what anyone would write:
counts, means, variances and covariances per arm and metric, in floating point. Ours makes exact
sums per segment too, and goes on to sample ratio, health, joint intervals over the arms, readouts,
segment effects and the decision with its receipt. Beside it: what thousands of experiments cost,
the promises of the statistics where the truth is known, and the outside vectors.
"""

import shutil
from typing import Annotated, Any, NamedTuple

import typer

from benchmarks.experiment_grid import measure_grid
from benchmarks.experiment_power import measure_power
from benchmarks.experiment_speed import SEGMENTS
from benchmarks.experiment_truth import measure_truth
from benchmarks.experiment_vectors import BUNDLED, MORE, evaluate_files, summary
from benchmarks.experiment_worlds import measure_decisions
from benchmarks.harness import (
    RESULTS,
    ROOT,
    Cost,
    Goal,
    command_line,
    console,
    measure_call,
    report,
)

UNITS = 10_000_000
FOLDER = "data/workspaces/experiments_benchmark"
EXTRA_GOAL_S, MEMORY_GOAL_GB = 1.2, 2.0
UNITS_OF = {"s": "s", "cpu_s": "CPU s"}
MANY_DONE = "validate, read out, decide and replay"
MANY, MANY_GOAL_MIN = 200, 10.0  # so many are measured; 10,000 of them cost proportionally more


class Measured(NamedTuple):
    """What the parts of the benchmark returned, each measured in its own process or by itself."""

    plain: tuple[Cost, dict[str, float]]
    ours: tuple[Cost, dict[str, float]]
    many: dict[str, float]
    truth: tuple[dict[str, float], list[Goal]]
    grid: tuple[dict[str, Any], list[Goal]]
    power: tuple[dict[str, float], list[Goal]]
    decisions: list[Goal]


def run(units: Annotated[int, typer.Option(help="Units; three rows each.")] = UNITS) -> None:
    """Measure, print, and at full size write the result."""
    speed = measure_speed(units)
    write_result(
        Measured(
            *speed, measure_truth(), measure_grid(), measure_power(), list(measure_decisions())
        ),
        units=units,
    )


def measure_speed(
    units: int,
) -> tuple[tuple[Cost, dict[str, float]], tuple[Cost, dict[str, float]], dict[str, float]]:
    """Time the plain group-by, the full readout, and many experiments."""
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        console.print(f"writing {3 * units:,} rows ...")
        measure_call("benchmarks.experiment_speed:write_units", folder=str(folder), units=units)
        plain = measure_call("benchmarks.experiment_speed:plain", folder=str(folder))
        ours = measure_call("benchmarks.experiment_speed:ours", folder=str(folder))
        _, many = measure_call("benchmarks.experiment_speed:many", experiments=MANY)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return plain, ours, many


def write_result(measured: Measured, *, units: int) -> None:
    """Print every figure and goal, and write them at full size."""
    (plain_cost, plain), (ours_cost, ours) = measured.plain, measured.ours
    verdicts = evaluate_files([BUNDLED, MORE])
    figures = {
        "units": units,
        "rows": 3 * units,
        "segments": SEGMENTS,
        "plain_group_by": {**plain, "peak_mb": plain_cost.peak_mb},
        "full_readout": {**ours, "peak_mb": ours_cost.peak_mb},
        "promises": measured.truth[0],
        "grid": measured.grid[0],
        "share_of_welch_power": measured.power[0],
        "outside_vectors": summary(verdicts),
        "ten_thousand_experiments": measured.many,
    }
    extra = {unit: ours[f"full_readout_{unit}"] - plain[f"group_by_{unit}"] for unit in UNITS_OF}
    peak = ours_cost.peak_mb / 1024
    minutes = measured.many["all_10000_cpu_min"]
    goals = [
        *(
            _at_most(
                f"full readout, {name} more than one plain group-by", extra[unit], EXTRA_GOAL_S
            )
            for unit, name in UNITS_OF.items()
        ),
        _at_most("full readout, peak GB", peak, MEMORY_GOAL_GB),
        _at_most(f"{MANY_DONE} 10,000 experiments, CPU minutes", minutes, MANY_GOAL_MIN),
        _at_most(
            "outside vectors off their tolerance without a reason",
            sum(one.outcome == "off" for one in verdicts),
            0,
        ),
        *measured.truth[1],
        *measured.grid[1],
        *measured.power[1],
        *measured.decisions,
    ]
    is_full = units == UNITS
    report(
        "experiments" if is_full else "experiments, smaller: not written",
        figures=figures,
        goals=goals,
        packages=["tea-tasting"],
        folder=RESULTS if is_full else None,
    )


def _at_most(name: str, value: float, goal: float) -> Goal:
    return Goal(name, round(value, 3), goal, "at_most")


if __name__ == "__main__":
    command_line(run)
