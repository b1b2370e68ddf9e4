"""Ten thousand experiments at once: validated in seconds, read out in minutes,
their log read once.
"""

import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import scipy
from pydantic import ValidationError

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments import results
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs import log_reading
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.statistics.repeated.max_t import max_t_critical, max_t_probability
from ntg_assets.storage.run import run

MANY, SOME = 10_000, 20


def definition(n: int, **changes: Any) -> dict[str, Any]:
    known = {
        "id": f"e{n}",
        "hypothesis": "A longer checkout earns more revenue.",
        "owner": "science",
        "layer": f"layer-{n // 10}",
        "layer_range": [(n % 10) / 10, (n % 10 + 1) / 10],
        "arms": [{"name": "control"}, {"name": "shorter"}, {"name": "longer"}],
        "source": {"kind": "log", "exposures": {"files": ["seen.csv"], "experiment": "experiment"}},
        "metrics": [
            {"name": "revenue", "kind": "revenue"},
            {"name": "orders", "measure": "events"},
        ],
        "primary_metric": "revenue",
        "guardrails": [{"metric": "orders", "margin": 0.5}],
        "planned_units": 60,
        "minimum_units_per_arm": 10,
    }
    return known | changes


def units(experiments: int, per_experiment: int = 60) -> pl.DataFrame:
    n = experiments * per_experiment
    rows = pl.DataFrame({"row": range(n)}).select(
        experiment=pl.format("e{}", pl.col("row") // per_experiment),
        unit_id=pl.format("{}", pl.col("row") % per_experiment),
        arm=pl.col("row").mod(3).replace_strict({0: "control", 1: "shorter", 2: "longer"}),
        source=pl.lit("observed"),
        is_assigned=pl.lit(value=True),
        is_in_look=pl.lit(value=True),
        segment=pl.format("{}", pl.col("row") % 2),
        value=(pl.col("row") * 7919 % 1009).cast(pl.Float64) / 100,
        denominator=pl.lit(None, dtype=pl.Float64),
        covariate=(pl.col("row") * 104_729 % 997).cast(pl.Float64) / 100,
        covariate_denominator=pl.lit(None, dtype=pl.Float64),
    )
    return pl.concat([rows.with_columns(metric=pl.lit(name)) for name in ("revenue", "orders")])


def traffic(values: pl.DataFrame) -> pl.DataFrame:
    counted = (
        values.filter(pl.col("metric") == "revenue")
        .group_by("experiment", "arm")
        .agg(pl.len().cast(pl.Int64).alias("n_exposed"))
    )
    return counted.with_columns(
        weight=1.0,
        n_assigned="n_exposed",
        n_in_several_arms=0,
        n_not_assigned=0,
        first_exposed_at=pl.datetime(2026, 1, 5),
        last_exposed_at=pl.datetime(2026, 1, 19),
    )


@pytest.mark.slow
def test_a_collision_among_ten_thousand_definitions_is_found() -> None:
    started = time.process_time()
    written = {"definitions": [definition(n) for n in range(MANY)]}
    given = list(ExperimentsSettings.model_validate(written).definitions)
    assert time.process_time() - started < 10
    given[-1] = ExperimentSettings.model_validate(
        definition(MANY - 1, layer_range=[0.35, 0.45])
    )  # the others are known to be sound by themselves
    with pytest.raises(ValidationError, match=r"e9993 and e9999 both take \[0.35, 0.4\)"):
        ExperimentsSettings.model_validate({"definitions": given})
    given[-1] = given[0]
    with pytest.raises(ValidationError, match="two experiments have the id 'e0'"):
        ExperimentsSettings.model_validate({"definitions": given})


@pytest.mark.slow
def test_reading_out_and_deciding_takes_well_under_a_tenth_of_a_second_each() -> None:
    programme = ExperimentsSettings.model_validate(
        {"definitions": [definition(n) for n in range(SOME)]}
    )
    values = units(SOME)
    sums = run(summed_tables.metric_sums(values, definitions=programme.definitions))
    quantiles = run(summed_tables.metric_quantiles(values, definitions=programme.definitions))
    evidence = EvidenceTables(traffic(values), sums, quantiles)
    started = time.process_time()
    found = results.readouts(programme.definitions, evidence)
    made = results.decisions(programme.definitions, evidence, readouts=found)
    assert made.height == SOME
    assert (time.process_time() - started) / SOME < 0.1


def test_one_log_of_many_experiments_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        f"{n},{n % 3},{arm},2026-01-10"
        for n, arm in enumerate(["control", "shorter", "longer"] * 20)
    ]
    (tmp_path / "seen.csv").write_text(
        "user_id,experiment,arm,exposed_at\n"
        + "\n".join(row.replace(",", ",e", 1) for row in rows)
        + "\n"
    )
    reads: list[str] = []
    read = read_rows

    def counted(described: Described, *rules: Any, **keys: Any) -> FileRows | None:
        reads.append(described.key)
        return read(described, *rules, **keys)

    monkeypatch.setattr(log_reading, "read_rows", counted)
    programme = ExperimentsSettings.model_validate(
        {"definitions": [definition(n) for n in range(4)]}
    )
    found = logs.read_exposure_logs(programme.definitions, home=tmp_path)
    assert len(reads) == 1
    assert dict(found.group_by("experiment").len().iter_rows()) == {"e0": 20, "e1": 20, "e2": 20}


@pytest.mark.slow
def test_only_the_largest_experiments_are_put_to_the_self_tests() -> None:
    programme = ExperimentsSettings.model_validate(
        {"definitions": [definition(n) for n in range(3)]}
    )
    values = pl.DataFrame(
        [
            (f"e{n}", "revenue", str(unit), ("control", "shorter", "longer")[unit % 3], float(unit))
            for n in range(3)
            for unit in range(18 + n)
        ],
        schema=["experiment", "metric", "unit_id", "arm", "value"],
        orient="row",
    ).with_columns(
        **{
            name: pl.lit(None, dtype=pl.Float64)
            for name in ("denominator", "covariate", "covariate_denominator")
        }
    )
    found = results.self_tests(programme.definitions, values, seed=1, most=1)
    assert set(found["experiment"]) == {"e2"}


@pytest.mark.parametrize("loadings", [[0.99, 0.999], [0.95, 0.95, 0.6], [0.2, 0.7]])
def test_a_tiny_control_correlates_its_comparisons_and_the_integral_keeps_up(
    loadings: list[float],
) -> None:
    correlation = [
        [1.0 if i == j else one * other for j, other in enumerate(loadings)]
        for i, one in enumerate(loadings)
    ]
    edge = [1.5] * len(loadings)
    expected = scipy.stats.multivariate_normal(cov=correlation).cdf(
        edge, lower_limit=[-one for one in edge]
    )
    assert max_t_probability(1.5, loadings) == pytest.approx(float(expected), abs=1e-5)


def test_one_comparison_alone_has_the_critical_value_of_student() -> None:
    assert max_t_critical([0.7], degrees_of_freedom=7) == pytest.approx(
        scipy.stats.t.isf(0.025, 7), abs=1e-8
    )
