"""Earlier assignments that stay as they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs.log_reading import LogFiles

KEPT_TYPES: dict[str, Any] = {"experiment": pl.String, "unit_id": pl.String, "arm": pl.String}


def read_kept_assignments(definitions: Sequence[ExperimentSettings], *, home: Path) -> pl.DataFrame:
    """Read the earlier assignments that experiments keep; one row per
    (experiment, unit) that had an arm.

    A file that does not exist yet keeps nothing: the first night writes it.
    """
    files = LogFiles(home)
    kept = (_kept_of(experiment, files=files) for experiment in definitions)
    return pl.concat([pl.DataFrame(schema=KEPT_TYPES), *kept])


def _kept_of(experiment: ExperimentSettings, *, files: LogFiles) -> pl.DataFrame:
    name = experiment.kept_assignments
    path = files.home / name if name else None
    if path is None or not path.exists():
        return pl.DataFrame(schema=KEPT_TYPES)
    what = f"experiment {experiment.id}: kept assignments"
    rows = files.read(
        FileSource(files=[str(path)]),
        {"named": "experiment", "unit_id": "unit_id", "arm": "arm"},
        what=what,
        experiment=experiment.id,
    )
    of_arms = rows.filter(pl.col("arm").is_in([arm.name for arm in experiment.arms]))
    kept = of_arms.select(experiment=pl.lit(experiment.id), unit_id="unit_id", arm="arm").unique()
    _raise_if_several_arms(kept, what)
    return kept.sort("unit_id")


def _raise_if_several_arms(kept: pl.DataFrame, what: str) -> None:
    twice = kept.filter(kept["unit_id"].is_duplicated()).sort("unit_id", "arm")["unit_id"]
    if len(twice):
        raise SourceError(
            f"{what}: {twice.n_unique():,} units have several arms (first: {twice[0]!r}). Keep one"
            " of each."
        )
