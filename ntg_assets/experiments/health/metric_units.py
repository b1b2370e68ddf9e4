"""The sums of a metric that a question is about."""

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.statistics.moments import Sums


def alone(experiment: ExperimentSettings, metric: MetricSettings) -> str | None:
    """Name the metric that alone a check is about; without the primary one nothing is claimed."""
    return None if metric.name == experiment.primary_metric else metric.name


def arms_with_sums(experiment: ExperimentSettings, metric: MetricSettings) -> list[str]:
    """Name the arms that have sums of their own: pairs have none for the control,
    and some metrics have no pairs.
    """
    return experiment.compared_arms if metric.has_pairs else [arm.name for arm in experiment.arms]


def sums_of_arms(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> list[Sums]:
    """Pick the sums of every arm that has some in the deciding comparison."""
    comparison = experiment.comparison if metric.has_pairs else Comparison.BETWEEN_USERS
    return [
        evidence.sums_for(comparison, metric.name, arm)
        for arm in arms_with_sums(experiment, metric)
    ]
