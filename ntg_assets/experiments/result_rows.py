"""The rows of each table of results, of one experiment at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.contracts import Contract
from ntg_assets.errors import ConfigurationError, ContractError, NotEnoughDataError
from ntg_assets.experiments.contracts.decision import Decisions, HealthChecks
from ntg_assets.experiments.contracts.effects import EffectByCohort, EffectByDay, SegmentEffects
from ntg_assets.experiments.contracts.readout import ExperimentPlans, Readouts, SelfTests
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.isolation import MakeRows
from ntg_assets.experiments.decision.money import money_unit, why_not_money
from ntg_assets.experiments.decision.receipts import make_receipt, receipt_text, sha256_of
from ntg_assets.experiments.health.aa_tests import run_self_tests
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.health.self_test import SelfTest
from ntg_assets.experiments.readout.baselines import baseline_of
from ntg_assets.experiments.readout.effect_by_cohort import effects_by_cohort
from ntg_assets.experiments.readout.effect_by_day import effects_by_day
from ntg_assets.experiments.readout.plans import PlanWeek, plan_by_week
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.experiments.readout.readouts import read_out
from ntg_assets.experiments.readout.segments import segment_effects
from ntg_assets.statistics.designs.units import Units

Rows = Sequence[dict[str, Any]]
# columns of `decisions` that stand under the same name in the decision, or in its receipt
OF_DECISION = ("experiment", "arm", "reason", "sentence", "readout_key")
OF_RECEIPT = ("rule_version", "definition_sha256", "inputs_sha256")


def self_tests_of(
    definitions: Sequence[ExperimentSettings],
    units: pl.DataFrame,
    *,
    seed: int,
    most: int,
    designed: Mapping[str, Mapping[str, Units]] | None = None,
) -> MakeRows:
    """Make the rows of `self_tests`, of the largest experiments.

    Args:
        definitions: The experiments.
        units: `self_test_units`.
        seed: Of the project; each metric draws its own stream.
        most: Experiments that are tested: those with the most units.
        designed: By experiment and metric, the units of what is compared by clusters,
            strata or covariates.
    """
    largest = _largest(definitions, units, most)

    def tests(experiment: ExperimentSettings) -> Sequence[SelfTest]:
        if experiment.id not in largest:
            return []
        own = (designed or {}).get(experiment.id)
        return run_self_tests(experiment, units, seed=seed, designed=own)

    return _maker_of_results(SelfTests, tests)


def _largest(
    definitions: Sequence[ExperimentSettings], units: pl.DataFrame, most: int
) -> frozenset[str]:
    """Name the experiments with the most units; among equals, by name."""
    sizes = dict(units.group_by("experiment").len().iter_rows())
    names = [experiment.id for experiment in definitions]
    return frozenset(sorted(names, key=lambda name: (-sizes.get(name, 0), name))[:most])


def health_of(evidence: EvidenceTables) -> MakeRows:
    """Make the rows of `health_checks`."""

    def checks(experiment: ExperimentSettings) -> Rows:
        keys = {"experiment": experiment.id, "source": experiment.evidence}
        examined = examine(experiment, evidence.of(experiment))
        return [
            {**keys, "position": position, **asdict(check)}
            for position, check in enumerate(examined)
        ]

    return maker(HealthChecks, checks)


def readouts_of(evidence: EvidenceTables) -> MakeRows:
    """Make the rows of `readouts`."""

    def readouts(experiment: ExperimentSettings) -> Sequence[Readout]:
        own = evidence.of(experiment)
        return read_out(experiment, own, examine(experiment, own))

    return _maker_of_results(Readouts, readouts)


def plans_of(evidence: EvidenceTables) -> MakeRows:
    """Make the rows of `experiment_plans`; none where the control tells nothing."""

    def plans(experiment: ExperimentSettings) -> Sequence[PlanWeek]:
        try:
            baseline = baseline_of(experiment, evidence.of(experiment))
        except (NotEnoughDataError, ConfigurationError):
            return []  # nothing is known of the control yet; `health_checks` says so
        return plan_by_week(experiment, baseline=baseline)

    return _maker_of_results(ExperimentPlans, plans)


def daily_effects_of(daily_sums: pl.DataFrame | None) -> MakeRows:
    """Make the rows of `effect_by_day`."""
    return _maker_of_days(EffectByDay, effects_by_day, daily_sums)


def cohort_effects_of(daily_sums: pl.DataFrame | None) -> MakeRows:
    """Make the rows of `effect_by_cohort`."""
    return _maker_of_days(EffectByCohort, effects_by_cohort, daily_sums)


def _maker_of_days(
    model: type[Contract],
    effects_of: Callable[[ExperimentSettings, pl.DataFrame], Iterable[Any]],
    daily_sums: pl.DataFrame | None,
) -> MakeRows:
    """Make rows of an experiment's days; none where it has none."""
    parts = {} if daily_sums is None else daily_sums.partition_by("experiment", as_dict=True)

    def effects(experiment: ExperimentSettings) -> Iterable[Any]:
        own = parts.get((experiment.id,))
        return [] if own is None else effects_of(experiment, own)

    return _maker_of_results(model, effects)


def segment_effects_of(evidence: EvidenceTables) -> MakeRows:
    """Make the rows of `segment_effects`."""
    return _maker_of_results(
        SegmentEffects, lambda experiment: segment_effects(experiment, evidence.of(experiment))
    )


def decision_of(evidence: EvidenceTables, readouts: pl.DataFrame) -> MakeRows:
    """Make the row of `decisions`."""
    return maker(
        Decisions, lambda experiment: [_decision_row(experiment, evidence.of(experiment), readouts)]
    )


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
        **{name: decided[name] for name in OF_DECISION},
        "decision": receipt["in_force"],
        "rule_decision": decided["decision"],
        **_definition_columns(experiment),
        "money_unit": money_unit(experiment, evidence.value),
        "not_money": why_not_money(experiment, evidence.value),
        "is_readout_valid": stored["is_valid"].item(),
        **{name: receipt[name] for name in OF_RECEIPT},
        "receipt_sha256": sha256_of(receipt),
        "receipt": receipt_text(receipt),
    }


def _definition_columns(experiment: ExperimentSettings) -> dict[str, Any]:
    """Name what a decision says of its experiment, whatever the data are."""
    return {
        "override_owner": experiment.override.owner if experiment.override else None,
        "override_reason": experiment.override.reason if experiment.override else None,
        "source": experiment.evidence,
        "unit": experiment.unit,
        "tests": experiment.tests,
        "horizon_days": experiment.window_days or None,
        "owner": experiment.owner,
    }


def _maker_of_results(
    model: type[Contract], results_of: Callable[[ExperimentSettings], Iterable[Any]]
) -> MakeRows:
    """Make rows of results whose fields are the columns of a contract."""
    return maker(model, lambda experiment: [asdict(result) for result in results_of(experiment)])


def maker(model: type[Contract], rows_of: Callable[[ExperimentSettings], Rows]) -> MakeRows:
    """Make the rows of one experiment a frame at once: a number that fits no column is then its
    problem alone.
    """
    schema = _types(model)
    return lambda experiment: pl.DataFrame(rows_of(experiment), schema=schema, orient="row")


def frame_of(rows: Rows, model: type[Contract]) -> pl.DataFrame:
    """Make a frame with the columns and types of a contract, also from no rows."""
    return pl.DataFrame(rows, schema=_types(model), orient="row")


def _types(model: type[Contract]) -> dict[str, Any]:
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}
