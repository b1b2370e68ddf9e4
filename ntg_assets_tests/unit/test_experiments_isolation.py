"""One broken experiment concerns itself alone: the others are read out,
and the broken one is named with its reason.
"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.experiments import result_rows, results
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.isolation import usable
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs import exposure_rows, kept_assignments, outcome_rows
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.experiments.data.logs.unit_ids import report_unit_ids
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.plans import PlanWeek
from ntg_assets.optional_sources.validation import VERDICTS
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events

NO_LISTS = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})


def definition(name: str, **changes: Any) -> dict[str, Any]:
    known = {
        "id": name,
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"], "experiment": "experiment"},
            "window_days": 1,
        },
        "metrics": [{"name": "days", "measure": "active_days"}],
        "primary_metric": "days",
        "planned_units": 4,
    }
    return known | changes


def programme(*names: str) -> ExperimentsSettings:
    return ExperimentsSettings.model_validate({"definitions": [definition(name) for name in names]})


def verdicts(**refused: str) -> pl.DataFrame:
    rows = [
        (f"experiments.{name}", "seen.csv", 0, 0, False, reason, "this experiment is not read out")
        for name, reason in refused.items()
    ]
    return pl.DataFrame(rows, schema=VERDICTS, orient="row")


def exposure_log(home: Path, definitions: list[ExperimentSettings]) -> pl.DataFrame:
    rows = [
        f"{name},{user},{'ab'[user % 2]},2026-01-10" for name in ("one", "two") for user in range(8)
    ]
    (home / "seen.csv").write_text("experiment,user_id,arm,exposed_at\n" + "\n".join(rows) + "\n")
    return logs.read_exposure_logs(definitions, home=home)


def evidence_of(
    known: ExperimentsSettings, log: pl.DataFrame, refused: pl.DataFrame
) -> EvidenceTables:
    """The tables as the assets make them: only who could be read has arms."""
    log_of_events = events((1, 7, "2026-01-20"))
    readable = usable(known, refused)
    assigned = run(tables.assignments(NO_LISTS, programme=readable, exposure_log=log))
    traffic = log_tables.log_traffic(log, events=log_of_events)
    units = run(
        log_tables.log_unit_metrics(log, events=log_of_events, definitions=known.definitions)
    )
    return EvidenceTables(
        run(
            tables.arm_traffic(
                assigned, exposures=log, definitions=readable.definitions, log_traffic=traffic
            )
        ),
        run(summed_tables.metric_sums(units, definitions=known.definitions)),
        run(summed_tables.metric_quantiles(units, definitions=known.definitions)),
    )


def results_of(known: ExperimentsSettings, evidence: EvidenceTables) -> results.StoredResults:
    found = results.readouts(known.definitions, evidence)
    nothing = pl.DataFrame(
        schema={
            **dict.fromkeys(("experiment", "metric", "unit_id", "arm"), pl.String),
            **dict.fromkeys(
                ("value", "denominator", "covariate", "covariate_denominator"), pl.Float64
            ),
        }
    )
    return results.StoredResults(
        results.effect_by_day(known.definitions, pl.DataFrame(schema={"experiment": pl.String})),
        results.effect_by_cohort(known.definitions, pl.DataFrame(schema={"experiment": pl.String})),
        results.health_checks(known.definitions, evidence),
        found,
        results.all_segment_effects(known.definitions, evidence),
        results.experiment_plans(known.definitions, evidence),
        results.decisions(known.definitions, evidence, readouts=found),
        nothing,
        results.self_tests(known.definitions, nothing, seed=1),
    )


def test_an_experiment_whose_logs_cannot_be_read_is_in_no_table_and_the_other_one_is_decided(
    tmp_path: Path,
) -> None:
    known, refused = programme("one", "two"), verdicts(two="seen2.csv: no such file")
    log = exposure_log(tmp_path, usable(known, refused).definitions)
    evidence = evidence_of(known, log, refused)
    stored = results_of(known, evidence)
    made = (evidence.arm_traffic, stored.health_checks, stored.readouts, stored.decisions)
    assert [set(rows["experiment"]) for rows in made] == [{"one"}] * 4
    problems = results.experiment_problems(known, refused, evidence, stored, seed=1)
    check_frame(problems, contract_of("experiment_problems"))
    assert problems.rows() == [("two", "sources", "seen2.csv: no such file")]


def test_whatever_one_readout_raises_leaves_the_others_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, nothing = programme("one", "two"), verdicts()
    evidence = evidence_of(known, exposure_log(tmp_path, known.definitions), nothing)
    sound = results_of(known, evidence)
    assert results.experiment_problems(known, nothing, evidence, sound, seed=1).is_empty()

    def examine_one(experiment: ExperimentSettings, found: Evidence) -> list[HealthCheck]:
        if experiment.id == "one":
            raise ZeroDivisionError("division by zero")
        return examine(experiment, found)

    monkeypatch.setattr(result_rows, "examine", examine_one)
    broken = results_of(known, evidence)
    for name in ("health_checks", "readouts", "decisions"):
        kept = getattr(sound, name).filter(pl.col("experiment") == "two")
        assert getattr(broken, name).equals(kept), name
    problems = results.experiment_problems(known, nothing, evidence, broken, seed=1)
    assert [(row["experiment"], row["step"]) for row in problems.to_dicts()] == [
        ("one", "health_checks"),
        ("one", "readouts"),
        ("one", "decisions"),
    ]
    assert problems["reason"][0] == "ZeroDivisionError: division by zero (not foreseen)"


def test_a_number_that_fits_no_column_concerns_its_experiment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = programme("one", "two")
    evidence = evidence_of(known, exposure_log(tmp_path, known.definitions), verdicts())

    def plan(one: ExperimentSettings, *, baseline: object) -> list[PlanWeek]:  # noqa: ARG001  # as it is called
        return [
            PlanWeek(
                one.id, "days", "observed", 10**30 if one.id == "one" else 7, 1.0, None, None, None
            )
        ]

    monkeypatch.setattr(result_rows, "baseline_of", lambda *_: None)
    monkeypatch.setattr(result_rows, "plan_by_week", plan)
    assert results.experiment_plans(known.definitions, evidence)["days"].to_list() == [7]


def test_rows_of_one_experiment_that_cannot_be_read_do_not_refuse_the_others_of_the_file(
    tmp_path: Path,
) -> None:
    rows = [
        "one,1,a,2026-01-10",
        "one,2,b,2026-01-10",
        "two,,a,2026-01-10",
        "three,1,a,soon",
        "four,1,z,2026-01-10",
    ]
    (tmp_path / "seen.csv").write_text(
        "experiment,user_id,arm,exposed_at\n" + "\n".join(rows) + "\n"
    )
    files = LogFiles(tmp_path)
    definitions = programme("one", "two", "three", "four").definitions
    assert logs.read_experiment(definitions[0], files=files).exposures["unit_id"].to_list() == [
        "1",
        "2",
    ]
    for one, told in zip(
        definitions[1:],
        ("1 of 1 rows name no unit", "hold no day or time in exposed_at", "arms it does not have"),
        strict=True,
    ):
        with pytest.raises(SourceError, match=told):
            logs.read_experiment(one, files=files)


def test_a_file_that_cannot_be_read_is_told_of_each_experiment_in_its_own_name(
    tmp_path: Path,
) -> None:
    files = LogFiles(tmp_path)
    for one in programme("one", "two").definitions:
        with pytest.raises(
            SourceError, match=rf"^experiment {one.id}: exposures: seen\.csv: no such file"
        ):
            logs.read_experiment(one, files=files)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (
            pl.DataFrame({"experiment": ["one"] * 2, "unit_id": ["007", "7.0"], "arm": ["a", "b"]}),
            r"1 units have several arms \(first: '7'\)",
        ),
        (
            pl.DataFrame({"experiment": ["one"], "unit": [7], "arm": ["a"]}),
            "no column 'unit_id' .*Did you mean 'unit'",
        ),
        (None, "is a folder"),
    ],
)
def test_kept_assignments_that_cannot_be_used_refuse_their_experiment(
    tmp_path: Path, kept: pl.DataFrame | None, told: str
) -> None:
    if kept is None:
        (tmp_path / "kept.parquet").mkdir()  # a folder in its place
    else:
        kept.write_parquet(tmp_path / "kept.parquet")
    exposure_log(tmp_path, [])
    one = ExperimentSettings.model_validate(definition("one", kept_assignments="kept.parquet"))
    with pytest.raises(SourceError, match=told):
        logs.read_experiment(one, files=LogFiles(tmp_path, "integer"))


def test_units_are_read_by_the_id_rule_of_the_log_and_what_is_only_near_is_counted(
    tmp_path: Path,
) -> None:
    """An integer log: 7.0, 007 and 7 are one unit. A string log: they are three,
    and so is what only spaces tell apart.
    """
    frame = pl.DataFrame(
        {"experiment": "one", "user_id": [7.0, None], "arm": "a", "exposed_at": "2026-01-10"}
    ).head(1)
    frame.write_parquet(tmp_path / "seen.parquet")
    rows = ["one,007,a,2026-01-11", "one, 7 ,a,2026-01-12", "one,x8,b,2026-01-12"]
    (tmp_path / "seen.csv").write_text(
        "experiment,user_id,arm,exposed_at\n" + "\n".join(rows) + "\n"
    )
    source = {
        "kind": "log",
        "exposures": {"files": ["seen.parquet", "seen.csv"], "experiment": "experiment"},
    }
    one = ExperimentSettings.model_validate(definition("one", source=source))
    as_integers, as_texts = (
        logs.read_experiment(one, files=LogFiles(tmp_path, rule)).exposures
        for rule in ("integer", "string")
    )
    assert as_integers.select("unit_id", "n_exposures").rows() == [("7", 3), ("x8", 1)]
    assert as_texts["unit_id"].to_list() == [" 7 ", "007", "7", "x8"]
    report = report_unit_ids(
        as_texts, pl.DataFrame(schema=outcome_rows.OUTCOME_TYPES), pl.Series(["7", "X8"])
    )
    check_frame(report, contract_of("unit_id_report"))
    assert report.rows() == [("one", "interaction log", 4, 1, 3, 0, "' 7 ' for '7'")]


def test_units_are_held_against_their_own_outcome_log_where_there_is_one() -> None:
    exposures = pl.DataFrame(
        {"experiment": "one", "unit_id": ["h1", "h2", "h3"], "uses_interaction_log": False}
    )
    outcomes = pl.DataFrame({"experiment": ["one", "one", "other"], "unit_id": ["h1", "H2 ", "h3"]})
    (row,) = report_unit_ids(exposures, outcomes, pl.Series(["h3"])).rows()
    assert row == ("one", "outcome log", 3, 1, 1, 1, "'h2' for 'H2 '")


def test_logs_are_stored_by_their_contracts(tmp_path: Path) -> None:
    for name, schema in (
        ("exposure_log", exposure_rows.EXPOSURE_TYPES),
        ("outcome_log", outcome_rows.OUTCOME_TYPES),
        ("kept_assignments", kept_assignments.KEPT_TYPES),
    ):
        check_frame(pl.DataFrame(schema=schema), contract_of(name))
    check_frame(
        exposure_log(tmp_path, programme("one", "two").definitions), contract_of("exposure_log")
    )
