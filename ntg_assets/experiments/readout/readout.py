"""One readout: a treatment against the control on one metric,
named by the very sums that it rests on.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.statistics.two_samples import Better, Difference

KEY_DIGITS = 16
# how the verdict of a readout begins that shows what was found and claims nothing
NO_CLAIM = "no claim"
NUMBERS = (  # what the statistics say, and nothing of what is known before
    "mean_control",
    "mean_treatment",
    "difference",
    "difference_low",
    "difference_high",
    "standard_error",
    "p",
    "p_adjusted",
    "relative_difference",
    "relative_low",
    "relative_high",
    "variance_removed_share",
    "detectable_difference",
    "units_needed_per_arm",
)


@dataclass(frozen=True)
class Readout:
    """One comparison of one treatment arm with the control on one metric;
    the fields are the columns of `readouts`.
    """

    readout_key: str
    experiment: str
    comparison: str
    metric: str
    arm: str
    control_arm: str
    source: str
    role: str
    better: Better
    method: str
    n_control: int
    n_treatment: int
    mean_control: float | None = None
    mean_treatment: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    standard_error: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    adjustment: str = "none"
    look: int = 1
    n_looks: int = 1
    significance: float = 0.05
    relative_difference: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    variance_removed_share: float | None = None
    revenue_lift_per_unit: float | None = None
    revenue_lift_per_unit_low: float | None = None
    revenue_lift_per_unit_high: float | None = None
    n_population: int = 0
    revenue_lift_total: float | None = None
    revenue_lift_total_low: float | None = None
    revenue_lift_total_high: float | None = None
    detectable_difference: float | None = None
    units_needed_per_arm: float | None = None
    is_valid: bool = False
    verdict: str = ""

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.better == "more" else -1

    @property
    def gain(self) -> float | None:
        """The difference as an improvement."""
        return None if self.difference is None else self.sign * self.difference

    @property
    def interval(self) -> tuple[float, float, float] | None:
        """The difference and the ends of its interval; None where there is none."""
        if self.difference is None or self.difference_low is None or self.difference_high is None:
            return None
        return self.difference, self.difference_low, self.difference_high

    @property
    def worst_end(self) -> float | None:
        """The end of the interval at which the treatment does worst."""
        return self.difference_low if self.better == "more" else self.difference_high

    @property
    def best_end(self) -> float | None:
        """The end of the interval at which the treatment does best."""
        return self.difference_high if self.better == "more" else self.difference_low


def interval_columns(difference: Difference) -> dict[str, Any]:
    """Name a difference and the ends of its interval as the tables of results do."""
    return {
        "difference": difference.difference,
        "difference_low": difference.low,
        "difference_high": difference.high,
    }


def relative_columns(difference: Difference) -> dict[str, Any]:
    """Name the relative difference and the ends of its interval as the tables of results do."""
    return {
        "relative_difference": difference.relative,
        "relative_low": difference.relative_low,
        "relative_high": difference.relative_high,
    }


def blank_readouts(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
    comparison: Comparison,
) -> list[Readout]:
    """Start the readouts of every treatment (see `blank_readout`)."""
    return [
        blank_readout(experiment, evidence, metric=metric, comparison=comparison, arm=arm.name)
        for arm in experiment.treatments
    ]


def blank_readout(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
    comparison: Comparison,
    arm: str,
) -> Readout:
    """Start a readout from what is known before any statistic;
    its key names the very sums that it rests on.
    """
    control = evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, experiment.control.name)
    treated = evidence.sums_for(comparison, metric.name, arm)
    return Readout(
        readout_key=_key_of(experiment, evidence, metric, comparison, arm),
        experiment=experiment.id,
        comparison=comparison,
        metric=metric.name,
        arm=arm,
        control_arm=experiment.control.name,
        source=experiment.evidence,
        role=experiment.role_of(metric.name),
        better=metric.better,
        method="",
        n_control=treated.n if comparison == Comparison.PAIRED else control.n,
        n_treatment=treated.n,
    )


def _key_of(
    experiment: ExperimentSettings,
    evidence: Evidence,
    metric: MetricSettings,
    comparison: Comparison,
    arm: str,
) -> str:
    control = experiment.control.name
    identity: list[object] = [
        experiment.id,
        comparison,
        metric.name,
        arm,
        experiment.significance,
        repr(evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, control)),
        repr(evidence.sums_for(comparison, metric.name, arm)),
        repr([evidence.quantiles.get((metric.name, name)) for name in (control, arm)]),
    ]
    identity += ["less is better"] if metric.better == "less" else []
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:KEY_DIGITS]
