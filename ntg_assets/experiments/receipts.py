"""The receipt of a decision: everything it rests on, so that anyone can derive it again and must get the same."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ntg_assets.errors import NtgError
from ntg_assets.experiments.decisions import RULE_VERSION, Decision, decide
from ntg_assets.experiments.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.health import examine
from ntg_assets.experiments.health_check import HealthCheck
from ntg_assets.experiments.moments import PAIRS, VARIABLES, Sums
from ntg_assets.experiments.novelty import day_sums
from ntg_assets.experiments.profit import Belief
from ntg_assets.experiments.quantiles import OrderStatistics
from ntg_assets.experiments.readouts import Readout, read_out
from ntg_assets.experiments.settings import ExperimentSettings

REREAD = frozenset({"significance", "minimum_units_per_arm", "comparison"})  # the other assumptions only change how readouts are judged


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
        gate's value, and `sensitivity` (what would have been decided under other assumptions).
    """
    inputs = {"experiment": experiment.model_dump(mode="json"), "evidence": _evidence_to_json(evidence)}
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
    }


def replay(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Derive a decision again from its receipt.

    Raises:
        ReplayMismatchError: the inputs were changed, the rule has another version, or any number comes out differently.
    """
    if receipt["rule_version"] != RULE_VERSION:
        raise ReplayMismatchError(f"the receipt follows rule version {receipt['rule_version']}, this code version {RULE_VERSION}.")
    if _sha256(receipt["inputs"]) != receipt["inputs_sha256"]:
        raise ReplayMismatchError("the inputs of the receipt are not those whose SHA-256 it names: it was changed after it was made.")
    again = make_receipt(
        ExperimentSettings.model_validate(receipt["inputs"]["experiment"]), evidence_from_json(receipt["inputs"]["evidence"])
    )
    for part in ("health", "readouts", "decision", "in_force", "sensitivity"):
        if _canonical(again[part]) != _canonical(receipt[part]):
            raise ReplayMismatchError(f"{part} of the receipt cannot be derived again from its inputs.")
    return again


def sensitivity(
    experiment: ExperimentSettings, evidence: Evidence, *, checks: Sequence[HealthCheck], readouts: Sequence[Readout]
) -> dict[str, str]:
    """Say what would have been decided had one assumption been another."""
    changes: dict[str, dict[str, Any]] = {
        "significance halved": {"significance": experiment.significance / 2},
        "significance doubled": {"significance": min(0.49, experiment.significance * 2)},
        "cost doubled": {"cost_per_unit": experiment.cost_per_unit * 2},
        "value halved": {"value_per_unit": experiment.value_per_unit / 2},
        "margins halved": {"guardrails": [one.model_copy(update={"margin": one.margin / 2}) for one in experiment.guardrails]},
        "margins doubled": {"guardrails": [one.model_copy(update={"margin": one.margin * 2}) for one in experiment.guardrails]},
        "no minimum of units": {"minimum_units_per_arm": 2},
        "any evidence may roll out": {"rollout_evidence": [experiment.evidence]},
    }
    if experiment.can_pair:
        other = "paired" if experiment.comparison == "between users" else "between users"
        changes[f"decided on: {other}"] = {"comparison": other}
    return {
        name: _decided(experiment.model_copy(update=change), evidence)
        if REREAD & change.keys()
        else decide(experiment.model_copy(update=change), readouts, checks=checks, evidence=evidence).decision
        for name, change in changes.items()
    }


def _decided(experiment: ExperimentSettings, evidence: Evidence) -> str:
    checks = examine(experiment, evidence)
    return decide(experiment, read_out(experiment, evidence, checks, judged_only=True), checks=checks, evidence=evidence).decision


def receipt_text(receipt: Mapping[str, Any]) -> str:
    """Write a receipt as JSON with sorted keys: the same receipt is the same text."""
    return _canonical(receipt)


def evidence_from_json(content: Mapping[str, Any]) -> Evidence:
    """Read the evidence out of a receipt."""
    return Evidence(
        traffic={row["arm"]: _traffic_from_json(row) for row in content["traffic"]},
        sums={(row["comparison"], row["metric"], row["arm"], row["segment"]): _sums_from_json(row) for row in content["sums"]},
        prior=Belief(**content["prior"]) if content["prior"] else None,
        trends={row["arm"]: day_sums(row, n=row["n"]) for row in content["trends"]},
        quantiles={
            (row["metric"], row["arm"]): OrderStatistics(row["n"], row["value"], row["low"], row["high"]) for row in content["quantiles"]
        },
    )


def _evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "traffic": [
            {"arm": arm, **{name: _text_of_time(value) for name, value in asdict(found).items()}} for arm, found in evidence.traffic.items()
        ],
        "sums": [
            {
                **dict(zip(("comparison", "metric", "arm", "segment"), key, strict=True)),
                "n": found.n,
                "n_null": found.n_null,
                "n_unusable": found.n_unusable,
                "largest": str(found.largest),
                "first": {name: str(value) for name, value in found.first.items()},  # text: JSON readers round integers this long
                "second": {"*".join(pair): str(value) for pair, value in found.second.items()},
            }
            for key, found in sorted(evidence.sums.items())
        ],
        "prior": asdict(evidence.prior) if evidence.prior else None,
        "trends": [
            {"arm": arm, "n": found.n, "value": str(found.value), "value_value": str(found.value_value)}
            for arm, found in sorted(evidence.trends.items())
        ],
        "quantiles": [{"metric": metric, "arm": arm, **asdict(found)} for (metric, arm), found in sorted(evidence.quantiles.items())],
    }


def _traffic_from_json(row: Mapping[str, Any]) -> ArmTraffic:
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("first_exposed_at", "last_exposed_at")}
    return ArmTraffic(**{**{name: value for name, value in row.items() if name != "arm"}, **times})


def _sums_from_json(row: Mapping[str, Any]) -> Sums:
    return Sums(
        n=row["n"],
        n_null=row["n_null"],
        n_unusable=row["n_unusable"],
        first={name: int(row["first"][name]) for name in VARIABLES},
        second={pair: int(row["second"]["*".join(pair)]) for pair in PAIRS},
        largest=int(row["largest"]),
    )


def _text_of_time(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _plain(tree: object) -> object:
    return json.loads(json.dumps(tree))


def _canonical(tree: object) -> str:
    return json.dumps(tree, sort_keys=True, allow_nan=False)


def _sha256(tree: object) -> str:
    return hashlib.sha256(_canonical(tree).encode()).hexdigest()
