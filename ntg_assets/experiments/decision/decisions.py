"""Roll out, roll back or iterate, by ordered gates. Rule version 4.

1 did not ask whether logs fit together; 2 took more of every metric for better, claimed quantiles
of tied values, and passed guardrails that had no events or missed the values of one arm; 3 withheld
quantiles of tied values, which now have an interval, took the variance of skewed values from each
arm alone however small, and knew no relative margins.

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

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ntg_assets.configuration.experiments.arms import GuardrailSettings
from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.decision.gate import Gate, GateKind, GateVerdict, Outcome
from ntg_assets.experiments.decision.headlines import headline, interval_in_words
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.health.health import of_decision, overall
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.readout import Readout

RULE_VERSION = "4"


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
    primary = {
        arm: deciding_readout(experiment, readouts, metric=experiment.primary_metric, arm=arm)
        for arm in paths
    }
    outcomes = {arm: _outcome(path) for arm, path in paths.items()}
    best = max(paths, key=lambda arm: (outcomes[arm] == "rollout", _gain(primary[arm])))
    outcome: Outcome = (
        outcomes[best]
        if outcomes[best] == "rollout"
        else "rollback"
        if set(outcomes.values()) == {"rollback"}
        else "iterate"
    )
    last = next((gate for gate in paths[best] if gate.verdict == outcome), paths[best][-1])
    return Decision(
        experiment=experiment.id,
        decision=outcome,
        arm=best,
        reason=last.gate,
        readout_key=last.readout_key or primary[best].readout_key,
        sentence=headline(
            experiment, outcome, last, primary[best], checks=checks, evidence=evidence
        ),
        gates=tuple(gate for path in paths.values() for gate in path),
    )


def _walk(
    experiment: ExperimentSettings,
    arm: str,
    readouts: Sequence[Readout],
    *,
    checks: Sequence[HealthCheck],
    evidence: Evidence,
) -> list[Gate]:
    """Ask every gate, also those after the first that stops, so that the receipt shows them all."""
    primary = deciding_readout(experiment, readouts, metric=experiment.primary_metric, arm=arm)
    guarded = [
        (one, deciding_readout(experiment, readouts, metric=one.metric, arm=arm))
        for one in experiment.guarded
    ]
    return [
        _health(arm, of_decision(experiment, checks)),
        *(
            _harm(guardrail, one)
            for guardrail in experiment.guarded
            for one in readouts
            if _is_to_date(one, guardrail.metric, arm)
        ),
        *(_guardrail(guardrail, readout) for guardrail, readout in guarded),
        _success(primary),
        _money(experiment, primary, evidence),
        _kind_of_evidence(experiment, primary),
    ]


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
    experiment: ExperimentSettings, readouts: Sequence[Readout], *, metric: str, arm: str
) -> Readout:
    """Find the readout that decides: that of the configured comparison,
    or between users where pairs do not exist (ratios).
    """
    found = [
        one
        for one in readouts
        if one.metric == metric and one.arm == arm and one.comparison != Comparison.TO_DATE
    ]
    return next((one for one in found if one.comparison == experiment.comparison), found[0])


def _gain(readout: Readout) -> float:
    return -inf if readout.gain is None else readout.gain


def _health(arm: str, checks: Sequence[HealthCheck]) -> Gate:
    verdict = overall(checks)
    asked = {"metric": "sick", "healthy": "warning"}.get(verdict, verdict)
    found = [check.sentence for check in checks if check.verdict == asked]
    troubles = [] if verdict == "healthy" else found
    passed = (
        f"no health check stops a claim; to be known: {'; '.join(found)}"
        if found
        else "every health check passed"
    )
    sentence = "; ".join(troubles) or passed
    return Gate(
        GateKind.HEALTH.of(verdict),
        arm,
        float(len(troubles)),
        0.0,
        "iterate" if troubles else "pass",
        sentence,
    )


def _is_to_date(readout: Readout, metric: str, arm: str) -> bool:
    return (
        readout.comparison == Comparison.TO_DATE and readout.metric == metric and readout.arm == arm
    )


def _harm(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    """Stop at any time for proven harm; everything else waits for the planned look."""
    limit = -readout.sign * (
        guardrail.margin or (guardrail.relative_margin or 0.0) * abs(readout.mean_control or 0.0)
    )
    is_harm = (
        readout.is_valid
        and readout.best_end is not None
        and readout.sign * (readout.best_end - limit) < 0
    )
    told = (
        f"{guardrail.metric} to date {interval_in_words(readout)} against"
        f" {_harmless(guardrail, readout)}"
    )
    sentence = f"{told}: {'harm' if is_harm else 'no harm proven'}"
    verdict: GateVerdict = "rollback" if is_harm else "pass"
    return Gate(
        GateKind.HARM.of(guardrail.metric),
        readout.arm,
        readout.best_end,
        limit,
        verdict,
        sentence,
        readout.readout_key,
    )


def _guardrail(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    name, sign = GateKind.GUARDRAIL.of(guardrail.metric), readout.sign
    limit = -sign * (guardrail.margin or guardrail.relative_margin or 0.0)
    worst, best = ends_of(guardrail, readout)
    if worst is None or best is None:
        return Gate(
            name,
            readout.arm,
            None,
            limit,
            "iterate",
            f"{guardrail.metric} has {_why_no_end(guardrail, readout)}",
        )
    told = (
        f"{guardrail.metric} {_interval(guardrail, readout)} against"
        f" {_harmless(guardrail, readout)}"
    )
    if sign * (best - limit) < 0:
        return Gate(name, readout.arm, best, limit, "rollback", f"{told}: harm")
    is_safe = sign * (worst - limit) > 0
    verdict: GateVerdict = "pass" if is_safe else "iterate"
    return Gate(
        name,
        readout.arm,
        worst,
        limit,
        verdict,
        f"{told}: {'no harm' if is_safe else 'harm not excluded'}",
    )


def _success(readout: Readout) -> Gate:
    worst, best = readout.worst_end, readout.best_end
    if worst is None or best is None:
        return Gate(
            GateKind.SUCCESS.value,
            readout.arm,
            None,
            0.0,
            "iterate",
            f"{readout.metric} has {_no_result(readout)}",
        )
    verdict: GateVerdict = (
        "pass" if readout.sign * worst > 0 else "rollback" if readout.sign * best < 0 else "iterate"
    )
    meaning = {"pass": "better", "rollback": "worse", "iterate": "no difference shown"}[verdict]
    decisive = best if verdict == "rollback" else worst
    return Gate(
        GateKind.SUCCESS.value,
        readout.arm,
        decisive,
        0.0,
        verdict,
        f"{readout.metric} {interval_in_words(readout)}: {meaning}",
    )


def _money(experiment: ExperimentSettings, readout: Readout, evidence: Evidence) -> Gate:
    belief = profit_belief(experiment, readout, prior=evidence.prior)
    if belief is None:
        return Gate(
            GateKind.MONEY.value,
            readout.arm,
            None,
            experiment.profit_confidence,
            "iterate",
            "without an effect there is no profit to judge",
        )
    hurdle = experiment.return_hurdle * experiment.whole_cost_per_unit
    chance = belief.probability_above(hurdle)
    loss = belief.expected_loss(hurdle=hurdle)
    shrunk = " (shrunk toward past experiments)" if evidence.prior else ""
    told = (
        f"profit per {experiment.unit} {belief.mean:+.3g} {evidence.value.words}{shrunk}, above"
        f" {hurdle:g} with probability {chance:.1%}; acting loses {loss:.3g} per {experiment.unit}"
        " on average"
    )
    limit = experiment.profit_confidence
    verdict: GateVerdict = (
        "pass" if chance >= limit else "rollback" if chance <= 1 - limit else "iterate"
    )
    return Gate(GateKind.MONEY.value, readout.arm, chance, limit, verdict, told)


def _kind_of_evidence(experiment: ExperimentSettings, readout: Readout) -> Gate:
    is_enough = readout.source in experiment.rollout_evidence
    sentence = (
        f"the evidence is {readout.source}; a rollout asks for"
        f" {' or '.join(experiment.rollout_evidence)}"
    )
    return Gate(
        GateKind.EVIDENCE.value,
        readout.arm,
        float(is_enough),
        1.0,
        "pass" if is_enough else "iterate",
        sentence,
    )


def _no_result(readout: Readout) -> str:
    return readout.verdict.rstrip(".") or "no result"


def _why_no_end(guardrail: GuardrailSettings, readout: Readout) -> str:
    if guardrail.relative_margin is not None and readout.difference_low is not None:
        return "no relative interval (a mean is not clearly above zero), which its margin needs"
    return _no_result(readout)


def ends_of(guardrail: GuardrailSettings, readout: Readout) -> tuple[float | None, float | None]:
    """Return the worst and the best end of the interval that a margin is held against: of the
    difference, or of the relative difference where the margin is a share.
    """
    if guardrail.relative_margin is None:
        return readout.worst_end, readout.best_end
    ends = (readout.relative_low, readout.relative_high)
    return ends if readout.better == "more" else ends[::-1]


def _interval(guardrail: GuardrailSettings, readout: Readout) -> str:
    if guardrail.relative_margin is None:
        return interval_in_words(readout)
    return (
        f"{readout.relative_difference:+.3%} ({readout.relative_low:+.3%} to"
        f" {readout.relative_high:+.3%})"
    )


def _harmless(guardrail: GuardrailSettings, readout: Readout) -> str:
    share = guardrail.relative_margin
    margin = f"{guardrail.margin:g}" if share is None else f"{share:.3g} of the control"
    return f"a harmless {'drop' if readout.better == 'more' else 'rise'} of {margin}"
