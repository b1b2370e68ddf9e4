"""How far tonight's features lie from those of the publication before."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.evaluation.churn.drift import MAX_PSI, MIN_PSI_ROWS, stability_index
from ntg_assets.history.currents import MADE_CURRENT, read_changes
from ntg_assets.storage.parquet import read_verified

FILES = {
    "user": "data/features/user_features.parquet",
    "item": "data/features/item_features.parquet",
}
SCHEMA: Mapping[str, type[pl.DataType]] = {
    "entity": pl.String,
    "feature": pl.String,
    "psi": pl.Float64,
    "mean": pl.Float64,
    "mean_before": pl.Float64,
    "null_share": pl.Float64,
    "null_share_before": pl.Float64,
    "is_alarm": pl.Boolean,
}


def publication_before(paths: Paths, as_of: datetime) -> Path | None:
    """Find the publication that people saw last of those that knew less than tonight.

    What is current may be tonight's own (a night that is run again) or a later one (an older night
    that is run again): either would say that nothing moved, or show tonight what it cannot know.

    Args:
        paths: Where the history and the generations lie.
        as_of: Tonight's cutoff.

    Returns:
        Its folder; None where none is kept.
    """
    for change in reversed(read_changes(paths.history)):
        if change.action in MADE_CURRENT and datetime.fromisoformat(change.as_of) < as_of:
            folders = sorted(paths.generations.glob(f"{change.generation}*"))
            if folders:
                return folders[-1]
    return None


def published_features(publication: Path | None) -> dict[str, pl.DataFrame]:
    """Read the features of a publication, by entity; nothing of none."""
    return {
        entity: read_verified(publication / path)
        for entity, path in FILES.items()
        if publication is not None and (publication / path).is_file()
    }


def feature_drift(
    now: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """Compare each numeric feature with itself in the publication before.

    Args:
        now: Features by entity (`user`, `item`).
        before: The same of the publication before; an entity that is missing is left out.

    Returns:
        `feature_drift`, by entity and feature. A feature that only one side has is left out.
    """
    rows = [
        row
        for entity, frame in now.items()
        if entity in before
        for row in _compared(entity, frame, before[entity])
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def describe_drift(drift: pl.DataFrame) -> str:
    """Name the features that moved, the furthest first."""
    moved = drift.filter("is_alarm").sort("psi", descending=True)
    if moved.is_empty():
        return f"{drift.height} features lie where they did" if drift.height else "nothing before"
    return "; ".join(
        f"{row['entity']} {row['feature']}: psi {row['psi']:.2f}, mean {row['mean']:.3g} after"
        f" {row['mean_before']:.3g}"
        for row in moved.iter_rows(named=True)
    )


def _compared(entity: str, now: pl.DataFrame, before: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    identifier = f"{entity}_id"
    for name, dtype in now.schema.items():
        if dtype.is_numeric() and name != identifier and name in before.columns:
            yield entity, name, *_figures(now[name], before[name])


def _figures(now: pl.Series, before: pl.Series) -> tuple[object, ...]:
    # sorted: the order of a table's rows is free, and the last digits of a mean depend on it
    values, earlier = (
        series.cast(pl.Float64).drop_nulls().sort().to_numpy() for series in (now, before)
    )
    enough = min(len(values), len(earlier)) >= MIN_PSI_ROWS
    psi = max(0.0, stability_index(earlier, values)) if enough else None
    return (
        psi,
        float(values.mean()) if len(values) else None,
        float(earlier.mean()) if len(earlier) else None,
        now.null_count() / max(1, len(now)),
        before.null_count() / max(1, len(before)),
        psi is not None and psi > MAX_PSI,
    )
