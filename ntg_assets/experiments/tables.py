"""The tables of the experiments as pure functions: queries over the store, and frames from the statistics."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.errors import ContractError
from ntg_assets.experiments.contracts import DecisionGates, Decisions, HealthChecks, Readouts
from ntg_assets.experiments.designs import arms_frame, experiments_frame, metrics_frame
from ntg_assets.experiments.evidence import Evidence, evidence_of
from ntg_assets.experiments.health import examine
from ntg_assets.experiments.moments import LARGEST_VALUE
from ntg_assets.experiments.readouts import read_out
from ntg_assets.experiments.receipts import make_receipt, receipt_text
from ntg_assets.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.sql import Query, Source, query


def assignments(strategy_lists: Source, *, programme: ExperimentsSettings) -> Query:
    """Assign every user who has a list under the strategy of each arm."""
    tables = {
        "strategy_lists": strategy_lists,
        "experiments": experiments_frame(programme),
        "arms": arms_frame(programme.definitions),
    }
    return query("experiments", "assignments", tables)


def replay_exposures(assignments: Source, *, test_events: Source) -> Query:
    """Expose every assigned user who came back in TEST."""
    return query("experiments", "replay_exposures", {"assignments": assignments, "test_events": test_events})


def replay_unit_metrics(
    exposures: Source, *, strategy_lists: Source, val_events: Source, test_events: Source, definitions: Sequence[ExperimentSettings]
) -> Query:
    """Hold what each exposed user took up against the list of every arm."""
    tables = {
        "exposures": exposures,
        "strategy_lists": strategy_lists,
        "val_events": val_events,
        "test_events": test_events,
        "arms": arms_frame(definitions),
        "metrics": metrics_frame(definitions),
    }
    return query("experiments", "replay_unit_metrics", tables)


def arm_traffic(assignments: Source, *, exposures: Source, definitions: Sequence[ExperimentSettings]) -> Query:
    """Count the units of each arm."""
    return query("experiments", "arm_traffic", {"assignments": assignments, "exposures": exposures, "arms": arms_frame(definitions)})


def metric_sums(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Add up every metric of every arm, exactly."""
    tables = {"unit_metrics": unit_metrics, "arms": arms_frame(definitions), "metrics": metrics_frame(definitions)}
    return query("experiments", "metric_sums", tables, largest=LARGEST_VALUE)


def health_checks(definitions: Sequence[ExperimentSettings], *, arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame) -> pl.DataFrame:
    """Examine every experiment; one row per (experiment, check)."""
    rows = [
        {"experiment": one.id, "source": one.evidence, "position": position, **asdict(check)}
        for one, evidence in _with_evidence(definitions, arm_traffic, metric_sums)
        for position, check in enumerate(examine(one, evidence))
    ]
    return _frame(rows, HealthChecks)


def readouts(definitions: Sequence[ExperimentSettings], *, arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame) -> pl.DataFrame:
    """Read out every experiment; one row per (experiment, comparison, metric, treatment arm)."""
    rows = [
        asdict(readout)
        for one, evidence in _with_evidence(definitions, arm_traffic, metric_sums)
        for readout in read_out(one, evidence, examine(one, evidence))
    ]
    return _frame(rows, Readouts)


def decisions(
    definitions: Sequence[ExperimentSettings], *, arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame, readouts: pl.DataFrame
) -> pl.DataFrame:
    """Decide every experiment on a stored readout; one row per experiment.

    Raises:
        ContractError: a decision would rest on a readout that is not in `readouts`.
    """
    rows = [_decision_row(one, evidence, readouts) for one, evidence in _with_evidence(definitions, arm_traffic, metric_sums)]
    return _frame(rows, Decisions)


def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Spread the gates out of the receipts; one row per (experiment, arm, gate)."""
    rows = [
        {"experiment": experiment, "position": position, **gate}
        for experiment, receipt in decisions.select("experiment", "receipt").iter_rows()
        for position, gate in enumerate(json.loads(receipt)["decision"]["gates"])
    ]
    return _frame(rows, DecisionGates)


def _with_evidence(
    definitions: Sequence[ExperimentSettings], arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame
) -> Iterator[tuple[ExperimentSettings, Evidence]]:
    for experiment in definitions:
        yield experiment, evidence_of(experiment, arm_traffic=arm_traffic, metric_sums=metric_sums)


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
        **{name: decided[name] for name in ("experiment", "decision", "arm", "reason", "sentence", "readout_key")},
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
