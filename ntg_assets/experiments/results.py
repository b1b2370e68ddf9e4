"""Results of experiments as tables, each by its contract: health, readouts,
plans, effects, decisions, from sums or units that SQL made.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.contracts import Contract
from ntg_assets.experiments.contracts.decision import DecisionGates, Decisions, HealthChecks
from ntg_assets.experiments.contracts.effects import EffectByCohort, EffectByDay, SegmentEffects
from ntg_assets.experiments.contracts.readout import ExperimentPlans, Readouts, SelfTests
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.isolation import MakeRows, Step, find_problems, rows_of_each
from ntg_assets.experiments.result_rows import (
    cohort_effects_of,
    daily_effects_of,
    decision_of,
    frame_of,
    health_of,
    plans_of,
    readouts_of,
    segment_effects_of,
    self_tests_of,
)
from ntg_assets.statistics.designs.units import Units


@dataclass(frozen=True)
class StoredResults:
    """The tables of results as they were stored, by their names."""

    effect_by_day: pl.DataFrame
    effect_by_cohort: pl.DataFrame
    health_checks: pl.DataFrame
    readouts: pl.DataFrame
    segment_effects: pl.DataFrame
    experiment_plans: pl.DataFrame
    decisions: pl.DataFrame
    self_test_units: pl.DataFrame
    self_tests: pl.DataFrame


def self_tests(
    definitions: Sequence[ExperimentSettings],
    self_test_units: pl.DataFrame,
    *,
    seed: int,
    most: int = 20,
    designed: Mapping[str, Mapping[str, Units]] | None = None,
) -> pl.DataFrame:
    """Put the statistics to the test on the data of the largest experiments;
    one row per (experiment, metric, test).

    Args:
        definitions: The experiments.
        self_test_units: One row per (experiment, metric, unit).
        seed: Of the project; each metric draws its own stream.
        most: Experiments that are tested: those with the most units.
        designed: By experiment and metric, the units of what is compared by clusters,
            strata or covariates.
    """
    make = self_tests_of(definitions, self_test_units, seed=seed, most=most, designed=designed)
    return _table(SelfTests, definitions, make)


def health_checks(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Examine every experiment; one row per (experiment, check)."""
    return _table(HealthChecks, evidence.known(definitions), health_of(evidence))


def readouts(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Read out every experiment; one row per (experiment, comparison, metric, treatment arm)."""
    return _table(Readouts, evidence.known(definitions), readouts_of(evidence))


def experiment_plans(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Say what each experiment can show by when; one row per (experiment,
    days), none where the control tells nothing.
    """
    return _table(ExperimentPlans, evidence.known(definitions), plans_of(evidence))


def effect_by_day(
    definitions: Sequence[ExperimentSettings], daily_sums: pl.DataFrame
) -> pl.DataFrame:
    """Compare the arms on each day since the exposure; one row per
    (experiment, treatment arm, day).
    """
    return _table(EffectByDay, definitions, daily_effects_of(daily_sums))


def effect_by_cohort(
    definitions: Sequence[ExperimentSettings], daily_sums: pl.DataFrame
) -> pl.DataFrame:
    """Compare the arms among early and among late units; one row per
    (experiment, treatment arm, cohort).
    """
    return _table(EffectByCohort, definitions, cohort_effects_of(daily_sums))


def all_segment_effects(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Compare the arms within each segment; one row per (experiment, metric, arm, segment)."""
    return _table(SegmentEffects, evidence.known(definitions), segment_effects_of(evidence))


def decisions(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables, *, readouts: pl.DataFrame
) -> pl.DataFrame:
    """Decide every experiment on a stored readout; one row per experiment,
    none where it would rest on one that is not stored.
    """
    return _table(Decisions, evidence.known(definitions), decision_of(evidence, readouts))


def _table(
    model: type[Contract], definitions: Sequence[ExperimentSettings], make: MakeRows
) -> pl.DataFrame:
    """Make the rows of each experiment; one that raises an error has none."""
    return rows_of_each(definitions, make, none=frame_of([], model))


def experiment_problems(
    programme: ExperimentsSettings,
    optional_sources: pl.DataFrame,
    evidence: EvidenceTables,
    stored: StoredResults,
    *,
    seed: int,
    designed: Mapping[str, Mapping[str, Units]] | None = None,
) -> pl.DataFrame:
    """Say of every experiment that is missing from a table of results why;
    one row per (experiment, step).

    Args:
        programme: All experiments, broken ones too.
        optional_sources: Which logs could be read.
        evidence: What the results were made from.
        stored: The results.
        seed: Of the project.
        designed: Units by experiment and metric, where a log names a design.
    """
    tests = self_tests_of(
        programme.in_runs,
        stored.self_test_units,
        seed=seed,
        most=programme.self_tested,
        designed=designed,
    )
    steps = _steps(evidence, stored) | {"self_tests": Step(tests, stored.self_tests)}
    return find_problems(programme, optional_sources, steps)


def _steps(evidence: EvidenceTables, stored: StoredResults) -> dict[str, Step]:
    """Lay beside each table of results what makes its rows, in the order in which it is made."""
    return {
        "effect_by_day": Step(daily_effects_of(evidence.daily_sums), stored.effect_by_day),
        "effect_by_cohort": Step(cohort_effects_of(evidence.daily_sums), stored.effect_by_cohort),
        "health_checks": Step(health_of(evidence), stored.health_checks),
        "readouts": Step(readouts_of(evidence), stored.readouts),
        "segment_effects": Step(segment_effects_of(evidence), stored.segment_effects),
        "experiment_plans": Step(plans_of(evidence), stored.experiment_plans),
        "decisions": Step(decision_of(evidence, stored.readouts), stored.decisions),
    }


def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Spread the gates out of the receipts; one row per (experiment, arm, gate)."""
    rows = [
        {"experiment": experiment, "position": position, **gate}
        for experiment, receipt in decisions.select("experiment", "receipt").iter_rows()
        for position, gate in enumerate(json.loads(receipt)["decision"]["gates"])
    ]
    return frame_of(rows, DecisionGates)
