"""The tables of the experiments as pure functions: queries over the store, and frames from the statistics."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.errors import ConfigurationError, ContractError, NotEnoughDataError
from ntg_assets.experiments.decision_contracts import DecisionGates, Decisions, HealthChecks
from ntg_assets.experiments.designs import arms_frame, event_types_frame, experiments_frame, looks_frame, metrics_frame
from ntg_assets.experiments.evidence import Evidence, EvidenceTables
from ntg_assets.experiments.health import examine
from ntg_assets.experiments.logs import EXPOSURE_TYPES, KEPT_TYPES, OUTCOME_TYPES
from ntg_assets.experiments.moments import LARGEST_VALUE
from ntg_assets.experiments.novelty import effects_by_day
from ntg_assets.experiments.plans import baseline_of, plan_by_week
from ntg_assets.experiments.quantiles import ENCLOSING_Z
from ntg_assets.experiments.readout_contracts import EffectByDay, ExperimentPlans, Readouts, SegmentEffects, SelfTests
from ntg_assets.experiments.readouts import read_out
from ntg_assets.experiments.receipts import make_receipt, receipt_text
from ntg_assets.experiments.segments import segment_effects
from ntg_assets.experiments.self_tests import MOST_UNITS, run_self_tests
from ntg_assets.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.sql import Query, Source, query

LOG_TRAFFIC_TYPES = {"experiment": pl.String, "arm": pl.String, "n_known": pl.Int64, "n_just_before": pl.Int64, "n_in_time": pl.Int64}


def assignments(
    strategy_lists: Source,
    *,
    programme: ExperimentsSettings,
    exposure_log: pl.DataFrame | None = None,
    kept: pl.DataFrame | None = None,
) -> Query:
    """Assign every eligible unit.

    Args:
        strategy_lists: Lists per strategy and user; who has one of every arm is eligible for a replay.
        programme: All experiments.
        exposure_log: Units of the experiments on logs (see `logs.read_exposure_logs`).
        kept: Earlier assignments that stay as they are (see `logs.read_kept_assignments`).
    """
    log = pl.DataFrame(schema=EXPOSURE_TYPES) if exposure_log is None else exposure_log
    last_seen = {experiment: at.date() for experiment, at in log.group_by("experiment").agg(pl.col("last_exposed_at").max()).iter_rows()}
    tables = {
        "strategy_lists": strategy_lists,
        "experiments": experiments_frame(programme, ramp_on=last_seen),
        "arms": arms_frame(programme.definitions),
        "exposure_log": log,
        "kept": pl.DataFrame(schema=KEPT_TYPES) if kept is None else kept,
    }
    return query("experiments", "assignments", tables)


def exposures(
    assignments: Source, *, test_events: Source, programme: ExperimentsSettings, exposure_log: pl.DataFrame | None = None
) -> Query:
    """Bring together who could have seen a list in a replay and who saw an arm in a log."""
    replayed = query(
        "experiments",
        "replay_exposures",
        {"assignments": assignments, "test_events": test_events, "experiments": experiments_frame(programme)},
    )
    log = pl.DataFrame(schema=EXPOSURE_TYPES) if exposure_log is None else exposure_log
    return query("experiments", "exposures", {"replay_exposures": replayed, "exposure_log": log})


def replay_unit_metrics(
    exposures: Source,
    *,
    strategy_lists: Source,
    revenue_risk_radar: Source,
    val_events: Source,
    test_events: Source,
    definitions: Sequence[ExperimentSettings],
) -> Query:
    """Hold what each exposed user took up against the list of every arm."""
    tables = {
        "risk_segments": query("experiments", "risk_segments", {"revenue_risk_radar": revenue_risk_radar}),
        "exposures": exposures,
        "strategy_lists": strategy_lists,
        "val_events": val_events,
        "test_events": test_events,
        "arms": arms_frame(definitions),
        "metrics": metrics_frame(definitions),
    }
    return query("experiments", "replay_unit_metrics", tables)


def log_unit_metrics(
    exposure_log: pl.DataFrame, *, events: Source, definitions: Sequence[ExperimentSettings], outcome_log: pl.DataFrame | None = None
) -> Query:
    """Count what each logged unit did after its exposure and before."""
    tables = _log_tables(exposure_log, events=events, definitions=definitions, outcome_log=outcome_log)
    return query("experiments", "log_unit_metrics", tables, largest=LARGEST_VALUE)


def log_traffic(exposure_log: pl.DataFrame, *, events: Source, outcome_log: pl.DataFrame | None = None) -> Query:
    """Count which exposed units the logs know, which came in time, and which did something just before."""
    return query("experiments", "log_traffic", {"exposure_log": exposure_log, "events": events, "outcome_log": _outcomes(outcome_log)})


def daily_sums(
    exposure_log: pl.DataFrame, *, events: Source, definitions: Sequence[ExperimentSettings], outcome_log: pl.DataFrame | None = None
) -> Query:
    """Add up the primary metric by days since the exposure."""
    tables = _log_tables(exposure_log, events=events, definitions=definitions, outcome_log=outcome_log)
    return query("experiments", "daily_sums", tables, largest=LARGEST_VALUE)


def _log_tables(
    exposure_log: pl.DataFrame, *, events: Source, definitions: Sequence[ExperimentSettings], outcome_log: pl.DataFrame | None
) -> dict[str, Source]:
    """Name what the queries over logs read; the readable units are chosen by one query for all of them."""
    logs: dict[str, Source] = {"events": events, "outcome_log": _outcomes(outcome_log)}
    ripe = query("experiments", "ripe_units", {"exposure_log": exposure_log, "looks": looks_frame(definitions), **logs})
    return {"ripe_units": ripe, "metrics": metrics_frame(definitions), "metric_event_types": event_types_frame(definitions), **logs}


def _outcomes(outcome_log: pl.DataFrame | None) -> pl.DataFrame:
    return pl.DataFrame(schema=OUTCOME_TYPES) if outcome_log is None else outcome_log


def unit_metrics(replayed: Query, *, logged: Query) -> Query:
    """Bring the metrics of replays and logs together."""
    return query("experiments", "unit_metrics", {"replay_unit_metrics": replayed, "log_unit_metrics": logged})


def arm_traffic(
    assignments: Source, *, exposures: Source, definitions: Sequence[ExperimentSettings], log_traffic: Source | None = None
) -> Query:
    """Count the units of each arm, and what the logs say about them."""
    tables = {
        "assignments": assignments,
        "exposures": exposures,
        "arms": arms_frame(definitions),
        "log_traffic": pl.DataFrame(schema=LOG_TRAFFIC_TYPES) if log_traffic is None else log_traffic,
    }
    return query("experiments", "arm_traffic", tables)


def metric_sums(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Add up every metric of every arm, exactly; winsorised metrics after their values are cut."""
    metrics = metrics_frame(definitions)
    is_cut = any(metric.winsorise_at for one in definitions for metric in one.measured)
    units = _winsorised(unit_metrics, metrics=metrics) if is_cut else unit_metrics
    unit_sums = query("experiments", "unit_sums", {"unit_metrics": units})
    pair_sums = query("experiments", "pair_sums", {"unit_metrics": units, "arms": arms_frame(definitions), "metrics": metrics})
    return query("experiments", "metric_sums", {"unit_sums": unit_sums, "pair_sums": pair_sums, "metrics": metrics})


