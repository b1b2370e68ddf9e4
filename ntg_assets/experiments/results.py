"""Results of experiments as tables, each by its contract: health, readouts,
plans, effects, decisions, from sums or units that SQL made.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.contracts import Contract
from ntg_assets.errors import ConfigurationError, ContractError, NotEnoughDataError
from ntg_assets.experiments.contracts.decision import DecisionGates, Decisions, HealthChecks
from ntg_assets.experiments.contracts.readout import (
    EffectByCohort,
    EffectByDay,
    ExperimentPlans,
    Readouts,
    SegmentEffects,
    SelfTests,
)
from ntg_assets.experiments.data.evidence import Evidence, EvidenceTables
from ntg_assets.experiments.data.isolation import MakeRows, Step, find_problems, rows_of_each
from ntg_assets.experiments.decision.money import money_unit, why_not_money
from ntg_assets.experiments.decision.receipts import make_receipt, receipt_text, sha256_of
from ntg_assets.experiments.health.aa_tests import run_self_tests
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.readout.effect_by_cohort import effects_by_cohort
from ntg_assets.experiments.readout.effect_by_day import effects_by_day
from ntg_assets.experiments.readout.plans import baseline_of, plan_by_week
from ntg_assets.experiments.readout.readouts import read_out
from ntg_assets.experiments.readout.segments import segment_effects
from ntg_assets.statistics.contrasts import Units

Rows = Sequence[dict[str, Any]]


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
    designed: Mapping[str, Units] | None = None,
) -> pl.DataFrame:
    """Put the statistics to the test on the data of the largest experiments;
    one row per (experiment, metric, test).
    """
    return rows_of_each(
        definitions,
        _self_tests_of(definitions, self_test_units, seed=seed, most=most, designed=designed),
        none=_frame([], SelfTests),
    )


def health_checks(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Examine every experiment; one row per (experiment, check)."""
    return rows_of_each(
        evidence.known(definitions), _health_of(evidence), none=_frame([], HealthChecks)
    )


