"""A decision in one sentence: what was found, with interval and unit, or what is missing."""

from collections.abc import Sequence
from math import ceil, isinf

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence, traffic_per_day
from ntg_assets.experiments.data.looks import look_of, wait_in_words
from ntg_assets.experiments.decision.gate import Gate, GateKind, Outcome
from ntg_assets.experiments.decision.money import money_unit, profit_belief, worth_in_words
from ntg_assets.experiments.health.health import of_decision
from ntg_assets.experiments.health.health_check import ENOUGH_UNITS, HealthCheck
from ntg_assets.experiments.readout.readout import NO_CLAIM, Readout
from ntg_assets.statistics.planning.power import days_for_units

PROFIT_INTERVAL = 0.95
# an experiment that needs longer than a year cannot be answered with its traffic
LONGEST_WAIT_DAYS = 365


def interval_in_words(readout: Readout) -> str:
    """Write a difference with its interval."""
    return (
        f"{readout.difference:+.3g} ({readout.difference_low:+.3g} to"
        f" {readout.difference_high:+.3g})"
    )


def headline(
    experiment: ExperimentSettings,
    outcome: Outcome,
    last: Gate,
    readout: Readout,
    *,
    checks: Sequence[HealthCheck],
    evidence: Evidence,
) -> str:
    """Say what to do and why.

    Args:
        experiment: The experiment.
        outcome: What to do.
        last: Gate that decided.
        readout: The primary metric of the arm that it is about.
        checks: Health.
        evidence: What is known.
    """
    if outcome == "rollout":
        return f"Roll out {readout.arm}: {_effect_and_profit(experiment, readout, evidence)}."
    if outcome == "rollback":
        return f"Roll back {readout.arm}: {last.sentence}."
    if last.gate in {"health:sick", "health:metric"}:
        return f"Iterate: {last.sentence}."
    if not look_of(experiment, evidence).is_reached:
        return _before_a_look(experiment, checks, evidence)
    return f"Iterate: {_why_iterate(experiment, last, readout, evidence)}"


def _why_iterate(
    experiment: ExperimentSettings, last: Gate, readout: Readout, evidence: Evidence
) -> str:
    if last.kind is GateKind.EVIDENCE:
        won = {"offline replay": "the offline replay", "simulated": "the simulated trial"}.get(
            readout.source, "on the observed log"
        )
        return (
            f"{readout.arm} won {won} ({readout.metric} {interval_in_words(readout)}); test it live"
            " before a rollout."
        )
    if last.value is None and (NO_CLAIM in last.sentence or last.kind is GateKind.GUARDRAIL):
        return f"{last.sentence}."
    return f"{last.sentence}. {_what_is_missing(experiment, readout, evidence)}"


def _effect_and_profit(experiment: ExperimentSettings, readout: Readout, evidence: Evidence) -> str:
    """Name what the treatment changes and what that is worth, each with its interval and unit."""
    belief = profit_belief(experiment, readout, prior=evidence.prior)
    currency = money_unit(experiment, evidence.value)
    days = f" over {experiment.window_days} days" if experiment.window_days else ""
    better = "" if readout.better == "more" else " (less is better)"
    effect = (
        f"{readout.metric} {interval_in_words(readout)}{f' {currency}' if currency else ''} per"
        f" {experiment.unit}{days}{better}"
    )
    if belief is None:
        return effect
    low, high = belief.interval(confidence=PROFIT_INTERVAL)
    return (
        f"{effect}; profit {belief.mean:+.3g} ({low:+.3g} to {high:+.3g}) {evidence.value.words}"
        f" per {experiment.unit}{worth_in_words(experiment, evidence.value)}"
    )


def _before_a_look(
    experiment: ExperimentSettings, checks: Sequence[HealthCheck], evidence: Evidence
) -> str:
    others = "; ".join(
        check.sentence
        for check in of_decision(experiment, checks)
        if check.verdict == "thin" and check.check != ENOUGH_UNITS
    )
    return (
        f"Iterate: {wait_in_words(experiment, evidence)}.{f' Besides, {others}.' if others else ''}"
    )


def _what_is_missing(experiment: ExperimentSettings, readout: Readout, evidence: Evidence) -> str:
    """Say how many units and days the question needs, when it is read again,
    or that this traffic cannot answer it.
    """
    wait = wait_in_words(experiment, evidence)
    if readout.difference is None or readout.units_needed_per_arm is None:
        if wait:
            return f"Now {wait}."
        traffic = _traffic_in_words(evidence)
        return f"Cannot be answered with this traffic: {traffic} gave no estimate to plan with."
    needed = max(readout.units_needed_per_arm, experiment.minimum_units_per_arm)
    n_arms = len(experiment.arms) if readout.comparison == Comparison.BETWEEN_USERS else 1
    answer = wait or _days_in_words(experiment, evidence, units=needed * n_arms)
    size = _size_in_words(experiment, readout.difference)
    return (
        f"{readout.metric} {interval_in_words(readout)}; finding a difference of {size} with"
        f" {experiment.power:.0%} power needs"
        f" {_units_in_words(readout, readout.units_needed_per_arm, needed)}: {answer}."
    )


def _size_in_words(experiment: ExperimentSettings, observed: float) -> str:
    if experiment.minimum_effect:
        return f"{experiment.minimum_effect:g} (the smallest worth finding)"
    return f"{abs(observed):.3g} (the one observed)"


def _units_in_words(readout: Readout, for_power: float, needed: float) -> str:
    """Say how many units an arm needs, for the power and for a claim, against those it has."""
    at_least = f" (and no claim is made below {ceil(needed):,})" if needed > for_power else ""
    smallest = min(readout.n_control, readout.n_treatment)
    return f"{ceil(for_power):,} units per arm{at_least} against {smallest:,} now"


def _days_in_words(experiment: ExperimentSettings, evidence: Evidence, *, units: float) -> str:
    """Say in how many days so many units come, all arms together; of a table, which has no days,
    how many times its units that is.
    """
    if experiment.source.kind == "table" and evidence.n_exposed:
        return f"that is {units / evidence.n_exposed:.3g} times the units of this table"
    per_day = traffic_per_day(experiment, evidence)
    days = days_for_units(units, units_per_day=per_day)
    if isinf(days) or days > LONGEST_WAIT_DAYS:
        return f"cannot be answered with this traffic ({_traffic_in_words(evidence)})"
    return f"that is about {days:,.0f} days at {per_day:.3g} units a day"


def _traffic_in_words(evidence: Evidence) -> str:
    return f"{evidence.n_exposed:,} units in {evidence.days:,} days"