def _winsorised(unit_metrics: Source, *, metrics: pl.DataFrame) -> Query:
    caps = query("experiments", "metric_caps", {"unit_metrics": unit_metrics, "metrics": metrics}, largest=LARGEST_VALUE)
    return query("experiments", "winsorised_units", {"unit_metrics": unit_metrics, "metric_caps": caps}, largest=LARGEST_VALUE)


def metric_quantiles(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Find the order statistics of every quantile metric."""
    tables = {"unit_metrics": unit_metrics, "metrics": metrics_frame(definitions)}
    return query("experiments", "metric_quantiles", tables, largest=LARGEST_VALUE, z=ENCLOSING_Z)


def self_test_units(unit_metrics: Source, *, assignments: Source, definitions: Sequence[ExperimentSettings]) -> Query:
    """Choose the units on which the statistics are tested."""
    tables = {"unit_metrics": unit_metrics, "assignments": assignments, "arms": arms_frame(definitions)}
    return query("experiments", "self_test_units", tables, largest=LARGEST_VALUE, most_units=MOST_UNITS)


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
    rows = [asdict(effect) for one in definitions for effect in segment_effects(one, evidence.of(one))]
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
        "owner": experiment.owner,
        "rule_version": receipt["rule_version"],
        "is_readout_valid": stored["is_valid"].item(),
        "inputs_sha256": receipt["inputs_sha256"],
        "receipt": receipt_text(receipt),
    }


def _frame(rows: Sequence[dict[str, Any]], model: type[Contract]) -> pl.DataFrame:
    """Make a frame with the columns and types of a contract, also from no rows."""
    columns = model.to_schema().columns
    return pl.DataFrame(rows, schema={name: found.dtype.type for name, found in columns.items()}, orient="row")
