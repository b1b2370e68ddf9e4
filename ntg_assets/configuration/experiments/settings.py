"""What an experiment is: its units, arms and metrics, where its evidence comes from,
the rule of its decision.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from math import ceil
from typing import Any, Literal

from pydantic import Field, model_validator

from ntg_assets.configuration.experiments.arms import (
    ArmSettings,
    GuardrailSettings,
    OverrideSettings,
    RampStep,
)
from ntg_assets.configuration.experiments.comparisons import Comparison, Deciding
from ntg_assets.configuration.experiments.measures import REPLAY_METRICS
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.sources import (
    Evidence,
    InterventionSource,
    LogSource,
    ReplaySource,
    Source,
)
from ntg_assets.configuration.section import Section
from ntg_assets.statistics.alpha_split import split_alpha
from ntg_assets.statistics.bayes import Belief, PastEffect, learn_prior


class ExperimentSettings(Section):
    """One experiment; its first arm is the control."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    hypothesis: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    tests: Literal["recommendation_strategy"] | None = None
    """What is tested, where it bears on the question of the first page;
    null: something else, which never answers it.
    """
    unit: str = Field(default="user", min_length=1)
    """What gets an arm: users, or another unit whose ids the exposure log and the outcome log share
    (household, session).
    """
    eligible_segments: list[str] = Field(default_factory=list)
    """Only exposed units of these segments of the log take part; empty: all."""
    cluster_id: str | None = Field(default=None, min_length=1)
    """Column of the unit table (or of aggregates, one row per cluster) with what was randomised as
    a whole, such as a household or a shop: then clusters vary, not units. Logs hold none.
    """
    strata: str | None = Field(default=None, min_length=1)
    """Column of the unit table (or of aggregates) with a part of the population known before the
    experiment, within which arms are compared (post-stratification). Logs hold none.
    """
    alpha_weights: dict[str, float] = Field(default_factory=dict)
    """How the primary metric and those that decide nothing divide `significance`, by name; each
    claims at its own share. Guardrails take none. Empty: the primary metric has all of it, the
    others bound the share of their false claims (Benjamini-Hochberg).
    """
    salt: str | None = None
    """Salt of the choice between arms; null: the id."""
    layer: str | None = None
    """Experiments in one layer share its units without overlap; null: a layer of its own."""
    layer_range: tuple[float, float] = (0.0, 1.0)
    """Half-open part `[start, end)` of the layer that this experiment takes."""
    ramp: list[RampStep] = Field(default_factory=list)
    """Shares that rise over time; who is in stays in,
    because a higher share only lets more buckets in. Empty: all from the start.
    """
    kept_assignments: str | None = None
    """Earlier `assignments` (Parquet, as published): their units keep their arm whatever the
    weights are now.
    """
    arms: list[ArmSettings] = Field(min_length=2)
    source: Source = Field(default=ReplaySource(), discriminator="kind")
    """Where the evidence comes from."""
    metrics: list[MetricSettings] = Field(default_factory=list)
    """Metrics of the readout, or names of those in the catalogue `experiments.metrics`; empty: all
    that an offline replay measures (whose metrics have their own kinds).
    """
    comparison: Deciding = Comparison.BETWEEN_USERS
    """Which readout decides: users of one arm against users of the other,
    or (replay only) each user under both.
    """
    pool_treatments: bool = False
    """Whether all treatments together are held against the control as well; such a readout informs
    and decides nothing.
    """
    primary_metric: str = "matched_value"
    guardrails: list[GuardrailSettings] = Field(default_factory=list)
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    """Two-sided error rate of the primary test, over all treatment arms together."""
    power: float = Field(default=0.8, gt=0.5, lt=1)
    """Probability with which a true effect of `minimum_effect` should be found."""
    minimum_effect: float | None = Field(default=None, gt=0)
    """Smallest absolute difference of the primary metric that is worth finding;
    null: the one observed.
    """
    planned_units: int | None = Field(default=None, ge=4)
    """Units of all arms together at which the experiment ends; needed on logs,
    where every night would otherwise be a look.
    """
    planned_looks: list[float] = Field(default=[1.0], min_length=1)
    """Shares of the planned units at which success is judged;
    they share the error rate (Lan-DeMets, O'Brien-Fleming).
    """
    minimum_units_per_arm: int = Field(default=100, ge=2)
    """Below this no claim is made in either direction."""
    minimum_days: int = Field(default=14, ge=1, multiple_of=7)
    """Whole weeks that the exposures of a logged experiment must cover before a claim is made."""
    novelty: Literal["warn", "block"] = "warn"
    """What follows when the effect moves, with the days since the exposure or from early to late
    units: a warning, or no claim.
    """
    override: OverrideSettings | None = None
    """A decision made by a person against the rule; it is recorded beside what the rule says."""
    value_per_unit: float = Field(default=1.0, gt=0)
    """What one unit of the primary metric is worth, in the unit of value (one less of it, where
    less is better). Unless the metric is revenue itself this is an assumption, and is called
    one."""
    cost_per_unit: float = Field(default=0.0, ge=0)
    """Running cost of the treatment per user over the horizon,
    in the unit of value; it grows with the horizon, as the value does.
    """
    one_off_cost_per_unit: float = Field(default=0.0, ge=0)
    """Cost per user that is paid once, however long the effect lasts
    (set-up, a first month free), in the unit of value.
    """
    profit_confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Probability of clearing the hurdle that a rollout needs;
    at one minus this it is a rollback.
    """
    return_hurdle: float = Field(default=0.0, ge=0)
    """Return on the cost that a rollout must exceed (0: break even;
    0.2: a fifth more than the cost).
    """
    rollout_evidence: list[Evidence] = Field(default=["observed"])
    """Evidence that may roll out. A replay shows that lists match what people chose,
    not that showing them earns money.
    """

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
    def judged_metrics(self) -> list[str]:
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
        if metric in self.judged_metrics:
            return "guardrail"
        return "negative control" if self.is_fixed(metric) else "secondary"

    def is_designed(self, metric: MetricSettings) -> bool:
        """Whether a metric is compared by clusters, strata or covariates of a unit table."""
        if self.cluster_id:
            return True
        return bool(self.strata or metric.covariates) and not metric.how.reads_ranks

    @property
    def design_columns(self) -> list[str]:
        """Columns of a unit table that the design names, each once."""
        named = [self.cluster_id, self.strata]
        named += [one for metric in self.measured for one in metric.covariates]
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
        return 1 - (1 - self.power) / len(self.judged_metrics)

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

    @model_validator(mode="after")
    def _arms_are_distinct(self) -> "ExperimentSettings":
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            msg = f"experiment {self.id}: two arms have one name"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _layer_range_is_ordered(self) -> "ExperimentSettings":
        start, end = self.layer_range
        if not 0 <= start < end <= 1:
            msg = (
                f"experiment {self.id}: layer_range [{start:g}, {end:g}) must lie within [0, 1) and"
                " not be empty"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _source_can_answer(self) -> "ExperimentSettings":
        if problem := next(
            self._replay_problems() if self.is_replay else self._log_problems(), None
        ):
            msg = f"experiment {self.id}: {problem}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _metrics_are_known(self) -> "ExperimentSettings":
        known = [metric.name for metric in self.measured]
        for name in self.judged_metrics:
            if name not in known:
                msg = (
                    f"experiment {self.id}: metric {name!r} is not measured; known:"
                    f" {', '.join(known)}"
                )
                raise ValueError(msg)
        for guardrail in self.guarded:
            if not (guardrail.margin or guardrail.relative_margin):
                msg = (
                    f"experiment {self.id}: guardrail {guardrail.metric} needs a margin or a"
                    " relative_margin, its own or that of the metric"
                )
                raise ValueError(msg)
        if len(set(known)) < len(known):
            msg = f"experiment {self.id}: two metrics have one name"
            raise ValueError(msg)
        if self.is_fixed(self.primary_metric):
            msg = (
                f"experiment {self.id}: in a replay no list can change {self.primary_metric!r}: its"
                " rule could never be satisfied"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _design_can_be_read(self) -> "ExperimentSettings":
        if problem := next(self._design_problems(), None):
            msg = f"experiment {self.id}: {problem}"
            raise ValueError(msg)
        return self

    def _design_problems(self) -> Iterator[str]:
        if self.is_replay and self.design_columns:
            yield f"an offline replay has no column {self.design_columns[0]!r} of a unit table"
        for metric in self.measured:
            if self.cluster_id and metric.how.reads_ranks:
                yield (
                    f"metric {metric.name} is a {metric.kind}, whose ranks of units say nothing"
                    f" about clusters of {self.cluster_id!r}; compare the share above a value"
                )
        if self.alpha_weights:
            yield from self._alpha_problems()

    def _alpha_problems(self) -> Iterator[str]:
        sharing = [
            metric.name
            for metric in self.measured
            if self.role_of(metric.name) in {"primary", "secondary"}
        ]
        for name in self.alpha_weights:
            if name not in sharing:
                known = ", ".join(sharing)
                yield f"alpha_weights names {name!r}; only {known} share the error rate"
        for name in sharing:
            if not self.alpha_weights.get(name, 0) > 0:
                yield f"alpha_weights gives {name!r} nothing, so it could never claim anything"

    @model_validator(mode="after")
    def _ramp_rises(self) -> "ExperimentSettings":
        steps = [(step.from_on, step.share) for step in self.ramp]
        if any(
            later[0] <= earlier[0] or later[1] <= earlier[1] for earlier, later in pairwise(steps)
        ):
            msg = f"experiment {self.id}: the steps of a ramp must rise in day and in share"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _looks_rise_to_the_end(self) -> "ExperimentSettings":
        shares = self.planned_looks
        if (
            shares[-1] != 1
            or shares[0] <= 0
            or any(later <= earlier for earlier, later in pairwise(shares))
        ):
            msg = f"experiment {self.id}: planned_looks must rise from above 0 to 1, found {shares}"
            raise ValueError(msg)
        if self.planned_units is None and len(shares) > 1:
            msg = (
                f"experiment {self.id}: planned_looks are shares of planned_units, which is not"
                " given"
            )
            raise ValueError(msg)
        return self

    def _replay_problems(self) -> Iterator[str]:
        if self.unit != "user":
            yield f"an offline replay knows users only, not the unit {self.unit!r}"
        if self.eligible_segments:
            yield "an offline replay has no log whose segments could be eligible"
        if self.planned_units is not None:
            yield "a replay has all its units at once, so planned_units says nothing"
        if self.ramp:
            yield "a replay looks at one stretch of the past, so it has no ramp"
        if missing := [arm.name for arm in self.arms if arm.strategy is None]:
            yield f"arm {missing[0]!r} names no ranking strategy, which an offline replay needs"
        if unknown := [metric.name for metric in self.metrics if metric.name not in REPLAY_METRICS]:
            yield (
                f"an offline replay does not measure {unknown[0]!r}; it measures"
                f" {', '.join(REPLAY_METRICS)}"
            )

    def _log_problems(self) -> Iterator[str]:
        if not self.metrics:
            yield "an experiment on logs needs its metrics named"
        for metric in self.metrics:
            yield from self._metric_problems(metric)
        if self.unit != "user" and (
            isinstance(self.source, InterventionSource) or self.source.outcomes is None  # type: ignore[union-attr]
        ):
            yield (
                f"the interaction log knows users only, not the unit {self.unit!r}: name an outcome"
                " log with its ids"
            )
        if self.eligible_segments and not (
            isinstance(self.source, LogSource) and self.source.exposures.segment
        ):
            yield "eligible_segments needs an exposure log with a column of segments"
        if isinstance(self.source, InterventionSource) and [arm.name for arm in self.arms] != [
            "holdout",
            "contact",
        ]:
            yield (
                "the radar's log has the arms holdout (the control) and contact, found"
                f" {', '.join(arm.name for arm in self.arms)}"
            )
        if self.planned_units is None and not self.assigned_at_once:
            yield (
                "an experiment on logs needs planned_units (see `ntg plan-experiment`): read every"
                " night, it would claim too often"
            )
        if self.comparison == Comparison.PAIRED:
            yield "each unit of a log is known under one arm only, so pairs do not exist"

    def _metric_problems(self, metric: MetricSettings) -> Iterator[str]:
        if metric.categories and not (
            isinstance(self.source, ReplaySource) or self.source.outcomes is None
        ):
            yield (
                f"metric {metric.name} counts items of some categories, which only the interaction"
                " log knows: leave out the outcome log, or name event_types of it"
            )
        if metric.window_days is not None and metric.window_days > self.window_days:
            yield (
                f"metric {metric.name} looks at {metric.window_days} days, and the source's window"
                f" has {self.window_days:g}"
            )


def _by_name(metrics: Any) -> dict[str, Any]:  # whatever YAML holds
    """Index a catalogue by name.

    Raises:
        ValueError: two metrics have one name.
    """
    named: list[tuple[str, Any]] = [
        (one.name if isinstance(one, MetricSettings) else str(one.get("name")), one)
        for one in metrics
        if isinstance(one, (dict, MetricSettings))
    ]
    doubled = [name for name, n in Counter(name for name, _ in named).items() if n > 1]
    if doubled:
        msg = f"experiments.metrics: two metrics are called {doubled[0]!r}"
        raise ValueError(msg)
    return dict(named)


def _with_metrics(definition: Any, catalogue: dict[str, Any]) -> Any:  # as above
    """Replace the names among an experiment's metrics by the metrics of the catalogue.

    Raises:
        ValueError: the catalogue has no metric of a name.
    """
    if not isinstance(definition, dict) or not isinstance(definition.get("metrics"), list):
        return definition
    for name in definition["metrics"]:
        if isinstance(name, str) and name not in catalogue:
            known = ", ".join(catalogue) or "nothing"
            msg = (
                f"experiment {definition.get('id')}: the catalogue experiments.metrics has no"
                f" {name!r}; it has {known}"
            )
            raise ValueError(msg)
    taken = [catalogue[one] if isinstance(one, str) else one for one in definition["metrics"]]
    return definition | {"metrics": taken}


class PastEffectSettings(Section):
    """What an earlier experiment found, for shrinkage against the winner's curse."""

    experiment: str = Field(min_length=1)
    relative_effect: float
    """As an improvement: a fall of a metric of which less is better counts above zero."""
    standard_error: float = Field(gt=0)


