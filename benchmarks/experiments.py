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
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.experiment_grid import measure_grid
from benchmarks.experiment_power import measure_power
from benchmarks.experiment_truth import measure_truth
from benchmarks.experiment_vectors import BUNDLED, MORE, judge_files, summary
from benchmarks.experiment_worlds import measure_decisions
from benchmarks.harness import RESULTS, ROOT, Goal, command_line, console, measure_call, report

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import polars as pl

    from ntg_assets.configuration.experiments.settings import ExperimentSettings

UNITS = 10_000_000
SEGMENTS = 20
FOLDER = "data/workspaces/experiments_benchmark"
ROUNDS = 9  # the fastest counts: other work on the machine only ever adds
EXTRA_GOAL_S, MEMORY_GOAL_GB = 1.2, 2.0
MANY, MANY_GOAL_MIN = 200, 10.0  # so many are measured; 10,000 of them cost proportionally more
ENGINE_MEMORY = "1500MB"
PLAIN = """
    select experiment, metric, arm, count(*), avg(value), var_samp(value), avg(denominator),
        var_samp(denominator), avg(covariate), var_samp(covariate), covar_samp(value, denominator),
        covar_samp(value, covariate), covar_samp(denominator, covariate)
    from experiments.unit_metrics where is_assigned group by experiment, metric, arm
"""


def run(units: Annotated[int, typer.Option(help="Units; three rows each.")] = UNITS) -> None:
    """Measure, print, and at full size write the result."""
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        console.print(f"writing {3 * units:,} rows ...")
        measure_call("benchmarks.experiments:write_units", folder=str(folder), units=units)
        plain_cost, plain = measure_call("benchmarks.experiments:plain", folder=str(folder))
        ours_cost, ours = measure_call("benchmarks.experiments:ours", folder=str(folder))
        _, many = measure_call("benchmarks.experiments:many", experiments=MANY)
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


def write_units(*, folder: str, units: int) -> int:
    """Write `unit_metrics` and `arm_traffic` as the pipeline would,
    with a planted effect on the second treatment.
    """
    with _open(folder) as connection:
        connection.execute("create schema experiments")
        connection.execute(
            """
            create table experiments.unit_metrics as
            with units as (
                select i, cast(i as varchar) as unit_id,
                    ['control', 'shorter', 'longer'][1 + i % 3] as arm,
                    'segment-' || lpad(cast((i * 7919) % $segments as varchar), 2, '0') as segment,
                    floor((i * 2654435761) % 1000003 / 1e4) as before,
                    (i * 40503) % 1009 / 1e2 as noise,
                    1 + (i * 69069) % 7 as visits
                from range($units) as t(i)
            )
            select 'checkout' as experiment, unit_id, arm, metric, 'simulated' as source,
                true as is_assigned, true as is_in_look, segment,
                cast(case metric
                    when 'revenue' then before + noise
                        + case when arm = 'longer' then 0.02 else 0 end
                    when 'orders' then visits + noise
                    when 'share' then least(visits, floor(noise))
                end as double) as value,
                cast(case when metric = 'share' then visits end as double) as denominator,
                cast(case when metric = 'revenue' then before end as double) as covariate,
                cast(null as double) as covariate_denominator
            from units cross join (values ('revenue'), ('orders'), ('share')) as metrics(metric)
            """,
            {"units": units, "segments": SEGMENTS},
        )
    return units


def plain(*, folder: str) -> dict[str, float]:
    """Time the plain group-by."""
    with _open(folder) as connection:
        return _fastest(
            [
                _timed(lambda: connection.execute(PLAIN).fetchall(), "group_by")
                for _ in range(ROUNDS)
            ]
        )


def ours(*, folder: str) -> dict[str, float]:
    """Time the full readout, and its parts."""
    from ntg_assets.experiments.data.summed_tables import metric_sums
    from ntg_assets.sql import Table
    from ntg_assets.storage.run import run

    started = time.perf_counter()
    _statistics_ready()
    imports = time.perf_counter() - started
    definition = _definition()
    rounds = []
    with _open(folder) as connection:
        for _ in range(ROUNDS):
            found: list[pl.DataFrame] = []
            query = metric_sums(Table("experiments", "unit_metrics"), definitions=[definition])
            sums = _timed(
                lambda query=query, found=found: found.append(  # type: ignore[misc]
                    run(query, connection)
                ),
                "exact_sums",
            )
            rest = _timed(
                lambda found=found: _conclude(definition, found[0]),  # type: ignore[misc]
                "statistics_and_decision",
            )
            both = {
                f"full_readout_{unit}": (
                    sums[f"exact_sums_{unit}"] + rest[f"statistics_and_decision_{unit}"]
                )
                for unit in ("s", "cpu_s")
            }
            rounds.append(sums | rest | both)
    return _fastest(rounds) | {"library_import_s": round(imports, 3)}


