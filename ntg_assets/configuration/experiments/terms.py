"""What follows from the fields of a definition: its arms, metrics, looks and error rates."""

from datetime import date
from math import ceil

from ntg_assets.configuration.experiments.arms import (
    ArmSettings,
    GuardrailSettings,
)
from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.definition import Definition
from ntg_assets.configuration.experiments.measures import REPLAY_METRICS
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.sources import (
    Evidence,
    ReplaySource,
)
from ntg_assets.statistics.repeated.alpha_split import split_alpha


class DefinedTerms(Definition):
    """A definition, and what follows from it."""

    @property
    def control(self) -> ArmSettings:
        return self.arms[0]

    @property
    def treatments(self) -> list[ArmSettings]:
        return self.arms[1:]

    def ramp_share(self, on: date) -> float:
        """Share of the experiment's part of its layer that takes part on a day."""
        reached = [step.share for step in self.ramp if step.from_on <= on]
        return (reached[-1] if reached else 0.0) if self.ramp else 1.0

    @property
    def evidence(self) -> Evidence:
        return self.source.evidence

    @property
    def whole_cost_per_unit(self) -> float:
        """Everything that the treatment costs per user over the horizon."""
        return self.cost_per_unit + self.one_off_cost_per_unit

    @property
    def window_days(self) -> int:
        """Whole days in which outcomes count; 0 in a replay,
        where nothing happened because of an exposure.
        """
        return 0 if isinstance(self.source, ReplaySource) else int(self.source.window_days)

    @property
    def has_pre_period(self) -> bool:
        """Whether the time before the exposure is read from the logs, as a covariate."""
        return not isinstance(self.source, ReplaySource) and self.source.pre_period_days > 0

    @property
    def assigned_at_once(self) -> bool:
        """Whether all units were given their arm at one moment."""
        return not isinstance(self.source, ReplaySource) and self.source.assigned_at_once

    @property
    def is_replay(self) -> bool:
        return isinstance(self.source, ReplaySource)

    @property
    def measured(self) -> list[MetricSettings]:
        """The metrics of the readout, in order."""
        if not self.is_replay:
            return self.metrics
        chosen = self.metrics or [MetricSettings(name=name) for name in REPLAY_METRICS]
        return [
            metric.model_copy(update={"kind": REPLAY_METRICS[metric.name].kind})
            for metric in chosen
            if metric.name in REPLAY_METRICS
        ]

    def metric(self, name: str) -> MetricSettings:
        """Find one metric by name."""
        return next(metric for metric in self.measured if metric.name == name)

    @property
    def evaluated_metrics(self) -> list[str]:
        """The metrics on which the decision rests: the primary one first, then the guardrails."""
        return list(
            dict.fromkeys(
                [self.primary_metric, *(guardrail.metric for guardrail in self.guardrails)]
            )
        )

    @property
    def compared_arms(self) -> list[str]:
        """The arms that have sums of their own in the deciding comparison
        (pairs have none for the control).
        """
        return [
            arm.name
            for arm in (
                self.arms if self.comparison == Comparison.BETWEEN_USERS else self.treatments
            )
        ]

    @property
    def can_pair(self) -> bool:
        """Whether each unit is known under every arm (only a replay knows that)."""
        return self.is_replay

    def role_of(self, metric: str) -> str:
        """Say what a metric is for: `primary`, `guardrail`, `negative control` or `secondary`."""
        if metric == self.primary_metric:
            return "primary"
        if metric in self.evaluated_metrics:
            return "guardrail"
        return "negative control" if self.is_fixed(metric) else "secondary"

    def is_designed(self, metric: MetricSettings) -> bool:
        """Whether a metric is compared by clusters, strata or covariates of a unit table."""
        if self.cluster_id:
            return True
        return bool(self.strata or metric.covariates) and not metric.how.reads_ranks

    @property
    def covariate_columns(self) -> list[str]:
        """Columns of a unit table or exposure log that metrics name as covariates, each once."""
        named = [column for metric in self.measured for column in metric.covariates]
        return list(dict.fromkeys(named))

    @property
    def design_columns(self) -> list[str]:
        """Columns of a unit table or exposure log that the design names, each once."""
        named = [self.cluster_id, self.strata, *self.covariate_columns]
        return list(dict.fromkeys(name for name in named if name))

    def significance_of(self, metric: str) -> float:
        """Error rate of one metric: its share by `alpha_weights`, else all of it."""
        if metric not in self.alpha_weights:
            return self.significance
        return split_alpha(self.alpha_weights, alpha=self.significance)[metric]

    @property
    def look_sizes(self) -> list[int]:
        """Units of all arms together at each planned look;
        none when no number of units is planned.
        """
        return (
            [ceil(share * self.planned_units) for share in self.planned_looks]
            if self.planned_units
            else []
        )

    @property
    def guarded(self) -> list[GuardrailSettings]:
        """The guardrails, each with a margin: its own, or that of the metric."""
        margins = {metric.name: metric for metric in self.measured}
        return [
            (
                guardrail
                if guardrail.margin or guardrail.relative_margin
                else guardrail.model_copy(
                    update={
                        "margin": margins[guardrail.metric].margin,
                        "relative_margin": margins[guardrail.metric].relative_margin,
                    }
                )
            )
            for guardrail in self.guardrails
        ]

    @property
    def power_of_each(self) -> float:
        """Power of each metric of the decision with which all of them together have `power`.

        A rollout needs the primary metric to win and every guardrail to show that it is not worse,
        so their chances to fail add up. Guardrails need no share of the error rate: a false rollout
        needs all of them to pass.

        Source: Schultzberg, Ankargren and Franberg 2024, "Risk-aware product decisions in A/B tests
        with multiple metrics".
        """
        return 1 - (1 - self.power) / len(self.evaluated_metrics)

    def effect_in_question(self, metric: str, *, baseline: float | None = None) -> float | None:
        """Effect that a metric must be able to show: the smallest worth finding,
        a guardrail's margin (a relative one of the control's mean), else none is stated.
        """
        if metric == self.primary_metric:
            return self.minimum_effect
        for guardrail in self.guarded:
            if guardrail.metric == metric:
                share = guardrail.relative_margin
                return guardrail.margin if share is None else share * abs(baseline or 0.0) or None
        return None

    def is_fixed(self, metric: str) -> bool:
        """Whether the arms cannot have changed a metric,
        so that it serves as a negative control.
        """
        return self.is_replay and REPLAY_METRICS[metric].is_fixed_offline
