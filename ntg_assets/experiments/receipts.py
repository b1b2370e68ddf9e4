"""The receipt of a decision: everything it rests on, so that anyone can derive it again and must get the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ntg_assets.errors import NtgError
from ntg_assets.experiments.decisions import RULE_VERSION, Decision, decide
from ntg_assets.experiments.evidence import Evidence, EvidenceTables
from ntg_assets.experiments.evidence_json import evidence_from_json, evidence_to_json
from ntg_assets.experiments.health import examine
from ntg_assets.experiments.health_check import HealthCheck
from ntg_assets.experiments.readout import Readout
from ntg_assets.experiments.readouts import read_out
from ntg_assets.experiments.sensitivity import sensitivity, thresholds
from ntg_assets.experiments.settings import ExperimentSettings

PARTS = ("health", "readouts", "decision", "in_force", "sensitivity", "thresholds")
TABLE_OF = {
    "traffic": "arm_traffic",
    "sums": "metric_sums",
    "quantiles": "metric_quantiles",
    "trends": "daily_sums",
    "cohorts": "daily_sums",
    "log_contents": "log_contents",
}
NEEDED = ("rule_version", "inputs", "inputs_sha256", *PARTS)


class ReplayMismatchError(NtgError):
    """A receipt does not lead to the decision that it records."""


def evaluate(experiment: ExperimentSettings, evidence: Evidence) -> tuple[list[HealthCheck], list[Readout], Decision]:
    """Go from evidence to decision: health first, then readouts, then the gates."""
    checks = examine(experiment, evidence)
    readouts = read_out(experiment, evidence, checks)
    return checks, readouts, decide(experiment, readouts, checks=checks, evidence=evidence)


def make_receipt(experiment: ExperimentSettings, evidence: Evidence) -> dict[str, Any]:
    """Write down a decision with all that it rests on.

    Returns:
        JSON-able: `inputs` (definition and evidence), `inputs_sha256`, `rule_version`, `health`, `readouts`, `decision` with every
        gate's value, `sensitivity` (what would have been decided under other assumptions) and `thresholds` (where single numbers flip).
    """
    inputs = {"experiment": experiment.model_dump(mode="json"), "evidence": evidence_to_json(evidence)}
    checks, readouts, decision = evaluate(experiment, evidence)
    return {
        "rule_version": RULE_VERSION,
        "inputs": inputs,
        "inputs_sha256": _sha256(inputs),
        "health": [asdict(check) for check in checks],
        "readouts": [asdict(readout) for readout in readouts],
        "decision": _plain(asdict(decision)),
        "in_force": experiment.override.decision if experiment.override else decision.decision,
        "sensitivity": sensitivity(experiment, evidence, checks=checks, readouts=readouts),
        "thresholds": thresholds(experiment, readouts, decision=decision, evidence=evidence),
    }


def replay(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Derive a decision again from its receipt.

    Raises:
        ReplayMismatchError: the receipt is damaged, its inputs were changed, the rule has another version, or any number comes out
            differently.
    """
    if receipt.get("rule_version", RULE_VERSION) != RULE_VERSION:
        raise ReplayMismatchError(
            f"the receipt follows rule version {receipt['rule_version']}, this code version {RULE_VERSION}. "
            "Replay it with the code of its version, or decide anew with `ntg run-all`."
        )
    if missing := [name for name in NEEDED if name not in receipt]:
        raise ReplayMismatchError(
            f"the receipt is damaged: it has no {missing[0]!r}. Take it again from outputs/experiments/decisions.parquet."
        )
    if _sha256(receipt["inputs"]) != receipt["inputs_sha256"]:
        raise ReplayMismatchError("the inputs of the receipt are not those whose SHA-256 it names: it was changed after it was made.")
    again = make_receipt(*inputs_of(receipt))
    for part in PARTS:
        if _canonical(again[part]) != _canonical(receipt[part]):
            raise ReplayMismatchError(f"{part} of the receipt cannot be derived again from its inputs.")
    return again


def inputs_of(receipt: Mapping[str, Any]) -> tuple[ExperimentSettings, Evidence]:
    """Read the definition and the evidence out of a receipt.

    Raises:
        ReplayMismatchError: they cannot be read.
    """
    try:
        inputs = receipt["inputs"]
        return ExperimentSettings.model_validate(inputs["experiment"]), evidence_from_json(inputs["evidence"])
    except (KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ReplayMismatchError(f"the receipt is damaged: its inputs cannot be read ({type(error).__name__}: {reason}).") from None


def hold_against(receipt: Mapping[str, Any], tables: EvidenceTables) -> None:
    """Check that the receipt rests on the stored tables, so that not even a receipt forged in all its parts passes.

    Raises:
        ReplayMismatchError: the tables hold other numbers.
    """
    experiment, _ = inputs_of(receipt)
    stored, given = evidence_to_json(tables.of(experiment)), receipt["inputs"]["evidence"]
    for name, content in stored.items():
        if name != "prior" and _canonical(content) != _canonical(given.get(name)):
            table = TABLE_OF[name]
            raise ReplayMismatchError(f"the receipt of {experiment.id} rests on other numbers than the published experiments.{table}.")


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """Write a receipt as JSON with sorted keys: the same receipt is the same text."""
    return _canonical(receipt)


def _plain(tree: object) -> object:
    return json.loads(json.dumps(tree))


def _canonical(tree: object) -> str:
    return json.dumps(tree, sort_keys=True, allow_nan=False)


def _sha256(tree: object) -> str:
    return hashlib.sha256(_canonical(tree).encode()).hexdigest()
