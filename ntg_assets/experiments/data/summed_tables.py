"""The tables that SQL makes from units: sums, shapes, quantiles, units of the self-tests."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.designs import (
    arms_frame,
    metrics_frame,
)
from ntg_assets.experiments.data.shape_scales import scales_frame
from ntg_assets.sql import Query, Source, query
from ntg_assets.statistics.moments import LARGEST_VALUE
from ntg_assets.statistics.quantiles import ENCLOSING_Z

DESIGNED_TYPES = {"experiment": pl.String, "metric": pl.String}


def metric_sums(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Add up every metric of every arm, exactly; winsorised metrics after their values are cut."""
    metrics = metrics_frame(definitions)
    units = cut(unit_metrics, definitions=definitions)
    unit_sums = query("experiments.data", "unit_sums", {"unit_metrics": units})
    pair_sums = query(
        "experiments.data",
        "pair_sums",
        {"unit_metrics": units, "arms": arms_frame(definitions), "metrics": metrics},
    )
    return query(
        "experiments.data",
        "metric_sums",
        {"unit_sums": unit_sums, "pair_sums": pair_sums, "metrics": metrics},
    )


def metric_shapes(
    unit_metrics: Source,
    *,
    metric_sums: pl.DataFrame,
    definitions: Sequence[ExperimentSettings],
) -> Query:
    """Add up the third and fourth powers of values where skewness can break the test of means."""
    units = cut(unit_metrics, definitions=definitions)
    tables: dict[str, Source] = {
        "unit_metrics": units,
        "scales": scales_frame(definitions, metric_sums),
    }
    return query("experiments.data", "metric_shapes", tables, largest=LARGEST_VALUE)


def cut_units(unit_metrics: pl.DataFrame, *, definitions: Sequence[ExperimentSettings]) -> Source:
    """Cut the values of winsorised metrics; the units as they are where no metric is."""
    return cut(unit_metrics, definitions=definitions)


def cut(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Source:
    """Winsorise where any metric is winsorised."""
    is_cut = any(
        metric.is_winsorised for experiment in definitions for metric in experiment.measured
    )
    metrics = metrics_frame(definitions)
    return _winsorised(unit_metrics, metrics=metrics) if is_cut else unit_metrics


def _winsorised(unit_metrics: Source, *, metrics: pl.DataFrame) -> Query:
    caps = query(
        "experiments.data",
        "metric_caps",
        {"unit_metrics": unit_metrics, "metrics": metrics},
        largest=LARGEST_VALUE,
    )
    return query(
        "experiments.data",
        "winsorised_units",
        {"unit_metrics": unit_metrics, "metric_caps": caps},
        largest=LARGEST_VALUE,
    )


def designed_units(
    unit_metrics: Source, *, exposure_log: Source, definitions: Sequence[ExperimentSettings]
) -> Query:
    """Choose the units of metrics that are compared by clusters, strata or covariates of a log."""
    pairs = [
        (experiment.id, metric.name)
        for experiment in definitions
        for metric in experiment.measured
        if experiment.is_designed(metric)
    ]
    tables: dict[str, Source] = {
        "unit_metrics": cut(unit_metrics, definitions=definitions),
        "exposure_log": exposure_log,
        "designed": pl.DataFrame(pairs, schema=DESIGNED_TYPES, orient="row"),
    }
    return query("experiments.data", "designed_units", tables)


def metric_quantiles(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Find the order statistics of every quantile metric."""
    tables = {"unit_metrics": unit_metrics, "metrics": metrics_frame(definitions)}
    return query(
        "experiments.data", "metric_quantiles", tables, largest=LARGEST_VALUE, z=ENCLOSING_Z
    )


def self_test_units(
    unit_metrics: Source, *, assignments: Source, definitions: Sequence[ExperimentSettings]
) -> Query:
    """Choose the units on which the statistics are tested."""
    tables: dict[str, Source] = {
        "unit_metrics": cut(unit_metrics, definitions=definitions),
        "assignments": assignments,
    }
    return query(
        "experiments.data", "self_test_units", tables, largest=LARGEST_VALUE, most_units=MOST_UNITS
    )


MOST_UNITS = 5_000  # of all arms; more of them cost time, and shape matters less
