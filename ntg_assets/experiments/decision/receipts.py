"""The receipt of a decision: everything it rests on,
so that anyone can derive it again and must get the same.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.evidence_json import evidence_to_json
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.decision.decisions import RULE_VERSION, Decision, decide
from ntg_assets.experiments.decision.receipt_inputs import ReplayMismatchError, inputs_of
from ntg_assets.experiments.decision.sensitivity import sensitivity, thresholds
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.experiments.readout.readouts import read_out

PARTS = ("health", "readouts", "decision", "in_force", "sensitivity", "thresholds")
NEEDED = ("rule_version", "inputs", "inputs_sha256", *PARTS)
# of rules whose receipts know less (2: no direction and nothing of logs; 3: no shapes of skewed
# values, other ends of quantiles; 4: other errors of aggregates in unequal arms, fewer checks) only
# the outcome can be derived again
BEFORE = ("2", "3", "4")
TABLES = {
    "traffic": "arm_traffic",
    "sums": "metric_sums",
    "quantiles": "metric_quantiles",
    "shapes": "metric_shapes",
    "by_day": "traffic_by_day",
    "contrasts": "metric_contrasts",
    "contrasts_to_date": "metric_contrasts",
    "levels": "self_tests",
    "tails": "self_tests",
    "trends": "daily_sums",
    "cohorts": "daily_sums",
    "log_contents": "log_contents",
}
OUTCOME = ("decision", "arm", "reason")


def evaluate(
    experiment: ExperimentSettings, evidence: Evidence
) -> tuple[list[HealthCheck], list[Readout], Decision]:
    """Go from evidence to decision: health first, then readouts, then the gates."""
    checks = examine(experiment, evidence)
    readouts = read_out(experiment, evidence, checks)
    decision = decide(experiment, readouts, checks=checks, evidence=evidence)
    return checks, readouts, decision


def make_receipt(experiment: ExperimentSettings, evidence: Evidence) -> dict[str, Any]:
    """Write down a decision with all that it rests on.

    Returns:
        JSON-able: `inputs` (definition and evidence, with the SHA-256 of every log file as it was
        read), `inputs_sha256`, `definition_sha256`, `rule_version`, `health`, `readouts`,
        `decision` with every gate's value, `sensitivity` (what would have been decided under other
        assumptions) and `thresholds` (where single numbers flip).
    """
    inputs = {
        "experiment": experiment.model_dump(mode="json"),
        "evidence": evidence_to_json(evidence),
    }
    checks, readouts, decision = evaluate(experiment, evidence)
    return {
        "rule_version": RULE_VERSION,
        "inputs": inputs,
        "definition_sha256": sha256_of(inputs["experiment"]),
        "inputs_sha256": sha256_of(inputs),
        "health": [asdict(check) for check in checks],
        "readouts": [asdict(readout) for readout in readouts],
        "decision": _plain(asdict(decision)),
        "in_force": (experiment.override or decision).decision,
        "sensitivity": sensitivity(experiment, evidence, checks=checks, readouts=readouts),
        "thresholds": thresholds(experiment, readouts, decision=decision, evidence=evidence),
    }


def replay(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Derive a decision again from its receipt: every number,
    or the outcome alone where the rule before made it.

    Raises:
        ReplayMismatchError: the receipt is damaged, its inputs were changed, the rule has another
            version, or any number comes out differently.
    """
    _raise_if_unreadable(receipt)
    again = make_receipt(*inputs_of(receipt))
    if receipt["rule_version"] in BEFORE:
        return _same_outcome(again, receipt)
    for part in ("definition_sha256", *PARTS):
        if _canonical(again[part]) != _canonical(receipt.get(part)):
            raise ReplayMismatchError(
                f"{part} of the receipt cannot be derived again from its inputs."
            )
    return again


def _same_outcome(again: dict[str, Any], receipt: Mapping[str, Any]) -> dict[str, Any]:
    now, then = (
        [content["in_force"], *(content["decision"].get(name) for name in OUTCOME)]
        for content in (again, receipt)
    )
    if now != then:
        said = (
            f"the receipt follows rule version {receipt['rule_version']} and says {then[0]}"
            f" ({then[-1]})"
        )
        comes_to = (
            f"version {RULE_VERSION} comes to {now[0]} ({now[-1]}) from the same"
            f" evidence{_other_health(again, receipt)}"
        )
        raise ReplayMismatchError(f"{said}; {comes_to}. Decide anew with `ntg run-all`.")
    return again


def _raise_if_unreadable(receipt: Mapping[str, Any]) -> None:
    """Refuse a receipt of another rule, a damaged one, and one whose inputs were changed."""
    if receipt.get("rule_version", RULE_VERSION) not in {RULE_VERSION, *BEFORE}:
        raise ReplayMismatchError(
            f"the receipt follows rule version {receipt['rule_version']}, this code version"
            f" {RULE_VERSION}. Replay it with the code of its version, or decide anew with `ntg"
            " run-all`."
        )
    if missing := [name for name in NEEDED if name not in receipt]:
        raise ReplayMismatchError(
            f"the receipt is damaged: it has no {missing[0]!r}. Take it again from"
            " outputs/experiments/decisions.parquet."
        )
    if sha256_of(receipt["inputs"]) != receipt["inputs_sha256"]:
        raise ReplayMismatchError(
            "the inputs of the receipt are not those whose SHA-256 it names: it was changed after"
            " it was made."
        )


def _other_health(again: Mapping[str, Any], receipt: Mapping[str, Any]) -> str:
    """Name the health checks that stop a claim by one version of the rule and not by the other."""
    then, now = (
        {check["check"]: check["verdict"] for check in content["health"]}
        for content in (receipt, again)
    )
    verdicts = {
        name: (then.get(name, "not asked"), now.get(name, "not asked")) for name in {**then, **now}
    }
    changes = [
        f"{name} was {before} and is {after}"
        for name, (before, after) in verdicts.items()
        if before != after and {"sick", "thin"} & {before, after}
    ]
    return f", because health is examined anew ({', '.join(changes)})" if changes else ""


def hold_against(receipt: Mapping[str, Any], tables: EvidenceTables) -> None:
    """Check that the receipt rests on the stored tables,
    so that not even a receipt forged in all its parts passes.

    Raises:
        ReplayMismatchError: the tables hold other numbers.
    """
    experiment, evidence = inputs_of(receipt)
    stored, read_again = evidence_to_json(tables.of(experiment)), evidence_to_json(evidence)
    for name, table in TABLES.items():
        if _canonical(stored[name]) != _canonical(read_again[name]):
            raise ReplayMismatchError(
                f"the receipt of {experiment.id} rests on other numbers than the published"
                f" experiments.{table}."
            )
    if _read_files(stored) != _read_files(read_again):
        raise ReplayMismatchError(
            f"the receipt of {experiment.id} names other log files, or other SHA-256 of them, than"
            " the published experiments.experiment_sources."
        )


def _read_files(evidence: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((file["log"], file["file_name"], file["sha256"]) for file in evidence["files"])


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """Write a receipt as JSON with sorted keys: the same receipt is the same text."""
    return _canonical(receipt)


def _plain(tree: object) -> object:
    return json.loads(json.dumps(tree))


def _canonical(tree: object) -> str:
    return json.dumps(tree, sort_keys=True, allow_nan=False)


def sha256_of(tree: object) -> str:
    """Return the SHA-256 of a receipt or of a part of one, whatever the order of its keys."""
    return hashlib.sha256(_canonical(tree).encode()).hexdigest()