def readouts(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Read out every experiment; one row per (experiment, comparison, metric, treatment arm)."""
    return rows_of_each(
        evidence.known(definitions), _readouts_of(evidence), none=_frame([], Readouts)
    )


def experiment_plans(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Say what each experiment can show by when; one row per (experiment,
    days), none where the control tells nothing.
    """
    return rows_of_each(
        evidence.known(definitions), _plans_of(evidence), none=_frame([], ExperimentPlans)
    )


def effect_by_day(
    definitions: Sequence[ExperimentSettings], daily_sums: pl.DataFrame
) -> pl.DataFrame:
    """Compare the arms on each day since the exposure; one row per
    (experiment, treatment arm, day).
    """
    return rows_of_each(definitions, _daily_effects_of(daily_sums), none=_frame([], EffectByDay))


def effect_by_cohort(
    definitions: Sequence[ExperimentSettings], daily_sums: pl.DataFrame
) -> pl.DataFrame:
    """Compare the arms among early and among late units; one row per
    (experiment, treatment arm, cohort).
    """
    return rows_of_each(
        definitions, _cohort_effects_of(daily_sums), none=_frame([], EffectByCohort)
    )


def all_segment_effects(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables
) -> pl.DataFrame:
    """Compare the arms within each segment; one row per (experiment, metric, arm, segment)."""
    return rows_of_each(
        evidence.known(definitions), _segment_effects_of(evidence), none=_frame([], SegmentEffects)
    )


def decisions(
    definitions: Sequence[ExperimentSettings], evidence: EvidenceTables, *, readouts: pl.DataFrame
) -> pl.DataFrame:
    """Decide every experiment on a stored readout; one row per experiment,
    none where it would rest on one that is not stored.
    """
    return rows_of_each(
        evidence.known(definitions), _decision_of(evidence, readouts), none=_frame([], Decisions)
    )


def experiment_problems(
    programme: ExperimentsSettings,
    optional_sources: pl.DataFrame,
    evidence: EvidenceTables,
    stored: StoredResults,
    *,
    seed: int,
) -> pl.DataFrame:
    """Say of every experiment that is missing from a table of results why;
    one row per (experiment, step).

    Args:
        programme: All experiments, broken ones too.
        optional_sources: Which logs could be read.
        evidence: What the results were made from.
        stored: The results.
        seed: Of the project.
    """
    tests = _self_tests_of(
        programme.definitions, stored.self_test_units, seed=seed, most=programme.self_tested
    )
    steps = {
        "effect_by_day": Step(_daily_effects_of(evidence.daily_sums), stored.effect_by_day),
        "effect_by_cohort": Step(_cohort_effects_of(evidence.daily_sums), stored.effect_by_cohort),
        "health_checks": Step(_health_of(evidence), stored.health_checks),
        "readouts": Step(_readouts_of(evidence), stored.readouts),
        "segment_effects": Step(_segment_effects_of(evidence), stored.segment_effects),
        "experiment_plans": Step(_plans_of(evidence), stored.experiment_plans),
        "decisions": Step(_decision_of(evidence, stored.readouts), stored.decisions),
        "self_tests": Step(tests, stored.self_tests),
    }
    return find_problems(programme, optional_sources, steps)


def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Spread the gates out of the receipts; one row per (experiment, arm, gate)."""
    rows = [
        {"experiment": experiment, "position": position, **gate}
        for experiment, receipt in decisions.select("experiment", "receipt").iter_rows()
        for position, gate in enumerate(json.loads(receipt)["decision"]["gates"])
    ]
    return _frame(rows, DecisionGates)


def _self_tests_of(
    definitions: Sequence[ExperimentSettings],
    units: pl.DataFrame,
    *,
    seed: int,
    most: int,
    designed: Mapping[str, Units] | None = None,
) -> MakeRows:
    sizes = dict(units.group_by("experiment").len().iter_rows())
    largest = set(
        sorted((one.id for one in definitions), key=lambda name: (-sizes.get(name, 0), name))[:most]
    )
    return _maker(
        SelfTests,
        lambda one: (
            [asdict(result) for result in run_self_tests(one, units, seed=seed, designed=designed)]
            if one.id in largest
            else []
        ),
    )


def _health_of(evidence: EvidenceTables) -> MakeRows:
    def checks(one: ExperimentSettings) -> Rows:
        known = {"experiment": one.id, "source": one.evidence}
        return [
            {**known, "position": position, **asdict(check)}
            for position, check in enumerate(examine(one, evidence.of(one)))
        ]

    return _maker(HealthChecks, checks)


def _readouts_of(evidence: EvidenceTables) -> MakeRows:
    return _maker(
        Readouts,
        lambda one: [
            asdict(readout)
            for readout in read_out(one, evidence.of(one), examine(one, evidence.of(one)))
        ],
    )


def _plans_of(evidence: EvidenceTables) -> MakeRows:
    def plans(one: ExperimentSettings) -> Rows:
        try:
            baseline = baseline_of(one, evidence.of(one))
        except (NotEnoughDataError, ConfigurationError):
            return []  # nothing is known of the control yet; `health_checks` says so
        return [asdict(week) for week in plan_by_week(one, baseline=baseline)]

    return _maker(ExperimentPlans, plans)


def _daily_effects_of(daily_sums: pl.DataFrame | None) -> MakeRows:
    parts = _by_experiment(daily_sums)
    return _maker(
        EffectByDay,
        lambda one: (
            [asdict(day) for day in effects_by_day(one, parts[one.id])] if one.id in parts else []
        ),
    )


def _cohort_effects_of(daily_sums: pl.DataFrame | None) -> MakeRows:
    parts = _by_experiment(daily_sums)
    return _maker(
        EffectByCohort,
        lambda one: (
            [asdict(found) for found in effects_by_cohort(one, parts[one.id])]
            if one.id in parts
            else []
        ),
    )


def _by_experiment(rows: pl.DataFrame | None) -> dict[str, pl.DataFrame]:
    if rows is None:
        return {}
    parts = rows.partition_by("experiment", as_dict=True)
    return {str(name): part for (name,), part in parts.items()}


def _segment_effects_of(evidence: EvidenceTables) -> MakeRows:
    return _maker(
        SegmentEffects,
        lambda one: [asdict(effect) for effect in segment_effects(one, evidence.of(one))],
    )


def _decision_of(evidence: EvidenceTables, readouts: pl.DataFrame) -> MakeRows:
    return _maker(Decisions, lambda one: [_decision_row(one, evidence.of(one), readouts)])


def _decision_row(
    experiment: ExperimentSettings, evidence: Evidence, readouts: pl.DataFrame
) -> dict[str, Any]:
    receipt = make_receipt(experiment, evidence)
    decided = receipt["decision"]
    stored = readouts.filter(pl.col("readout_key") == decided["readout_key"])
    if stored.is_empty():
        raise ContractError(
            f"decisions: {experiment.id} would rest on readout {decided['readout_key']}, which is"
            f" not among the {readouts.height} stored ones. Materialize `readouts` again before"
            " `decisions`."
        )
    return {
        **{
            name: decided[name]
            for name in ("experiment", "arm", "reason", "sentence", "readout_key")
        },
        "decision": receipt["in_force"],
        "rule_decision": decided["decision"],
        "override_owner": experiment.override.owner if experiment.override else None,
        "override_reason": experiment.override.reason if experiment.override else None,
        "source": experiment.evidence,
        "unit": experiment.unit,
        "tests": experiment.tests,
        "horizon_days": experiment.window_days or None,
        "money_unit": money_unit(experiment, evidence.value),
        "not_money": why_not_money(experiment, evidence.value),
        "owner": experiment.owner,
        "rule_version": receipt["rule_version"],
        "is_readout_valid": stored["is_valid"].item(),
        "definition_sha256": receipt["definition_sha256"],
        "inputs_sha256": receipt["inputs_sha256"],
        "receipt_sha256": sha256_of(receipt),
        "receipt": receipt_text(receipt),
    }


def _maker(model: type[Contract], rows_of: Callable[[ExperimentSettings], Rows]) -> MakeRows:
    """Make the rows of one experiment a frame at once: a number that fits no column is then its
    problem alone.
    """
    schema = _types(model)
    return lambda one: pl.DataFrame(rows_of(one), schema=schema, orient="row")


def _frame(rows: Rows, model: type[Contract]) -> pl.DataFrame:
    """Make a frame with the columns and types of a contract, also from no rows."""
    return pl.DataFrame(rows, schema=_types(model), orient="row")


def _types(model: type[Contract]) -> dict[str, Any]:
    return {name: found.dtype.type for name, found in model.to_schema().columns.items()}
