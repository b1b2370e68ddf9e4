"""The files in which an experiment's own logs lie: what they held when they were read,
and whether they still hold it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import InterventionSource, LoggedSource, LogSource

SOURCE_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "log": pl.String,
    "file_name": pl.String,
    "sha256": pl.String,
    "n_bytes": pl.Int64,
}
BLOCK = 1 << 20
SHOWN_DIGITS = 12


@dataclass(frozen=True)
class LogFile:
    """One file as it was read.

    Attributes:
        log: What lies in it: exposures, outcomes, assignments, delivered, kept.
        file_name: Path below the project folder.
        sha256: Of its bytes before it was read.
        n_bytes: Its length then.
        stood_still: Whether it was the same after it was read.
    """

    log: str
    file_name: str
    sha256: str
    n_bytes: int
    stood_still: bool = True


def log_sources(definitions: Sequence[ExperimentSettings], *, home: Path) -> pl.DataFrame:
    """Hash the log files of every experiment, each file once; one row per (experiment, log, file).

    What no file matches, or nobody may read, has no row: reading it is what refuses the experiment,
    and that one alone.
    """
    hashes: dict[Path, tuple[str, int] | None] = {}
    rows = []
    for experiment in definitions:
        for log, file in dict.fromkeys(_files_of(experiment, home=home)):
            if file not in hashes:
                hashes[file] = _hash_if_readable(file)
            if (hashed := hashes[file]) is not None:
                rows.append((experiment.id, log, _name(file, home), *hashed))
    return pl.DataFrame(rows, schema=SOURCE_TYPES, orient="row")


def mark_changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Say of each file whether it was the same before and after it was read: then these bytes were
    read.
    """
    key = ["experiment", "log", "file_name"]
    later = after.select(*key, pl.col("sha256").alias("later"))
    joined = before.join(later, on=key, how="left", maintain_order="left")
    return joined.with_columns(
        stood_still=(pl.col("later") == pl.col("sha256")).fill_null(value=False)
    ).drop("later")


def log_file_of(row: Mapping[str, Any]) -> LogFile:
    """Read one row of `experiment_sources`, or one file of a receipt."""
    return LogFile(
        row["log"],
        row["file_name"],
        row["sha256"],
        int(row["n_bytes"]),
        bool(row.get("stood_still", True)),
    )


def change_since(file: LogFile, *, home: Path, published: Mapping[Path, str] | None = None) -> str:
    """Say how a file differs from what was read; nothing when it does not.

    Args:
        file: As it was read.
        home: Project folder.
        published: SHA-256 of the files that the present publication wrote, which may replace what
            it had read.
    """
    path = home / file.file_name
    if not path.is_file():
        return "gone since it was read"
    now, n_bytes = hash_of(path)
    if now == file.sha256 or (published or {}).get(path.resolve()) == now:
        return ""
    if n_bytes > file.n_bytes and hash_of(path, first=file.n_bytes)[0] == file.sha256:
        return (
            f"changed since it was read: {n_bytes - file.n_bytes:,} bytes were added; what was read"
            " still stands before them"
        )
    return (
        f"changed since it was read (now sha256 {now[:SHOWN_DIGITS]}, {n_bytes:,} bytes for"
        f" {file.n_bytes:,})"
    )


def _hash_if_readable(file: Path) -> tuple[str, int] | None:
    try:
        return hash_of(file)
    except OSError:
        return None


def hash_of(file: Path, *, first: int | None = None) -> tuple[str, int]:
    """Return the SHA-256 of a file and the number of bytes that it is of,
    up to the first so many.
    """
    digest, n_bytes = hashlib.sha256(), 0
    with file.open("rb") as content:
        while block := content.read(BLOCK if first is None else min(BLOCK, first - n_bytes)):
            digest.update(block)
            n_bytes += len(block)
    return digest.hexdigest(), n_bytes


def patterns_of(experiment: ExperimentSettings) -> Iterator[tuple[str, str]]:
    """List the paths and globs of an experiment's own logs with what lies there."""
    source = experiment.source
    if experiment.kept_assignments:
        yield "kept", experiment.kept_assignments
    if not isinstance(source, LoggedSource):
        return
    if isinstance(source, LogSource):
        yield from (("exposures", pattern) for pattern in source.exposures.files)
    else:
        yield from (("assignments", pattern) for pattern in source.assignments)
    if isinstance(source, InterventionSource) and source.delivered:
        yield from (("delivered", pattern) for pattern in source.delivered.files)
    if source.outcomes:
        yield from (("outcomes", pattern) for pattern in source.outcomes.files)


def _files_of(experiment: ExperimentSettings, *, home: Path) -> Iterator[tuple[str, Path]]:
    for log, pattern in patterns_of(experiment):
        literal = home / pattern
        paths = (
            [literal]
            if literal.is_file() or Path(pattern).is_absolute()
            else sorted(home.glob(pattern))
        )
        yield from ((log, file) for file in paths if file.is_file())


def _name(file: Path, home: Path) -> str:
    return file.relative_to(home).as_posix() if file.is_relative_to(home) else file.as_posix()
