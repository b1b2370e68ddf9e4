"""The configured experiments as small frames that the SQL joins: one row per experiment, arm or metric."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.experiments.settings import ExperimentSettings, ExperimentsSettings

EXPERIMENT_TYPES = {
    "experiment": pl.String,
    "salt": pl.String,
    "layer_salt": pl.String,
    "layer_start": pl.Float64,
    "layer_end": pl.Float64,
    "holdout_salt": pl.String,
    "holdout_share": pl.Float64,
    "n_arms": pl.Int64,
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
METRIC_TYPES = {"experiment": pl.String, "metric": pl.String, "kind": pl.String, "use_covariate": pl.Boolean}


def salt_of(experiment: ExperimentSettings) -> str:
    """Return the salt of the choice between arms."""
    return experiment.salt or experiment.id


def arm_salt(experiment: ExperimentSettings, arm: str) -> str:
    """Return the salt with which units draw for one arm."""
    return f"{salt_of(experiment)}:{arm}"


def layer_salt(experiment: ExperimentSettings) -> str:
    """Return the salt of the experiment's layer, which differs from every experiment's own."""
    return f"layer:{experiment.layer or experiment.id}"


def experiments_frame(programme: ExperimentsSettings) -> pl.DataFrame:
    """List the experiments with their salts and shares; one row per experiment."""
    rows = [
        (
            experiment.id,
            salt_of(experiment),
            layer_salt(experiment),
            *experiment.layer_range,
            programme.holdout_salt,
            programme.holdout_share,
            len(experiment.arms),
        )
        for experiment in programme.definitions
    ]
    return pl.DataFrame(rows, schema=EXPERIMENT_TYPES, orient="row")


def arms_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the arms, control first (`arm_position` 0); one row per (experiment, arm)."""
    rows = [
        (one.id, arm.name, position, arm_salt(one, arm.name), arm.weight, arm.strategy, one.list_length)
        for one in definitions
        for position, arm in enumerate(one.arms)
    ]
    return pl.DataFrame(rows, schema=ARM_TYPES, orient="row")


def metrics_frame(definitions: Sequence[ExperimentSettings]) -> pl.DataFrame:
    """List the metrics of each readout; one row per (experiment, metric)."""
    rows = [(one.id, metric.name, metric.kind, metric.use_covariate) for one in definitions for metric in one.measured]
    return pl.DataFrame(rows, schema=METRIC_TYPES, orient="row")
