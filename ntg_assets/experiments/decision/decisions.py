"""Roll out, roll back or iterate, by ordered gates. Rule version 5.

1 did not ask whether logs fit together; 2 took more of every metric for better, claimed quantiles
of tied values, and passed guardrails that had no events or missed the values of one arm; 3 withheld
quantiles of tied values, which now have an interval, took the variance of skewed values from each
arm alone however small, and knew no relative margins; 4 did so still in regressions, strata,
clusters and aggregates, let few clusters of a small arm have all degrees of freedom that their
errors said, and did not ask from which arm the units came that saw several.

Health comes first: without it nothing is claimed. Then the first gate that shows harm rolls back;
then the first gate that does not pass asks for another iteration; what passes all of them is rolled
out. Differences are read as improvements: where less of a metric is better, a fall is one.

1. health      sick or thin, or a metric of the decision without numbers: iterate,
               with what is wrong or the units that are needed.
   harm        a guardrail proven worse than its margin by all data to date rolls back
               at any time, unless the numbers are sick.
2. guardrails  interval wholly below minus the margin: roll back. Reaching below it: iterate.
               Above it: pass (non-inferior).
               No interval: iterate. A relative margin is held against the relative interval.
3. success     interval of the primary metric above zero: pass. Below zero: roll back. Else iterate.
4. money       probability of a profit per unit above the hurdle: `profit_confidence` or more
               passes, its complement or less rolls back.
5. evidence    only evidence of the kinds in `rollout_evidence` rolls out;
               a win on other evidence is a reason to test live.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.decision.gate import Gate, GateKind, Outcome
from ntg_assets.experiments.decision.gate_rules import (
    evidence_gate,
    guardrail_gate,
    harm_gate,
    health_gate,
    is_to_date,
    money_gate,
    success_gate,
)
from ntg_assets.experiments.decision.headlines import headline
from ntg_assets.experiments.health.health import of_decision
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.readout import Readout

RULE_VERSION = "5"


@dataclass(frozen=True)
class Decision:
    """What to do with one experiment, and on which readout it rests."""

    experiment: str
    decision: Outcome
    arm: str
    reason: str
    readout_key: str
    sentence: str
    gates: tuple[Gate, ...]


def decide(
    experiment: ExperimentSettings,
    readouts: Sequence[Readout],
    *,
    checks: Sequence[HealthCheck],
    evidence: Evidence,
) -> Decision:
    """Send every treatment arm through the gates: roll out the best that passes,
    roll back when all of them harm, else iterate.
    """
    paths = {
        arm.name: _walk(experiment, arm.name, readouts, checks=checks, evidence=evidence)
        for arm in experiment.treatments
    }
    primary = {arm: primary_readout(experiment, readouts, arm=arm) for arm in paths}
    outcomes = {arm: _outcome(path) for arm, path in paths.items()}
    best = max(paths, key=lambda arm: (outcomes[arm] == "rollout", _gain(primary[arm])))
    outcome = _of_all(outcomes[best], list(outcomes.values()))
    last, readout = _deciding_gate(paths[best], outcome), primary[best]
    return Decision(
        experiment=experiment.id,
        decision=outcome,
        arm=best,
        reason=last.gate,
        readout_key=last.readout_key or readout.readout_key,
        sentence=headline(experiment, outcome, last, readout, checks=checks, evidence=evidence),
        gates=tuple(gate for path in paths.values() for gate in path),
    )


def _deciding_gate(path: Sequence[Gate], outcome: Outcome) -> Gate:
    """Find the first gate that says what was decided; the last where all of them passed."""
    return next((gate for gate in path if gate.verdict == outcome), path[-1])


def _of_all(best: Outcome, outcomes: Sequence[Outcome]) -> Outcome:
    if best == "rollout":
        return "rollout"
    return "rollback" if set(outcomes) == {"rollback"} else "iterate"


def _walk(
    experiment: ExperimentSettings,
    arm: str,
    readouts: Sequence[Readout],
    *,
    checks: Sequence[HealthCheck],
    evidence: Evidence,
) -> list[Gate]:
    """Ask every gate, also those after the first that stops, so that the receipt shows them all."""
    primary = primary_readout(experiment, readouts, arm=arm)
    return [
        health_gate(arm, of_decision(experiment, checks)),
        *_guardrail_gates(experiment, arm, readouts),
        success_gate(primary),
        money_gate(experiment, primary, evidence),
        evidence_gate(experiment, primary),
    ]


def _guardrail_gates(
    experiment: ExperimentSettings, arm: str, readouts: Sequence[Readout]
) -> Iterator[Gate]:
    """Ask each guardrail about all data to date, then each about the planned look."""
    for rule in experiment.guarded:
        to_date = (readout for readout in readouts if is_to_date(readout, rule.metric, arm))
        yield from (harm_gate(rule, readout) for readout in to_date)
    for rule in experiment.guarded:
        yield guardrail_gate(rule, deciding_readout(experiment, readouts, rule.metric, arm=arm))


def _outcome(path: Sequence[Gate]) -> Outcome:
    health, verdicts = path[0], {gate.verdict for gate in path}
    if health.gate == "health:sick":
        return "iterate"
    if any(gate.kind is GateKind.HARM and gate.verdict == "rollback" for gate in path):
        return "rollback"
    if health.verdict != "pass":
        return "iterate"
    return (
        "rollback" if "rollback" in verdicts else "iterate" if "iterate" in verdicts else "rollout"
    )


def deciding_readout(
    experiment: ExperimentSettings, readouts: Sequence[Readout], metric: str, *, arm: str
) -> Readout:
    """Find the readout that decides: that of the configured comparison,
    or between users where pairs do not exist (ratios).

    Args:
        experiment: Names the comparison.
        readouts: Of the experiment.
        metric: Its name.
        arm: Name of the treatment.
    """
    candidates = [
        readout
        for readout in readouts
        if readout.metric == metric
        and readout.arm == arm
        and readout.comparison != Comparison.TO_DATE
    ]
    return next(
        (readout for readout in candidates if readout.comparison == experiment.comparison),
        candidates[0],
    )


def primary_readout(
    experiment: ExperimentSettings, readouts: Sequence[Readout], *, arm: str
) -> Readout:
    """Find the readout that decides of the primary metric of a treatment."""
    return deciding_readout(experiment, readouts, experiment.primary_metric, arm=arm)


def _gain(readout: Readout) -> float:
    return -inf if readout.gain is None else readout.gain
