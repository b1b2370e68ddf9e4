"""Whether the arm decides who gets to see it."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    FAULT_P,
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.shares.proportions import Count, equal_shares_p


@health_check(160)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check where some of the assigned units were not exposed."""
    yield from _exposure_rate(evidence)


def _exposure_rate(evidence: Evidence) -> Iterator[HealthCheck]:
    """Check whether the arm decides who gets to see it;
    asked only where some of the assigned units were not exposed.
    """
    counts = [
        Count(min(arm.n_exposed, arm.n_assigned), arm.n_assigned)
        for arm in evidence.traffic.values()
        if arm.n_assigned
    ]
    exposed, assigned = sum(count.successes for count in counts), sum(count.n for count in counts)
    if not 0 < exposed < assigned or len(counts) < len(evidence.traffic):
        return
    p = equal_shares_p(counts)
    shares = " : ".join(f"{count.share:.1%}" for count in counts)
    alike = "alike" if p >= FAULT_P else "not alike"
    sentence = f"of the assigned units {shares} were exposed, {alike} (p = {p:.2g})"
    verdict = Verdict.SICK.when(fault=p < FAULT_P)
    yield HealthCheck("exposure_rate", p, FAULT_P, verdict, sentence)
