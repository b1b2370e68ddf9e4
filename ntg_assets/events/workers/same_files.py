"""That a worker sees the file that whoever asks sees: its ends, its bytes, by the same reader."""

import hashlib
from pathlib import Path

from ntg_assets.errors import EngineError
from ntg_assets.sources.files.inspection import sha256_of
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import engine_version

END_BYTES = 65_536  # of the beginning and of the end of a file, by which both sides know it


def ends_of(path: Path) -> str:
    """Name the beginning and the end of a file: what is read of it here, where workers read it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(END_BYTES))
        file.seek(max(0, path.stat().st_size - END_BYTES))
        digest.update(file.read(END_BYTES))
    return digest.hexdigest()


def raise_if_other_file(path: Path, *, n_bytes: int, ends: str) -> None:
    """Raise when a worker does not see the file that whoever asks sees.

    Raises:
        EngineError: it sees none, one that it may not read, or another one.
    """
    advice = (
        "With engine.workers_see_files every worker must see the files of ingest.events by the"
        " same path; set it to false where they lie on one machine alone."
    )
    try:
        is_same = path.stat().st_size == n_bytes and ends_of(path) == ends
    except OSError as error:
        raise EngineError(f"{path}: a worker cannot read it ({error.strerror}). {advice}") from None
    if not is_same:
        raise EngineError(f"{path}: a worker sees another file there than this machine. {advice}")


def raise_if_other_content(file: SourceFile) -> None:
    """Raise when a worker does not read what another one has inspected.

    Raises:
        EngineError: it sees none, or another one.
    """
    try:
        is_same = sha256_of(file.path) == file.sha256
    except OSError:
        is_same = False
    if not is_same:
        raise EngineError(
            f"{file.name}: a worker sees other bytes than another worker did (SHA-256"
            f" {file.sha256[:12]}). Was it written meanwhile? Let the writer finish, and run again."
        )


def raise_if_other_version(connection: Connection, version: str) -> None:
    """Raise when a worker's reader is of another version: it could divide lines, or hash rows, in
    another way.
    """
    if (own := engine_version(connection)) != version:
        raise EngineError(
            f"a worker has DuckDB {own}, this machine {version}: the same files could be read"
            " differently. Install what requirements-spark.lock names on the workers."
        )
