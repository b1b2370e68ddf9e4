"""All treatments together against the control: whether doing anything at all helps."""

from dataclasses import replace

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import ALL_TREATMENTS, Evidence
from ntg_assets.statistics.moments import Sums, total

ROLE = "pooled"


def pooled(
    experiment: ExperimentSettings, evidence: Evidence
) -> tuple[ExperimentSettings, Evidence] | None:
    """Make one arm of all treatments; None where there is only one, or nobody asked.

    Units of several arms count as often as there are: the mean of the pooled arm is that of its
    units. Ranks do not add up, so quantiles have none.
    """
    treatments = [arm.name for arm in experiment.treatments]
    if not experiment.pool_treatments or len(treatments) == 1:
        return None
    parts: dict[tuple[str, str], list[Sums]] = {}
    for (comparison, metric, arm, segment), arm_sums in evidence.sums.items():
        if comparison == Comparison.BETWEEN_USERS and arm in treatments:
            parts.setdefault((metric, segment), []).append(arm_sums)
    together: dict[tuple[str, str, str, str], Sums] = {
        (Comparison.BETWEEN_USERS, metric, ALL_TREATMENTS, segment): total(arm_sums)
        for (metric, segment), arm_sums in parts.items()
    }
    weight = sum(arm.weight for arm in experiment.treatments)
    arms = [experiment.control, ArmSettings(name=ALL_TREATMENTS, weight=weight)]
    sums = {**evidence.sums, **together}
    return experiment.model_copy(update={"arms": arms}), replace(evidence, sums=sums)
