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
from typing import Annotated

import typer

from benchmarks.experiment_grid import measure_grid
from benchmarks.experiment_power import measure_power
from benchmarks.experiment_speed import SEGMENTS
from benchmarks.experiment_truth import measure_truth
from benchmarks.experiment_vectors import BUNDLED, MORE, judge_files, summary
from benchmarks.experiment_worlds import measure_decisions
from benchmarks.harness import RESULTS, ROOT, Goal, command_line, console, measure_call, report

UNITS = 10_000_000
FOLDER = "data/workspaces/experiments_benchmark"
EXTRA_GOAL_S, MEMORY_GOAL_GB = 1.2, 2.0
MANY, MANY_GOAL_MIN = 200, 10.0  # so many are measured; 10,000 of them cost proportionally more


def run(units: Annotated[int, typer.Option(help="Units; three rows each.")] = UNITS) -> None:
    """Measure, print, and at full size write the result."""
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        console.print(f"writing {3 * units:,} rows ...")
        measure_call("benchmarks.experiment_speed:write_units", folder=str(folder), units=units)
        plain_cost, plain = measure_call("benchmarks.experiment_speed:plain", folder=str(folder))
        ours_cost, ours = measure_call("benchmarks.experiment_speed:ours", folder=str(folder))
        _, many = measure_call("benchmarks.experiment_speed:many", experiments=MANY)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    extra, extra_cpu = (
        ours[f"full_readout_{unit}"] - plain[f"group_by_{unit}"] for unit in ("s", "cpu_s")
    )
    figures = {
        "units": units,
        "rows": 3 * units,
        "segments": SEGMENTS,
        "plain_group_by": {**plain, "peak_mb": plain_cost.peak_mb},
        "full_readout": {**ours, "peak_mb": ours_cost.peak_mb},
    }
    goals = [
        Goal(
            "full readout, s more than one plain group-by", round(extra, 3), EXTRA_GOAL_S, "at_most"
        ),
        Goal(
            "full readout, CPU s more than one plain group-by",
            round(extra_cpu, 3),
            EXTRA_GOAL_S,
            "at_most",
        ),
        Goal(
            "full readout, peak GB", round(ours_cost.peak_mb / 1024, 3), MEMORY_GOAL_GB, "at_most"
        ),
    ]
    truth, promises = measure_truth()
    cells, kept = measure_grid()
    powers, cheap = measure_power()
    promises = [*promises, *kept, *cheap, *measure_decisions()]
    verdicts = judge_files([BUNDLED, MORE])
    figures |= {
        "promises": truth,
        "grid": cells,
        "share_of_welch_power": powers,
        "outside_vectors": summary(verdicts),
        "ten_thousand_experiments": many,
    }
    goals += [
        Goal(
            "validate, read out, decide and replay 10,000 experiments, CPU minutes",
            many["all_10000_cpu_min"],
            MANY_GOAL_MIN,
            "at_most",
        ),
        Goal(
            "outside vectors off their tolerance without a reason",
            sum(one.outcome == "off" for one in verdicts),
            0,
            "at_most",
        ),
        *promises,
    ]
    is_full = units == UNITS
    name = "experiments" if is_full else "experiments, smaller: not written"
    report(
        name,
        figures=figures,
        goals=goals,
        packages=["tea-tasting"],
        folder=RESULTS if is_full else None,
    )


if __name__ == "__main__":
    command_line(run)
