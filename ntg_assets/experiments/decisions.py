"""Roll out, roll back or iterate, by ordered gates. Rule version 2 (1 did not ask whether logs fit together).

Health comes first: without it nothing is claimed. Then the first gate that shows harm rolls back; then the first gate that does not pass
asks for another iteration; what passes all of them is rolled out.

1. health      sick or thin, or a metric of the decision without numbers: iterate, with what is wrong or the units that are needed.
   harm        a guardrail proven worse than its margin by all data to date rolls back at any time, unless the numbers are sick.
2. guardrails  interval wholly below minus the margin: roll back. Reaching below it: iterate. Above it: pass (non-inferior).
3. success     interval of the primary metric above zero: pass. Below zero: roll back. Else iterate.
4. money       probability of a profit per unit above the hurdle: `profit_confidence` or more passes, its complement or less rolls back.
5. evidence    only evidence of the kinds in `rollout_evidence` rolls out; a win on other evidence is a reason to test live.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isinf
from typing import Literal

from ntg_assets.experiments.arm_settings import GuardrailSettings
from ntg_assets.experiments.evidence import Evidence
from ntg_assets.experiments.health import of_decision, overall
from ntg_assets.experiments.health_check import HealthCheck
from ntg_assets.experiments.planning import days_for_units
from ntg_assets.experiments.plans import traffic_per_day
from ntg_assets.experiments.profit import Belief, update
from ntg_assets.experiments.readout import TO_DATE, Readout
from ntg_assets.experiments.settings import ExperimentSettings

Outcome = Literal["rollout", "rollback", "iterate"]
GateVerdict = Literal["pass", "rollback", "iterate"]

RULE_VERSION = "2"
LONGEST_WAIT_DAYS = 365  # an experiment that needs longer than a year cannot be answered with its traffic


@dataclass(frozen=True)
class Gate:
    """One gate of the rule for one arm: the number it looked at, its limit, what it said, and why in words."""

    gate: str
    arm: str
    value: float | None
    limit: float | None
    verdict: GateVerdict
    sentence: str
    readout_key: str | None = None


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


def decide(experiment: ExperimentSettings, readouts: Sequence[Readout], *, checks: Sequence[HealthCheck], evidence: Evidence) -> Decision:
    """Send every treatment arm through the gates: roll out the best that passes, roll back when all of them harm, else iterate."""
    paths = {arm.name: _walk(experiment, arm.name, readouts, checks=checks, prior=evidence.prior) for arm in experiment.treatments}
    primary = {arm: deciding_readout(experiment, readouts, metric=experiment.primary_metric, arm=arm) for arm in paths}
    outcomes = {arm: _outcome(path) for arm, path in paths.items()}
    best = max(paths, key=lambda arm: (outcomes[arm] == "rollout", _difference(primary[arm])))
    outcome: Outcome = (
        outcomes[best] if outcomes[best] == "rollout" else "rollback" if set(outcomes.values()) == {"rollback"} else "iterate"
    )
    last = next((gate for gate in paths[best] if gate.verdict == outcome), paths[best][-1])
    return Decision(
        experiment=experiment.id,
        decision=outcome,
        arm=best,
        reason=last.gate,
        readout_key=last.readout_key or primary[best].readout_key,
        sentence=_sentence(experiment, outcome, last, primary[best], evidence),
        gates=tuple(gate for path in paths.values() for gate in path),
    )


def profit_belief(experiment: ExperimentSettings, primary: Readout, *, prior: Belief | None = None) -> Belief | None:
    """Return the belief about the incremental profit per unit, or None when there is no estimate.

    With a prior the effect is shrunk toward those of past experiments, as a share of the control's mean; where the control's mean is not
    above zero a share of it means nothing, and the estimate stands alone.
    """
    if primary.difference is None or primary.standard_error is None:
        return None
    baseline = primary.mean_control or 0.0
    absolute = Belief(prior.mean * baseline, prior.variance * baseline**2) if prior and baseline > 0 else None
    effect = update(primary.difference, primary.standard_error**2, prior=absolute)
    worth = experiment.value_per_unit
    return Belief(worth * effect.mean - experiment.cost_per_unit, worth**2 * effect.variance)


def _walk(
    experiment: ExperimentSettings, arm: str, readouts: Sequence[Readout], *, checks: Sequence[HealthCheck], prior: Belief | None
) -> list[Gate]:
    """Ask every gate, also those after the first that stops, so that the receipt shows them all."""
    primary = deciding_readout(experiment, readouts, metric=experiment.primary_metric, arm=arm)
    guarded = [(one, deciding_readout(experiment, readouts, metric=one.metric, arm=arm)) for one in experiment.guardrails]
    return [
        _health(arm, of_decision(experiment, checks)),
        *(_harm(guardrail, one) for guardrail in experiment.guardrails for one in readouts if _is_to_date(one, guardrail.metric, arm)),
        *(_guardrail(guardrail, readout) for guardrail, readout in guarded),
        _success(primary),
        _money(experiment, primary, prior=prior),
        _kind_of_evidence(experiment, primary),
    ]


def _outcome(path: Sequence[Gate]) -> Outcome:
    health, verdicts = path[0], {gate.verdict for gate in path}
    if health.gate == "health:sick":
        return "iterate"
    if any(gate.gate.startswith("harm:") and gate.verdict == "rollback" for gate in path):
        return "rollback"
    if health.verdict != "pass":
        return "iterate"
    return "rollback" if "rollback" in verdicts else "iterate" if "iterate" in verdicts else "rollout"


def deciding_readout(experiment: ExperimentSettings, readouts: Sequence[Readout], *, metric: str, arm: str) -> Readout:
    """Find the readout that decides: that of the configured comparison, or between users where pairs do not exist (ratios)."""
    found = [one for one in readouts if one.metric == metric and one.arm == arm and one.comparison != TO_DATE]
    return next((one for one in found if one.comparison == experiment.comparison), found[0])


def _difference(readout: Readout) -> float:
    return -inf if readout.difference is None else readout.difference


def _health(arm: str, checks: Sequence[HealthCheck]) -> Gate:
    verdict = overall(checks)
    asked = {"metric": "sick", "healthy": "warning"}.get(verdict, verdict)
    found = [check.sentence for check in checks if check.verdict == asked]
    troubles = [] if verdict == "healthy" else found
    passed = f"no health check stops a claim; to be known: {'; '.join(found)}" if found else "every health check passed"
    sentence = "; ".join(troubles) or passed
    return Gate(f"health:{verdict}", arm, float(len(troubles)), 0.0, "iterate" if troubles else "pass", sentence)


def _is_to_date(readout: Readout, metric: str, arm: str) -> bool:
    return readout.comparison == TO_DATE and readout.metric == metric and readout.arm == arm


def _harm(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    """Stop at any time for proven harm; everything else waits for the planned look."""
    limit, high = -guardrail.margin, readout.difference_high
    is_harm = readout.is_valid and high is not None and high < limit
    told = f"{guardrail.metric} to date {_interval(readout)} against a harmless drop of {guardrail.margin:g}"
    sentence = f"{told}: {'harm' if is_harm else 'no harm proven'}"
    verdict: GateVerdict = "rollback" if is_harm else "pass"
    return Gate(f"harm:{guardrail.metric}", readout.arm, high, limit, verdict, sentence, readout.readout_key)


def _guardrail(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    name, limit = f"guardrail:{guardrail.metric}", -guardrail.margin
    low, high = readout.difference_low, readout.difference_high
    if low is None or high is None:
        return Gate(name, readout.arm, None, limit, "iterate", f"{guardrail.metric} has {readout.verdict or 'no result'}")
    told = f"{guardrail.metric} {_interval(readout)} against a harmless drop of {guardrail.margin:g}"
    if high < limit:
        return Gate(name, readout.arm, high, limit, "rollback", f"{told}: harm")
    return Gate(
        name, readout.arm, low, limit, "pass" if low > limit else "iterate", f"{told}: {'no harm' if low > limit else 'harm not excluded'}"
    )


def _success(readout: Readout) -> Gate:
    low, high = readout.difference_low, readout.difference_high
    if low is None or high is None:
        return Gate("success", readout.arm, None, 0.0, "iterate", f"{readout.metric} has {readout.verdict or 'no result'}")
    verdict: GateVerdict = "pass" if low > 0 else "rollback" if high < 0 else "iterate"
    meaning = {"pass": "better", "rollback": "worse", "iterate": "no difference shown"}[verdict]
    return Gate("success", readout.arm, high if high < 0 else low, 0.0, verdict, f"{readout.metric} {_interval(readout)}: {meaning}")


def _money(experiment: ExperimentSettings, readout: Readout, *, prior: Belief | None) -> Gate:
    belief = profit_belief(experiment, readout, prior=prior)
    if belief is None:
        return Gate("money", readout.arm, None, experiment.profit_confidence, "iterate", "without an effect there is no profit to judge")
    hurdle = experiment.return_hurdle * experiment.cost_per_unit
    chance = belief.probability_above(hurdle)
    loss = belief.expected_loss(hurdle=hurdle)
    shrunk = " (shrunk toward past experiments)" if prior else ""
    told = (
        f"profit per unit {belief.mean:+.3g}{shrunk}, above {hurdle:g} with probability {chance:.1%}; "
        f"acting loses {loss:.3g} per unit on average"
    )
    limit = experiment.profit_confidence
    verdict: GateVerdict = "pass" if chance >= limit else "rollback" if chance <= 1 - limit else "iterate"
    return Gate("money", readout.arm, chance, limit, verdict, told)


def _kind_of_evidence(experiment: ExperimentSettings, readout: Readout) -> Gate:
    is_enough = readout.source in experiment.rollout_evidence
    sentence = f"the evidence is {readout.source}; a rollout asks for {' or '.join(experiment.rollout_evidence)}"
    return Gate("evidence", readout.arm, float(is_enough), 1.0, "pass" if is_enough else "iterate", sentence)


def _interval(readout: Readout) -> str:
    return f"{readout.difference:+.3g} ({readout.difference_low:+.3g} to {readout.difference_high:+.3g})"


def _sentence(experiment: ExperimentSettings, outcome: Outcome, last: Gate, readout: Readout, evidence: Evidence) -> str:
    verb = {"rollout": f"Roll out {readout.arm}", "rollback": f"Roll back {readout.arm}", "iterate": "Iterate"}[outcome]
    if outcome == "iterate" and last.gate == "evidence":
        won = {"offline replay": "the offline replay", "simulated": "the simulated trial"}.get(readout.source, "on the observed log")
        return f"Iterate: {readout.arm} won {won} ({readout.metric} {_interval(readout)}); test it live before a rollout."
    if outcome == "iterate" and last.gate not in {"health:sick", "health:metric"}:
        return f"Iterate: {last.sentence}. {_what_is_missing(experiment, readout, evidence)}"
    return f"{verb}: {last.sentence}."


def _what_is_missing(experiment: ExperimentSettings, readout: Readout, evidence: Evidence) -> str:
    """Say how many units and days the question needs, or that this traffic cannot answer it."""
    if readout.difference is None or readout.units_needed_per_arm is None:
        return (
            f"Cannot be answered with this traffic: {evidence.n_exposed:,} units in {evidence.days:,} days gave no estimate to plan with."
        )
    n_arms = len(experiment.arms) if readout.comparison == "between users" else 1
    needed = max(readout.units_needed_per_arm, experiment.minimum_units_per_arm)
    per_day = traffic_per_day(experiment, evidence)
    days = days_for_units(needed * n_arms, units_per_day=per_day)
    effect = (
        f"{experiment.minimum_effect:g} (the smallest worth finding)"
        if experiment.minimum_effect
        else f"{abs(readout.difference):.3g} (the one observed)"
    )
    at_least = f" (and no claim is made below {ceil(needed):,})" if needed > readout.units_needed_per_arm else ""
    answer = (
        f"cannot be answered with this traffic ({evidence.n_exposed:,} units in {evidence.days:,} days)"
        if isinf(days) or days > LONGEST_WAIT_DAYS
        else f"that is about {days:,.0f} days at {per_day:.3g} units a day"
    )
    return (
        f"{readout.metric} {_interval(readout)}; finding a difference of {effect} with {experiment.power:.0%} power "
        f"needs {ceil(readout.units_needed_per_arm):,} units per arm{at_least} against {readout.n_treatment:,} now: {answer}."
    )
