"""The configured experiments as small frames that the SQL joins: one row per experiment,
arm or metric.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.experiments.sources import ReplaySource

EXPERIMENT_TYPES = {
    "experiment": pl.String,
    "salt": pl.String,
    "layer_salt": pl.String,
    "layer_start": pl.Float64,
    "layer_end": pl.Float64,
    "holdout_salt": pl.String,
    "holdout_share": pl.Float64,
    "n_arms": pl.Int64,
    "is_replay": pl.Boolean,
    "ramp_share": pl.Float64,
}
ARM_TYPES = {
    "experiment": pl.String,
    "arm": pl.String,
    "arm_position": pl.Int64,
    "arm_salt": pl.String,
    "weight": pl.Float64,
    "strategy": pl.String,
    "list_length": pl.Int64,
}
METRIC_TYPES = {
    "experiment": pl.String,
    "metric": pl.String,
    "has_pairs": pl.Boolean,
    "is_daily": pl.Boolean,
    "reads_ranks": pl.Boolean,
    "measure": pl.String,
    "denominator": pl.String,
    "takes_all_types": pl.Boolean,
    "takes_all_items": pl.Boolean,
    "min_value": pl.Float64,
    "max_value": pl.Float64,
    "from_day": pl.Int64,
    "until_day": pl.Int64,
    "lowest": pl.Float64,
    "quantile": pl.Float64,
    "winsorise_at": pl.Float64,
    "winsorise_below": pl.Float64,
    "source": pl.String,
    "is_primary": pl.Boolean,
    "window_days": pl.Int64,
}
LOOK_TYPES = {"experiment": pl.String, "n_units": pl.Int64}
CATEGORY_TYPES = {"experiment": pl.String, "metric": pl.String, "category": pl.String}
EVENT_TYPE_TYPES = {"experiment": pl.String, "metric": pl.String, "event_type": pl.String}


def salt_of(experiment: ExperimentSettings) -> str:
    """Return the salt of the choice between arms."""
    return experiment.salt or experiment.id


def arm_salt(experiment: ExperimentSettings, arm: str) -> str:
    """Return the salt with which units draw for one arm."""
    return f"{salt_of(experiment)}:{arm}"


def layer_salt(experiment: ExperimentSettings) -> str:
    """Return the salt of the experiment's layer, which differs from every experiment's own."""
    return f"layer:{experiment.layer or experiment.id}"


def experiments_frame(
    programme: ExperimentsSettings, *, ramp_on: Mapping[str, date] | None = None
) -> pl.DataFrame:
    """List the experiments with their salts and shares; one row per experiment.

    Args:
        programme: All experiments.
        ramp_on: Day at which each experiment's ramp is read; experiments that are not named stand
            at its end.
    """
    rows = [
        (
            experiment.id,
            salt_of(experiment),
            layer_salt(experiment),
            *experiment.layer_range,
            programme.holdout_salt,
            programme.holdout_share,
            len(experiment.arms),
            experiment.is_replay,
            experiment.ramp_share((ramp_on or {}).get(experiment.id, date.max)),
        )
        for experiment in programme.in_runs
    ]
    return pl.DataFrame(rows, schema=EXPERIMENT_TYPES, orient="row")


def arms_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the arms, control first (`arm_position` 0); one row per (experiment, arm)."""
    rows = [
        (
            experiment.id,
            arm.name,
            position,
            arm_salt(experiment, arm.name),
            arm.weight,
            arm.strategy,
            _list_length(experiment),
        )
        for experiment in definitions
        for position, arm in enumerate(experiment.arms)
    ]
    return pl.DataFrame(rows, schema=ARM_TYPES, orient="row")


def metrics_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the metrics of each readout; one row per (experiment, metric)."""
    rows = [
        (
            experiment.id,
            metric.name,
            metric.how.has_pairs,
            metric.how.is_daily
            and not experiment.cluster_id,  # days of units say nothing of clusters
            metric.how.reads_ranks,
            metric.measure,
            metric.denominator,
            not metric.event_types,
            not metric.categories,
            metric.min_value,
            metric.max_value,
            metric.from_day,
            metric.window_days,
            metric.smallest,
            metric.quantile if metric.how.reads_ranks else None,
            metric.winsorise_at,
            metric.winsorise_below,
            experiment.evidence,
            metric.name == experiment.primary_metric,
            experiment.window_days,
        )
        for experiment in definitions
        for metric in experiment.measured
    ]
    return pl.DataFrame(rows, schema=METRIC_TYPES, orient="row")


def event_types_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the kinds of event that metrics count, where they name some;
    one row per (experiment, metric, event type).
    """
    return _listed(definitions, lambda metric: metric.event_types, EVENT_TYPE_TYPES)


def categories_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the categories of items that metrics count, where they name some;
    one row per (experiment, metric, category).
    """
    return _listed(definitions, lambda metric: metric.categories, CATEGORY_TYPES)


def _listed(
    definitions: Sequence[ExperimentSettings],
    names_of: Callable[[MetricSettings], Sequence[str]],
    schema: Mapping[str, Any],
) -> pl.DataFrame:
    """List what metrics name, each once; one row per (experiment, metric, name)."""
    rows = [
        (experiment.id, metric.name, name)
        for experiment in definitions
        for metric in experiment.measured
        for name in dict.fromkeys(names_of(metric))
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def looks_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the planned looks; one row per (experiment, look)."""
    rows = [(experiment.id, size) for experiment in definitions for size in experiment.look_sizes]
    return pl.DataFrame(rows, schema=LOOK_TYPES, orient="row")


def _list_length(experiment: ExperimentSettings) -> int | None:
    return experiment.source.list_length if isinstance(experiment.source, ReplaySource) else None
