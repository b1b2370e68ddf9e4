"""Whether units saw one arm only."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.experiments.health.traffic.share_check import share_check
from ntg_assets.statistics.shares.proportions import exact_ratio_p


@health_check(30)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check how many units saw several arms, and from which arm they came."""
    several = [arm.units_in_several_arms for arm in evidence.traffic.values()]
    yield share_check(
        "one_arm_per_unit",
        sum(several),
        evidence.n_exposed,
        "units saw several arms; they are left out",
    )
    if sum(several) and not experiment.cluster_id and _knows_first_arms(evidence):
        yield _left_alike(evidence, several, [arm.units for arm in evidence.traffic.values()])


def _knows_first_arms(evidence: Evidence) -> bool:
    """Whether units of several arms are counted in the one that they saw first: a table of units
    does not know which that was.
    """
    return all(
        arm.units and arm.n_units_in_several_arms is not None for arm in evidence.traffic.values()
    )


def _left_alike(evidence: Evidence, several: list[int], units: list[int]) -> HealthCheck:
    """Check whether units that saw several arms began in each as often as units do: who comes more
    often sees another arm sooner, so those that are left out of one arm alone are its heaviest.
    """
    p = exact_ratio_p(several, units)
    is_chance = p >= FAULT_P
    shown = ", ".join(
        f"{n:,} of {n_all:,} in {name}"
        for name, n, n_all in zip(evidence.traffic, several, units, strict=True)
    )
    return HealthCheck(
        "left_out_alike",
        p,
        FAULT_P,
        Verdict.SICK.when(fault=not is_chance),
        f"units that saw several arms, by the arm that they saw first, are"
        f" {'alike' if is_chance else 'not alike'} ({shown}; p = {p:.2g})"
        f"{'' if is_chance else ': an arm loses those who come most'}",
    )
