"""Ten million units, three arms, three metrics and twenty segments beside one plain group-by, and
what thousands of experiments cost.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import polars as pl

    from ntg_assets.configuration.experiments.settings import ExperimentSettings


SEGMENTS = 20
ROUNDS = 9  # the fastest counts: other work on the machine only ever adds
ENGINE_MEMORY = "1500MB"
PLAIN = """
    select experiment, metric, arm, count(*), avg(value), var_samp(value), avg(denominator),
        var_samp(denominator), avg(covariate), var_samp(covariate), covar_samp(value, denominator),
        covar_samp(value, covariate), covar_samp(denominator, covariate)
    from experiments.unit_metrics where is_assigned group by experiment, metric, arm
"""


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
        return fastest(
            [timed(lambda: connection.execute(PLAIN).fetchall(), "group_by") for _ in range(ROUNDS)]
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
            sums = timed(
                lambda query=query, found=found: found.append(  # type: ignore[misc]
                    run(query, connection)
                ),
                "exact_sums",
            )
            rest = timed(
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
    return fastest(rounds) | {"library_import_s": round(imports, 3)}


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
    validated = timed(
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

    concluded = timed(conclude, "conclude")
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


def timed(call: "Callable[[], object]", name: str) -> dict[str, float]:
    """Time one call, on the clock and in processor seconds,
    which other work on the machine disturbs less.
    """
    started, started_cpu = time.perf_counter(), time.process_time()
    call()
    return {
        f"{name}_s": time.perf_counter() - started,
        f"{name}_cpu_s": time.process_time() - started_cpu,
    }


def fastest(rounds: "list[dict[str, float]]") -> dict[str, float]:
    """Keep the fastest of several rounds, figure by figure."""
    return {name: round(min(one[name] for one in rounds), 3) for name in rounds[0]}


def _open(folder: str) -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect(str(Path(folder) / "benchmark.duckdb"))
    connection.execute("set memory_limit = $limit", {"limit": ENGINE_MEMORY})
    return connection
