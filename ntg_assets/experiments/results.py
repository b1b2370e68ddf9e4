"""Results of experiments as tables, each by its contract: health, readouts, plans, effects, decisions, from sums or units that SQL made."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.errors import ConfigurationError, ContractError, NotEnoughDataError
from ntg_assets.experiments.decision_contracts import DecisionGates, Decisions, HealthChecks
from ntg_assets.experiments.effect_by_day import effects_by_day
from ntg_assets.experiments.evidence import Evidence, EvidenceTables
from ntg_assets.experiments.health import examine
from ntg_assets.experiments.money import money_unit, why_not_money
from ntg_assets.experiments.plans import baseline_of, plan_by_week
from ntg_assets.experiments.readout_contracts import EffectByDay, ExperimentPlans, Readouts, SegmentEffects, SelfTests
from ntg_assets.experiments.readouts import read_out
from ntg_assets.experiments.receipts import make_receipt, receipt_text, sha256_of
from ntg_assets.experiments.segments import segment_effects
from ntg_assets.experiments.self_tests import run_self_tests
from ntg_assets.experiments.settings import ExperimentSettings


def self_tests(definitions: Sequence[ExperimentSettings], self_test_units: pl.DataFrame, *, seed: int, most: int = 20) -> pl.DataFrame:
    """Put the statistics to the test on the data of the largest experiments; one row per (experiment, metric, test)."""
    sizes = dict(self_test_units.group_by("experiment").len().iter_rows())
    largest = set(sorted((one.id for one in definitions), key=lambda name: (-sizes.get(name, 0), name))[:most])
    rows = [asdict(result) for one in definitions if one.id in largest for result in run_self_tests(one, self_test_units, seed=seed)]
    return _frame(rows, SelfTests)


def health_checks(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Examine every experiment; one row per (experiment, check)."""
    rows = [
        {"experiment": one.id, "source": one.evidence, "position": position, **asdict(check)}
        for one in definitions
        for position, check in enumerate(examine(one, evidence.of(one)))
    ]
    return _frame(rows, HealthChecks)


def readouts(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Read out every experiment; one row per (experiment, comparison, metric, treatment arm)."""
    rows = [asdict(readout) for one in definitions for readout in read_out(one, evidence.of(one), examine(one, evidence.of(one)))]
    return _frame(rows, Readouts)


def experiment_plans(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Say what each experiment can show by when; one row per (experiment, days), none where the control tells nothing."""
    rows: list[dict[str, Any]] = []
    for one in definitions:
        try:
            baseline = baseline_of(one, evidence.of(one))
        except (NotEnoughDataError, ConfigurationError):
            continue  # nothing is known of the control yet; `health_checks` says so
        rows += [asdict(week) for week in plan_by_week(one, baseline=baseline)]
    return _frame(rows, ExperimentPlans)


def effect_by_day(definitions: Sequence[ExperimentSettings], daily_sums: pl.DataFrame) -> pl.DataFrame:
    """Compare the arms on each day since the exposure; one row per (experiment, treatment arm, day)."""
    parts = {str(name): part for (name,), part in daily_sums.partition_by("experiment", as_dict=True).items()}
    rows = [asdict(day) for one in definitions if one.id in parts for day in effects_by_day(one, parts[one.id])]
    return _frame(rows, EffectByDay)


def all_segment_effects(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables) -> pl.DataFrame:
    """Compare the arms within each segment; one row per (experiment, metric, arm, segment)."""
    rows = [asdict(effect) for one in definitions for effect in segment_effects(one, evidence.of(one), examine(one, evidence.of(one)))]
    return _frame(rows, SegmentEffects)


def decisions(definitions: Sequence[ExperimentSettings], evidence: EvidenceTables, *, readouts: pl.DataFrame) -> pl.DataFrame:
    """Decide every experiment on a stored readout; one row per experiment.

    Raises:
        ContractError: a decision would rest on a readout that is not in `readouts`.
    """
    rows = [_decision_row(one, evidence.of(one), readouts) for one in definitions]
    return _frame(rows, Decisions)


def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Spread the gates out of the receipts; one row per (experiment, arm, gate)."""
    rows = [
        {"experiment": experiment, "position": position, **gate}
        for experiment, receipt in decisions.select("experiment", "receipt").iter_rows()
        for position, gate in enumerate(json.loads(receipt)["decision"]["gates"])
    ]
    return _frame(rows, DecisionGates)


def _decision_row(experiment: ExperimentSettings, evidence: Evidence, readouts: pl.DataFrame) -> dict[str, Any]:
    receipt = make_receipt(experiment, evidence)
    decided = receipt["decision"]
    stored = readouts.filter(pl.col("readout_key") == decided["readout_key"])
    if stored.is_empty():
        raise ContractError(
            f"decisions: {experiment.id} would rest on readout {decided['readout_key']}, which is not among the "
            f"{readouts.height} stored ones. Materialize `readouts` again before `decisions`."
        )
    return {
        **{name: decided[name] for name in ("experiment", "arm", "reason", "sentence", "readout_key")},
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


def _frame(rows: Sequence[dict[str, Any]], model: type[Contract]) -> pl.DataFrame:
    """Make a frame with the columns and types of a contract, also from no rows."""
    columns = model.to_schema().columns
    return pl.DataFrame(rows, schema={name: found.dtype.type for name, found in columns.items()}, orient="row")
