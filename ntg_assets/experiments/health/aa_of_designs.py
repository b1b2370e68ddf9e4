"""How often the test of a design claims an effect where there is none: clusters are given their
arms again as a whole, units within their strata, and compared as the readout does.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.designs.cluster_contrasts import (
    cluster_arms,
    cluster_sums,
    jackknife_contrasts,
    one_per_cluster,
)
from ntg_assets.statistics.designs.cluster_sums import ClusterSums
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Codes, Contrast, Units
from ntg_assets.statistics.joint_comparison import widened
from ntg_assets.statistics.metric_kinds import Arm, Terms
from ntg_assets.statistics.metric_kinds.kind import compare_designed

Draw = Callable[[], Sequence[Contrast]]
MOST_VARYING = 2_000  # clusters, or units; the level of more of them is no worse


def is_joint(experiment: ExperimentSettings, metric: MetricSettings) -> bool:
    """Whether one p stands for several treatments, which the primary metric compares together."""
    return experiment.role_of(metric.name) == "primary" and len(experiment.treatments) > 1


def p_of_designs(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    units: Units,
    *,
    repetitions: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the smallest p of the treatments for each re-assignment that could be compared."""
    terms = Terms(1 - experiment.significance_of(metric.name))
    p_values = []
    for contrasts in _reassigned(units, len(experiment.arms), repetitions, rng):
        arms = [Arm(), *(Arm(contrast=effect) for effect in contrasts)]
        compared = compare_designed(arms, terms)
        if is_joint(experiment, metric):
            compared = widened(compare_designed, arms, terms, compared)
            p_values.append(min(effect.p for effect in compared.differences))
        else:
            p_values.append(compared.differences[0].p)
    return np.array(p_values, dtype=np.float64)


def _reassigned(
    units: Units, n_arms: int, repetitions: int, rng: np.random.Generator
) -> Iterator[Sequence[Contrast]]:
    draw = (_clusters if units.needs_jackknife else _singly)(units, n_arms, rng)
    for _ in range(repetitions):
        try:
            yield draw()
        except NotEnoughDataError:
            continue  # the readout would give no result either


def _clusters(units: Units, n_arms: int, rng: np.random.Generator) -> Draw:
    """Shuffle clusters, whose sums are made once."""
    strata, labels = one_per_cluster(units), cluster_arms(units)
    chosen = _some(len(labels), rng)
    sums = ClusterSums(*(part[chosen] for part in cluster_sums(units)))
    own, within = labels[chosen], None if strata is None else strata[chosen]
    return lambda: jackknife_contrasts(sums, labels=_shuffled(own, within, rng), n_arms=n_arms)


def _singly(units: Units, n_arms: int, rng: np.random.Generator) -> Draw:
    chosen = _some(len(units.values), rng)
    kept = Units(
        units.values[chosen],
        units.arms[chosen],
        covariates=None if units.covariates is None else units.covariates[chosen],
        strata=None if units.strata is None else units.strata[chosen],
    )
    return lambda: contrast_units(
        kept._replace(arms=_shuffled(kept.arms, kept.strata, rng)), n_arms=n_arms
    )


def _some(n: int, rng: np.random.Generator) -> Codes:
    if n <= MOST_VARYING:
        return np.arange(n)
    return np.sort(rng.choice(n, MOST_VARYING, replace=False)).astype(np.int64)


def _shuffled(labels: Codes, strata: Codes | None, rng: np.random.Generator) -> Codes:
    """Shuffle the arms, within strata where there are any."""
    if strata is None:
        return rng.permutation(labels)
    order = np.lexsort((rng.random(len(labels)), strata))
    shuffled = np.empty_like(labels)
    shuffled[np.argsort(strata, kind="stable")] = labels[order]
    return shuffled
