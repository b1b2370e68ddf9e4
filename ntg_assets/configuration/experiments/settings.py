"""All experiments, and the users kept out of every one of them."""

from collections import Counter
from itertools import pairwise
from typing import Any

from pydantic import Field, model_validator

from ntg_assets.configuration.experiments.catalogue import metrics_by_name, with_metrics
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.rules import problems_of
from ntg_assets.configuration.experiments.table_source import TableSource
from ntg_assets.configuration.experiments.terms import DefinedTerms
from ntg_assets.configuration.section import Section
from ntg_assets.statistics.bayes import Belief, PastEffect, learn_prior


class ExperimentSettings(DefinedTerms):
    """One experiment; its first arm is the control."""

    @model_validator(mode="before")
    @classmethod
    def _first_metric_is_primary(cls, definition: Any) -> Any:  # whatever YAML holds
        """Outside a replay the primary metric is the first one where none is named."""
        if not isinstance(definition, dict) or "primary_metric" in definition:
            return definition
        metrics, source = definition.get("metrics"), definition.get("source")
        if not (isinstance(metrics, list) and metrics and source):
            return definition
        kind = source.get("kind") if isinstance(source, dict) else source.kind
        first = metrics[0]
        name = first.get("name") if isinstance(first, dict) else getattr(first, "name", None)
        if kind == "offline replay" or name is None:
            return definition
        return definition | {"primary_metric": name}

    @model_validator(mode="after")
    def _can_be_decided(self) -> "ExperimentSettings":
        if problem := next(problems_of(self), None):
            msg = f"experiment {self.id}: {problem}"
            raise ValueError(msg)
        return self


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
    def _take_from_the_catalogue(cls, section: Any) -> Any:  # whatever YAML holds
        """Put the metrics of the catalogue where experiments name them."""
        if not isinstance(section, dict) or not isinstance(section.get("definitions"), list):
            return section
        catalogue = metrics_by_name(section.get("metrics") or [])
        return section | {
            "definitions": [
                with_metrics(definition, catalogue) for definition in section["definitions"]
            ]
        }

    @property
    def in_runs(self) -> list[ExperimentSettings]:
        """Those that a run of the graph decides; a table has no times, so none would be made."""
        return [one for one in self.definitions if not isinstance(one.source, TableSource)]

    @property
    def prior(self) -> Belief | None:
        """What past experiments say about relative effects; None when they say too little."""
        return learn_prior(
            [
                PastEffect(effect.relative_effect, effect.standard_error)
                for effect in self.past_effects
            ]
        )

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "ExperimentsSettings":
        ids = [experiment.id for experiment in self.definitions]
        if doubled := sorted(repeated for repeated, n in Counter(ids).items() if n > 1):
            msg = f"two experiments have the id {doubled[0]!r}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _layers_do_not_overlap(self) -> "ExperimentsSettings":
        """Neighbours in the order of a layer are enough: whoever overlaps anybody overlaps the next
        one too.
        """
        in_layers = sorted(
            (experiment for experiment in self.definitions if experiment.layer),
            key=lambda experiment: (str(experiment.layer), experiment.layer_range),
        )
        for lower, upper in pairwise(in_layers):
            start, end = upper.layer_range[0], min(lower.layer_range[1], upper.layer_range[1])
            if lower.layer == upper.layer and start < end:
                shared = f"[{start:g}, {end:g}) of layer {lower.layer!r}"
                msg = (
                    f"experiments {lower.id} and {upper.id} both take {shared}; give each its own"
                    " layer_range"
                )
                raise ValueError(msg)
        return self