def many(*, experiments: int) -> dict[str, float]:
    """Time what many experiments cost: validation of 10,000 definitions,
    and readout, decision and replay of some.
    """
    from ntg_assets.configuration.experiments.settings import ExperimentsSettings
    from ntg_assets.experiments.checks import receipts_that_disagree
    from ntg_assets.experiments.data.evidence_tables import EvidenceTables
    from ntg_assets.experiments.data.summed_tables import metric_sums
    from ntg_assets.experiments.results import (
        all_segment_effects,
        decisions,
        health_checks,
        readouts,
    )
    from ntg_assets.storage.run import run
    from ntg_assets_tests.unit.test_experiments_many import definition, traffic, units

    _statistics_ready()
    validated = _timed(
        lambda: ExperimentsSettings.model_validate(
            {"definitions": [definition(n) for n in range(10_000)]}
        ),
        "validate_10000",
    )
    some = ExperimentsSettings.model_validate(
        {"definitions": [definition(n) for n in range(experiments)]}
    ).definitions
    values = units(experiments)
    evidence = EvidenceTables(
        traffic(values), run(metric_sums(values, definitions=some)), _no_quantiles()
    )

    def conclude() -> None:
        health_checks(some, evidence)
        all_segment_effects(some, evidence)
        if receipts_that_disagree(decisions(some, evidence, readouts=readouts(some, evidence))):
            raise RuntimeError("a receipt does not replay")

    concluded = _timed(conclude, "conclude")
    each = concluded["conclude_cpu_s"] / experiments
    return {
        "validate_10000_cpu_s": round(validated["validate_10000_cpu_s"], 2),
        "read_out_decide_replay_each_cpu_ms": round(1000 * each, 1),
        "all_10000_cpu_min": round((validated["validate_10000_cpu_s"] + 10_000 * each) / 60, 2),
    }


def _no_quantiles() -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(
        schema=dict.fromkeys(
            ("experiment", "metric", "arm", "n", "value", "low", "high"), pl.String
        )
    )


def _conclude(definition: "ExperimentSettings", sums: "pl.DataFrame") -> None:
    """Go from the sums to health, readouts, segment effects and a decision with its receipt."""
    import polars as pl

    from ntg_assets.experiments.data.evidence_tables import EvidenceTables
    from ntg_assets.experiments.results import (
        all_segment_effects,
        decisions,
        health_checks,
        readouts,
    )

    counts = (
        sums.filter(pl.col("metric") == "revenue")
        .group_by("arm")
        .agg(pl.col("n").sum().alias("n_exposed"))
        .sort("arm")
    )
    traffic = counts.with_columns(
        experiment=pl.lit("checkout"),
        weight=1.0,
        n_assigned="n_exposed",
        n_in_several_arms=0,
        n_not_assigned=0,
        first_exposed_at=pl.datetime(2026, 1, 5),
        last_exposed_at=pl.datetime(2026, 1, 19),
    )
    evidence = EvidenceTables(traffic, sums, _no_quantiles())
    health_checks([definition], evidence)
    all_segment_effects([definition], evidence)
    decisions([definition], evidence, readouts=readouts([definition], evidence))


def _definition() -> "ExperimentSettings":
    from ntg_assets.configuration.experiments.settings import ExperimentSettings

    return ExperimentSettings.model_validate(
        {
            "id": "checkout",
            "hypothesis": "A longer checkout earns more revenue.",
            "owner": "benchmark",
            "arms": [{"name": "control"}, {"name": "shorter"}, {"name": "longer"}],
            "source": {
                "kind": "log",
                "evidence": "simulated",
                "exposures": {"files": ["none.csv"]},
            },
            "metrics": [
                {"name": "revenue", "kind": "revenue"},
                {"name": "orders", "measure": "events"},
                {"name": "share", "kind": "ratio", "denominator": "events"},
            ],
            "primary_metric": "revenue",
            "planned_units": 1_000,
            "guardrails": [{"metric": "orders", "margin": 0.01}],
        }
    )


def _statistics_ready() -> None:
    """Import the statistics library, which takes a second and happens once per process."""
    import tea_tasting.aggr
    import tea_tasting.metrics  # noqa: F401


def _timed(call: "Callable[[], object]", name: str) -> dict[str, float]:
    """Time one call, on the clock and in processor seconds,
    which other work on the machine disturbs less.
    """
    started, started_cpu = time.perf_counter(), time.process_time()
    call()
    return {
        f"{name}_s": time.perf_counter() - started,
        f"{name}_cpu_s": time.process_time() - started_cpu,
    }


def _fastest(rounds: "list[dict[str, float]]") -> dict[str, float]:
    return {name: round(min(one[name] for one in rounds), 3) for name in rounds[0]}


def _open(folder: str) -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(str(Path(folder) / "benchmark.duckdb"))
    connection.execute("set memory_limit = $limit", {"limit": ENGINE_MEMORY})
    return connection


if __name__ == "__main__":
    command_line(run)