class ExperimentsSettings(Section):
    """All experiments, and the users kept out of every one of them."""

    holdout_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of units in the global holdout: in no experiment,
    so that all of them together can be measured.
    """
    holdout_salt: str = "experiments-holdout"
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Share of an experiment's own log (0-1) whose times may lie outside those that `ingest`
    believes; above it the log is refused.
    """
    past_effects: list[PastEffectSettings] = Field(default_factory=list)
    """Relative effects of past experiments on their primary metrics;
    three or more of them make a prior for the money gate.
    """
    self_tested: int = Field(default=20, ge=0)
    """So many experiments, those with the most units,
    are put to the self-tests: more of them would say the same of the same formulas.
    """
    metrics: list[MetricSettings] = Field(default_factory=list)
    """Catalogue of metrics that experiments share: in the `metrics` of an experiment a name stands
    for the metric of that name here.
    """
    definitions: list[ExperimentSettings] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _take_from_the_catalogue(cls, given: Any) -> Any:  # whatever YAML holds
        """Put the metrics of the catalogue where experiments name them."""
        if not isinstance(given, dict) or not isinstance(given.get("definitions"), list):
            return given
        catalogue = _by_name(given.get("metrics") or [])
        return given | {
            "definitions": [_with_metrics(one, catalogue) for one in given["definitions"]]
        }

    @property
    def prior(self) -> Belief | None:
        """What past experiments say about relative effects; None when they say too little."""
        return learn_prior(
            [PastEffect(one.relative_effect, one.standard_error) for one in self.past_effects]
        )

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "ExperimentsSettings":
        ids = [experiment.id for experiment in self.definitions]
        if doubled := sorted(one for one, n in Counter(ids).items() if n > 1):
            msg = f"two experiments have the id {doubled[0]!r}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _layers_do_not_overlap(self) -> "ExperimentsSettings":
        """Neighbours in the order of a layer are enough: whoever overlaps anybody overlaps the next
        one too.
        """
        in_layers = sorted(
            (found for found in self.definitions if found.layer),
            key=lambda found: (str(found.layer), found.layer_range),
        )
        for one, other in pairwise(in_layers):
            start, end = other.layer_range[0], min(one.layer_range[1], other.layer_range[1])
            if one.layer == other.layer and start < end:
                shared = f"[{start:g}, {end:g}) of layer {one.layer!r}"
                msg = (
                    f"experiments {one.id} and {other.id} both take {shared}; give each its own"
                    " layer_range"
                )
                raise ValueError(msg)
        return self
