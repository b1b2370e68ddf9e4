"""The rule of each gate: what it looks at, and what it says."""

from collections.abc import Sequence
from functools import partial

from ntg_assets.configuration.experiments.arms import GuardrailSettings
from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.decision.gate import Gate, GateKind
from ntg_assets.experiments.decision.headlines import interval_in_words
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.health.health import overall
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.statistics.bayes import Belief


def health_gate(arm: str, checks: Sequence[HealthCheck]) -> Gate:
    """Ask whether anything may be claimed at all."""
    verdict = overall(checks)
    wanted = {"metric": "sick", "healthy": "warning"}.get(verdict, verdict)
    sentences = [check.sentence for check in checks if check.verdict == wanted]
    troubles = [] if verdict == "healthy" else sentences
    passed = (
        f"no health check stops a claim; to be known: {'; '.join(sentences)}"
        if sentences
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


def is_to_date(readout: Readout, metric: str, arm: str) -> bool:
    """Whether a readout is the one of all data to date of a metric and arm."""
    return (
        readout.comparison == Comparison.TO_DATE and readout.metric == metric and readout.arm == arm
    )


def harm_gate(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    """Stop at any time for proven harm; everything else waits for the planned look."""
    limit = -readout.sign * (
        guardrail.margin or (guardrail.relative_margin or 0.0) * abs(readout.mean_control or 0.0)
    )
    best = readout.best_end
    is_harm = readout.is_valid and best is not None and readout.sign * (best - limit) < 0
    reason = (
        f"{guardrail.metric} to date {interval_in_words(readout)} against"
        f" {_harmless(guardrail, readout)}"
    )
    gate = partial(Gate, GateKind.HARM.of(guardrail.metric), readout.arm, best, limit)
    if is_harm:
        return gate("rollback", f"{reason}: harm", readout.readout_key)
    return gate("pass", f"{reason}: no harm proven", readout.readout_key)


def guardrail_gate(guardrail: GuardrailSettings, readout: Readout) -> Gate:
    """Ask whether a guardrail is proven to be no worse than its margin."""
    name, sign = GateKind.GUARDRAIL.of(guardrail.metric), readout.sign
    limit = -sign * (guardrail.margin or guardrail.relative_margin or 0.0)
    worst, best = ends_of(guardrail, readout)
    gate = partial(Gate, name, readout.arm)
    if worst is None or best is None:
        reason = f"{guardrail.metric} has {_why_no_end(guardrail, readout)}"
        return gate(None, limit, "iterate", reason)
    reason = (
        f"{guardrail.metric} {_interval(guardrail, readout)} against"
        f" {_harmless(guardrail, readout)}"
    )
    if sign * (best - limit) < 0:
        return gate(best, limit, "rollback", f"{reason}: harm")
    if sign * (worst - limit) > 0:
        return gate(worst, limit, "pass", f"{reason}: no harm")
    return gate(worst, limit, "iterate", f"{reason}: harm not excluded")


def success_gate(readout: Readout) -> Gate:
    """Ask whether the primary metric has improved."""
    worst, best = readout.worst_end, readout.best_end
    gate = partial(Gate, GateKind.SUCCESS.value, readout.arm)
    if worst is None or best is None:
        return gate(None, 0.0, "iterate", f"{readout.metric} has {_no_result(readout)}")
    interval = f"{readout.metric} {interval_in_words(readout)}"
    if readout.sign * worst > 0:
        return gate(worst, 0.0, "pass", f"{interval}: better")
    if readout.sign * best < 0:
        return gate(best, 0.0, "rollback", f"{interval}: worse")
    return gate(worst, 0.0, "iterate", f"{interval}: no difference shown")


def money_gate(experiment: ExperimentSettings, readout: Readout, evidence: Evidence) -> Gate:
    """Ask whether a profit above the hurdle is likely enough."""
    belief = profit_belief(experiment, readout, prior=evidence.prior)
    limit, gate = experiment.profit_confidence, partial(Gate, GateKind.MONEY.value, readout.arm)
    if belief is None:
        return gate(None, limit, "iterate", "without an effect there is no profit to judge")
    hurdle = experiment.return_hurdle * experiment.whole_cost_per_unit
    chance, reason = belief.probability_above(hurdle), _profit(experiment, belief, evidence, hurdle)
    if chance >= limit:
        return gate(chance, limit, "pass", reason)
    return gate(chance, limit, "rollback" if chance <= 1 - limit else "iterate", reason)


def _profit(
    experiment: ExperimentSettings, belief: Belief, evidence: Evidence, hurdle: float
) -> str:
    shrunk = " (shrunk toward past experiments)" if evidence.prior else ""
    loss = belief.expected_loss(hurdle=hurdle)
    return (
        f"profit per {experiment.unit} {belief.mean:+.3g} {evidence.value.words}{shrunk}, above"
        f" {hurdle:g} with probability {belief.probability_above(hurdle):.1%}; acting loses"
        f" {loss:.3g} per {experiment.unit} on average"
    )


def evidence_gate(experiment: ExperimentSettings, readout: Readout) -> Gate:
    """Ask whether evidence of this kind may roll out."""
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
