"""What a source of evidence cannot answer."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.measures import REPLAY_METRICS
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.sources import InterventionSource, LogSource, ReplaySource
from ntg_assets.configuration.experiments.terms import DefinedTerms

EVENT_FIELDS = ("event_types", "min_value", "max_value", "categories", "from_day", "window_days")
RADAR_ARMS = ["holdout", "contact"]  # the control first


def replay_problems(experiment: DefinedTerms) -> Iterator[str]:
    """Say what an offline replay cannot know."""
    if experiment.unit != "user":
        yield f"an offline replay knows users only, not the unit {experiment.unit!r}"
    if experiment.eligible_segments:
        yield "an offline replay has no log whose segments could be eligible"
    if experiment.planned_units is not None:
        yield "a replay has all its units at once, so planned_units says nothing"
    if experiment.ramp:
        yield "a replay looks at one stretch of the past, so it has no ramp"
    if missing := [arm.name for arm in experiment.arms if arm.strategy is None]:
        yield (
            f"arm {missing[0]!r} names no ranking strategy, which an offline replay needs (the"
            " source where none is given; `source: {kind: table}` reads a table of units or counts,"
            " `kind: log` logs of exposures and outcomes)"
        )
    if unknown := [
        metric.name for metric in experiment.metrics if metric.name not in REPLAY_METRICS
    ]:
        yield (
            f"an offline replay does not measure {unknown[0]!r}; it measures"
            f" {', '.join(REPLAY_METRICS)}"
        )


def table_problems(experiment: DefinedTerms) -> Iterator[str]:
    """Say what a table of units or of counts cannot know."""
    if not experiment.metrics:
        yield "an experiment on a table needs its metrics named"
    for metric in experiment.metrics:
        plain = MetricSettings.model_fields
        asked = [
            name
            for name in EVENT_FIELDS
            if getattr(metric, name) != plain[name].get_default(call_default_factory=True)
        ]
        if asked:
            yield (
                f"metric {metric.name}: {asked[0]} chooses among events, and a table holds the"
                " value of each unit"
            )
    if experiment.eligible_segments:
        yield "eligible_segments chooses among units of a log; leave the others out of the table"
    if experiment.ramp:
        yield "a table says nothing of days, so it has no ramp"
    if experiment.comparison == Comparison.PAIRED:
        yield "each unit of a table is known under one arm only, so pairs do not exist"


def log_problems(experiment: DefinedTerms) -> Iterator[str]:
    """Say what logs of exposures, or of the radar, cannot know."""
    if not experiment.metrics:
        yield "an experiment on logs needs its metrics named"
    for metric in experiment.metrics:
        yield from _metric_problems(experiment, metric)
    if experiment.unit != "user" and (
        isinstance(experiment.source, InterventionSource)
        or (isinstance(experiment.source, LogSource) and experiment.source.outcomes is None)
    ):
        yield (
            f"the interaction log knows users only, not the unit {experiment.unit!r}: name an"
            " outcome log with its ids"
        )
    if experiment.eligible_segments and not (
        isinstance(experiment.source, LogSource) and experiment.source.exposures.segment
    ):
        yield "eligible_segments needs an exposure log with a column of segments"
    if isinstance(experiment.source, InterventionSource):
        yield from _radar_problems(experiment)
    if experiment.planned_units is None and not experiment.assigned_at_once:
        yield (
            "an experiment on logs needs planned_units (see `ntg plan-experiment`): read every"
            " night, it would claim too often"
        )
    if experiment.comparison == Comparison.PAIRED:
        yield "each unit of a log is known under one arm only, so pairs do not exist"


def _radar_problems(experiment: DefinedTerms) -> Iterator[str]:
    arms = [arm.name for arm in experiment.arms]
    if arms != RADAR_ARMS:
        yield (
            "the radar's log has the arms holdout (the control) and contact, found"
            f" {', '.join(arms)}"
        )
    if experiment.design_columns:
        yield f"the radar's log has no column {experiment.design_columns[0]!r}"


def _metric_problems(experiment: DefinedTerms, metric: MetricSettings) -> Iterator[str]:
    if metric.categories and not (
        isinstance(experiment.source, ReplaySource) or experiment.source.outcomes is None
    ):
        yield (
            f"metric {metric.name} counts items of some categories, which only the interaction"
            " log knows: leave out the outcome log, or name event_types of it"
        )
    if metric.window_days is not None and metric.window_days > experiment.window_days:
        yield (
            f"metric {metric.name} looks at {metric.window_days} days, and the source's window"
            f" has {experiment.window_days:g}"
        )
