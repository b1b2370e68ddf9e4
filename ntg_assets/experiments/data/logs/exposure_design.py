"""How the units of an exposure log were randomised and what was known of them before: the columns
that a design names.
"""

import json

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LogSource
from ntg_assets.errors import SourceError

DESIGN = ("cluster_id", "stratum", "covariates")
COVARIATE = "covariate_"  # with its place among those that metrics name


def log_design_columns(experiment: ExperimentSettings) -> dict[str, str]:
    """Name the columns of the log that the design asks for, by what they are read as."""
    if not isinstance(experiment.source, LogSource):
        return {}
    named = {"cluster_id": experiment.cluster_id, "stratum": experiment.strata}
    named |= {
        f"{COVARIATE}{place}": name for place, name in enumerate(experiment.covariate_columns)
    }
    return {name: column for name, column in named.items() if column}


def with_log_design(
    rows: pl.DataFrame, experiment: ExperimentSettings, *, what: str
) -> pl.DataFrame:
    """Bring the columns of a design into three: cluster, stratum, and the covariates as JSON; null
    where the experiment names none.

    Raises:
        SourceError: an exposure has no cluster, a unit stands in several, or a covariate is no
            number.
    """
    if "cluster_id" in rows.columns:
        _raise_if_unclear_clusters(rows, experiment, what=what)
    design = {
        name: f"{COVARIATE}{place}"
        for place, name in enumerate(experiment.covariate_columns)
        if f"{COVARIATE}{place}" in rows.columns
    }
    numbers = [_numbers(rows[read], name, what=what) for name, read in design.items()]
    covariates = [
        json.dumps(dict(zip(design, row, strict=True)), sort_keys=True)
        for row in zip(*numbers, strict=True)
    ]
    missing = [name for name in DESIGN[:2] if name not in rows.columns]
    return rows.drop(design.values()).with_columns(
        pl.Series("covariates", covariates or [None] * rows.height, dtype=pl.String),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in missing),
    )


def _raise_if_unclear_clusters(
    rows: pl.DataFrame, experiment: ExperimentSettings, *, what: str
) -> None:
    name = experiment.cluster_id
    if n := rows.filter(pl.col("cluster_id").fill_null("").str.strip_chars() == "").height:
        raise SourceError(f"{what}: {n:,} of {rows.height:,} rows have no {name}, the cluster.")
    per_unit = rows.group_by("unit_id").agg(pl.col("cluster_id").n_unique()).sort("unit_id")
    several = per_unit.filter(pl.col("cluster_id") > 1)
    if several.height:
        raise SourceError(
            f"{what}: {several.height:,} of {per_unit.height:,} units stand in several clusters"
            f" (first: {several['unit_id'][0]}). A unit has the {name} that it had when it was"
            " given its arm."
        )


def _numbers(written: pl.Series, name: str, *, what: str) -> list[float | None]:
    """Read a covariate; an empty field is a unit of which it is not known."""
    stripped = written.str.strip_chars()
    numbers = stripped.cast(pl.Float64, strict=False)
    is_number = numbers.is_finite().fill_null(value=False)
    wrong = stripped.filter((stripped.fill_null("") != "") & ~is_number)
    if len(wrong):
        raise SourceError(
            f"{what}: the covariate {name!r} holds no number in {len(wrong):,} of"
            f" {len(written):,} rows (first: {wrong[0]!r}); name what it divides units into as"
            " strata."
        )
    return numbers.to_list()
