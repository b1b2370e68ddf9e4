"""Contrasts of experiments on logs whose exposures name clusters, strata or covariates."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.units.contrast_rows import CONTRAST_TYPES, metric_contrasts
from ntg_assets.experiments.data.units.unit_designs import units_of
from ntg_assets.statistics.designs.units import Units


def contrasts_of_logs(
    definitions: Sequence[ExperimentSettings], designed_units: pl.DataFrame
) -> pl.DataFrame:
    """Compare the arms of every experiment whose log names a design.

    Args:
        definitions: The experiments.
        designed_units: See the contract of that name.

    Returns:
        One row per (experiment, comparison, metric, treatment, segment) that can be compared:
        between the units of the look, and of all to date where others came in since.
    """
    parts = [pl.DataFrame(schema=CONTRAST_TYPES)]
    for experiment, rows in _of_each(definitions, designed_units):
        design, look = log_design(experiment, rows), rows.filter("is_in_look")
        parts.append(metric_contrasts(experiment, look, design))
        if look.height < rows.height:
            parts.append(metric_contrasts(experiment, rows, design, comparison=Comparison.TO_DATE))
    return pl.concat(parts)


def units_of_logs(
    definitions: Sequence[ExperimentSettings], designed_units: pl.DataFrame
) -> dict[str, Mapping[str, Units]]:
    """Return the units of the look by experiment and metric, for the self-tests."""
    return {
        experiment.id: {
            metric.name: units_of(
                experiment, metric, rows.filter("is_in_look"), log_design(experiment, rows)
            )[0]
            for metric in experiment.measured
            if experiment.is_designed(metric)
        }
        for experiment, rows in _of_each(definitions, designed_units)
    }


def log_design(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Lay the design of a log out as that of a unit table; one row per unit."""
    names = experiment.covariate_columns
    covariates = pl.col("covariates").str.json_decode(pl.Struct(dict.fromkeys(names, pl.Float64)))
    roles = {experiment.cluster_id: "cluster_id", experiment.strata: "stratum"}
    return rows.unique("unit_id", maintain_order=True).select(
        "unit_id",
        *(pl.col(column).alias(f"design {name}") for name, column in roles.items() if name),
        *(
            covariates.struct.field(name).alias(f"design {name}")
            for name in names
            if name not in roles
        ),
    )


def _of_each(
    definitions: Sequence[ExperimentSettings], rows: pl.DataFrame
) -> Iterator[tuple[ExperimentSettings, pl.DataFrame]]:
    parts = rows.partition_by("experiment", as_dict=True)
    return (
        (experiment, parts[experiment.id,])
        for experiment in definitions
        if (experiment.id,) in parts
    )
