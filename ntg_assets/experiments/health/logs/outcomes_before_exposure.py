"""Whether anything came before its cause."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LoggedSource
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.health.health_check import (
    FAULT_P,
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.shares.proportions import Count, equal_shares_p


@health_check(80)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check whether the arms differ in outcomes just before their exposure."""
    if experiment.cluster_id:
        return  # units of a cluster act together: counts of units would differ by chance alone
    if isinstance(experiment.source, LoggedSource) and evidence.arms_in_logs:
        yield _nothing_before_its_cause(evidence.arms_in_logs)


def _nothing_before_its_cause(arms: list[ArmTraffic]) -> HealthCheck:
    """Check whether as many units of each arm did something in the day before their exposure;
    that never counts as an effect.
    """
    counts = [Count(arm.n_just_before or 0, arm.n_exposed) for arm in arms if arm.n_exposed]
    n, before = sum(count.n for count in counts), sum(count.successes for count in counts)
    p = equal_shares_p(counts)
    sentence = (
        f"{before:,.0f} of {n:,} exposed units had outcomes in the day before their exposure, which"
        f" never count as an effect (p = {p:.2g})"
    )
    if p < FAULT_P:
        sentence += "; the arms differ more than chance, as when exposures are logged late"
    verdict = Verdict.SICK.when(fault=p < FAULT_P)
    return HealthCheck("outcomes_before_exposure", p, FAULT_P, verdict, sentence)
