"""Whether an effect is a promise for later: it may wear off with the days since the exposure, or
from early units to late ones.
"""

from collections.abc import Iterator, Mapping

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    NOTICE_P,
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.over_time.novelty import Movement, by_age, by_cohort
from ntg_assets.statistics.over_time.trends import LATE, Cohort


@health_check(170)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check both questions for each treatment."""
    yield from examine_novelty(experiment, evidence)


def examine_novelty(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check both questions for each treatment; where they stand, they warn,
    or stop a claim if the experiment says so.
    """
    for arm in experiment.treatments:
        what = f"the effect of {arm.name} on {experiment.primary_metric}"
        yield from _by_day(experiment, evidence, arm.name, what)
        yield from _by_time(experiment, evidence, arm.name, what)


def _by_day(
    experiment: ExperimentSettings, evidence: Evidence, arm: str, what: str
) -> Iterator[HealthCheck]:
    """Check whether the effect of an arm moves with the days since the exposure."""
    names, by_day = (experiment.control.name, arm), f"{what} by day since the exposure"
    control, treated = (evidence.trends.get(name) for name in names)
    if control and treated:
        moves = by_age(control, treated, window_days=experiment.window_days)
        yield _judged(f"novelty:{arm}", moves, experiment, by_day)


def _by_time(
    experiment: ExperimentSettings, evidence: Evidence, arm: str, what: str
) -> Iterator[HealthCheck]:
    """Check whether units exposed late show another effect of an arm than those exposed early."""
    control, treated = (evidence.cohorts.get(name, {}) for name in (experiment.control.name, arm))
    if len(control.keys() & treated.keys()) > 1:
        moves, since = by_cohort(control, treated), _since(control, treated)
        yield _judged(f"novelty_by_cohort:{arm}", moves, experiment, f"{what} {since}")


def _since(control: Mapping[str, Cohort], treatment: Mapping[str, Cohort]) -> str:
    late_from_at = min(cohorts[LATE].exposed_from_at for cohorts in (control, treatment))
    return f"from units exposed before {late_from_at:%Y-%m-%d %H:%M} to those exposed later"


def _judged(
    check: str, moves: Movement | None, experiment: ExperimentSettings, what: str
) -> HealthCheck:
    if moves is None:
        sentence = f"{what} cannot be told: too little happened in an arm"
        return HealthCheck(check, 1.0, NOTICE_P, Verdict.HEALTHY, sentence)
    if moves.p >= NOTICE_P:
        sentence = f"{what} moves like chance (p = {moves.p:.2g})"
        return HealthCheck(check, moves.p, NOTICE_P, Verdict.HEALTHY, sentence)
    verdict = Verdict.THIN if experiment.novelty == "block" else Verdict.WARNING
    advice = (
        "its average says little about later, so run longer"
        if moves.fades
        else "its average says too little about later"
    )
    moved = "fades" if moves.fades else "grows"
    sentence = f"{what} {moved}: {advice} (p = {moves.p:.2g})"
    return HealthCheck(check, moves.p, NOTICE_P, verdict, sentence)
