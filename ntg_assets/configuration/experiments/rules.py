"""What makes a definition one that could never be decided."""

from collections.abc import Iterator
from itertools import pairwise

from ntg_assets.configuration.experiments.source_rules import (
    log_problems,
    replay_problems,
    table_problems,
)
from ntg_assets.configuration.experiments.terms import DefinedTerms


def problems_of(experiment: DefinedTerms) -> Iterator[str]:
    """Say what cannot work, in the order in which it is worth mending."""
    yield from _arm_problems(experiment)
    yield from _source_problems(experiment)
    yield from _metric_problems(experiment)
    yield from _design_problems(experiment)
    yield from _ramp_problems(experiment)
    yield from _look_problems(experiment)


def _source_problems(experiment: DefinedTerms) -> Iterator[str]:
    of_kind = {"offline replay": replay_problems, "table": table_problems}
    yield from of_kind.get(experiment.source.kind, log_problems)(experiment)


def _arm_problems(experiment: DefinedTerms) -> Iterator[str]:
    names = [arm.name for arm in experiment.arms]
    if len(set(names)) < len(names):
        yield "two arms have one name"
    start, end = experiment.layer_range
    if not 0 <= start < end <= 1:
        yield f"layer_range [{start:g}, {end:g}) must lie within [0, 1) and not be empty"


def _metric_problems(experiment: DefinedTerms) -> Iterator[str]:
    measured = [metric.name for metric in experiment.measured]
    for name in experiment.evaluated_metrics:
        if name not in measured:
            yield f"metric {name!r} is not measured; known: {', '.join(measured)}"
    for guardrail in experiment.guarded:
        if not (guardrail.margin or guardrail.relative_margin):
            yield (
                f"guardrail {guardrail.metric} needs a margin or a relative_margin, its own or that"
                " of the metric"
            )
    if len(set(measured)) < len(measured):
        yield "two metrics have one name"
    if experiment.is_fixed(experiment.primary_metric):
        yield (
            f"in a replay no list can change {experiment.primary_metric!r}: its rule could never be"
            " satisfied"
        )


def _design_problems(experiment: DefinedTerms) -> Iterator[str]:
    if experiment.is_replay and experiment.design_columns:
        yield f"an offline replay has no column {experiment.design_columns[0]!r} of a unit table"
    for metric in experiment.measured:
        if experiment.cluster_id and metric.how.reads_ranks:
            yield (
                f"metric {metric.name} is a {metric.kind}, whose ranks of units say nothing"
                f" about clusters of {experiment.cluster_id!r}; compare the share above a value"
            )
    if experiment.alpha_weights:
        yield from _alpha_problems(experiment)


def _alpha_problems(experiment: DefinedTerms) -> Iterator[str]:
    sharing = [
        metric.name
        for metric in experiment.measured
        if experiment.role_of(metric.name) in {"primary", "secondary"}
    ]
    for name in experiment.alpha_weights:
        if name not in sharing:
            weighted = ", ".join(sharing)
            yield f"alpha_weights names {name!r}; only {weighted} share the error rate"
    for name in sharing:
        if not experiment.alpha_weights.get(name, 0) > 0:
            yield f"alpha_weights gives {name!r} nothing, so it could never claim anything"


def _ramp_problems(experiment: DefinedTerms) -> Iterator[str]:
    steps = [(step.from_on, step.share) for step in experiment.ramp]
    if any(later[0] <= earlier[0] or later[1] <= earlier[1] for earlier, later in pairwise(steps)):
        yield "the steps of a ramp must rise in day and in share"


def _look_problems(experiment: DefinedTerms) -> Iterator[str]:
    shares = experiment.planned_looks
    rises = all(earlier < later for earlier, later in pairwise(shares))
    if shares[-1] != 1 or shares[0] <= 0 or not rises:
        yield f"planned_looks must rise from above 0 to 1, found {shares}"
    if experiment.planned_units is None and len(shares) > 1:
        yield "planned_looks are shares of planned_units, which is not given"
