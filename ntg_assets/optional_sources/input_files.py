"""The files that lists and logs were read from, by the SHA-256 of what was read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.isolation import source_of
from ntg_assets.experiments.data.logs.log_files import hash_of
from ntg_assets.sources.files.file_names import find_paths, name_of

INPUT_TYPES: dict[str, Any] = {
    "source": pl.String,
    "file_name": pl.String,
    "sha256": pl.String,
    "n_bytes": pl.Int64,
    "stood_still": pl.Boolean,
}


class InputFile(NamedTuple):
    """One file as it was read (see `InputFiles`)."""

    source: str
    file_name: str
    sha256: str
    n_bytes: int
    stood_still: bool


def hash_files(patterns: Sequence[str], *, home: Path) -> dict[str, tuple[str, int]]:
    """Hash the files that names and globs stand for; reading is what refuses those that are missing
    or that nobody may read.

    Returns:
        SHA-256 and size of each file, by its name.
    """
    matches: dict[str, tuple[str, int]] = {}
    for pattern in patterns:
        try:
            paths = find_paths([pattern], home=home, roots=[Path(home.anchor)]).paths
            matches |= {name_of(path, home): hash_of(path) for path in paths}
        except (SourceError, OSError):
            continue
    return matches


def compare_files(
    source: str, before: dict[str, tuple[str, int]], after: dict[str, tuple[str, int]]
) -> list[InputFile]:
    """Say of each file of a source whether it was the same after it was read.

    Args:
        source: Key of the source.
        before: SHA-256 and size by name, before it was read.
        after: The same afterwards.
    """
    return [
        InputFile(source, name, sha256, n_bytes, after.get(name) == (sha256, n_bytes))
        for name, (sha256, n_bytes) in before.items()
    ]


def list_input_files(files: Iterable[InputFile], experiment_sources: pl.DataFrame) -> pl.DataFrame:
    """List the files of all sources; those of experiments were hashed when their logs were read.

    Returns:
        `input_files`, by source and file.
    """
    logs = [
        InputFile(source_of(experiment), *rest)
        for experiment, *rest in experiment_sources.select(
            "experiment", "file_name", "sha256", "n_bytes", "stood_still"
        ).iter_rows()
    ]
    rows = pl.DataFrame([*files, *logs], schema=INPUT_TYPES, orient="row")
    return rows.unique(["source", "file_name"], keep="first").sort("source", "file_name")
