"""The primary metric before an experiment, read off its control."""

from dataclasses import dataclass

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence, traffic_per_day
from ntg_assets.experiments.readout.comparisons import arm_numbers, arms_of, terms_of


@dataclass(frozen=True)
class Baseline:
    """The primary metric before the experiment.

    Attributes:
        mean: Per unit.
        variance: Per unit.
        explained_share: Share of the variance that the pre-period explains (the squared
        correlation), which CUPED removes.
        units_per_day: New units that come to the experiment each day, over all arms.
    """

    mean: float
    variance: float
    units_per_day: float
    explained_share: float = 0.0

    def __post_init__(self) -> None:
        if self.variance <= 0 or not 0 <= self.explained_share < 1 or self.units_per_day < 0:
            raise ConfigurationError(
                "a plan needs variance > 0, 0 <= explained share < 1 and units per day >= 0, found"
                f" {self.variance:g}, {self.explained_share:g} and {self.units_per_day:g}."
            )


def baseline_of(experiment: ExperimentSettings, evidence: Evidence) -> Baseline:
    """Read the baseline of the primary metric off the control arm,
    on all units to date: a control alone shows no effect.

    Raises:
        NotEnoughDataError: the control has fewer than two units, or too many equal values for the
        quantile that is compared.
        ConfigurationError: its units do not vary, so nothing can be planned.
    """
    metric = experiment.metric(experiment.primary_metric)
    traffic = traffic_per_day(experiment, evidence)
    if experiment.is_designed(metric):
        return _designed_baseline(experiment, evidence, metric, units_per_day=traffic)
    control = arm_numbers(evidence.to_date(), metric, experiment.control.name)
    sample, explained = metric.how.baseline(control, terms_of(metric))
    return Baseline(sample.mean, sample.variance, traffic, explained)


def _designed_baseline(
    experiment: ExperimentSettings,
    evidence: Evidence,
    metric: MetricSettings,
    *,
    units_per_day: float,
) -> Baseline:
    """Read the control as its units vary in its clusters and strata: what they say together."""
    contrast = arms_of(experiment, evidence, metric)[1].contrast
    if contrast is None:
        raise NotEnoughDataError(f"{metric.name} of the control cannot be compared.")
    n = evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, experiment.control.name).n
    return Baseline(contrast.mean_control, contrast.squared_error_control * n, units_per_day)
