"""The one way to open DuckDB: limits, UTC, and no reach outside the project's folders."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.declared_reads import require_files
from ntg_assets.errors import StorageError

Connection = duckdb.DuckDBPyConnection
MissingTableError = duckdb.CatalogException  # a query names a table that the store does not hold

MEMORY = ":memory:"
# two threads that open one file share its instance: the second would find it half confined
_CONFINING = threading.Lock()


@contextmanager
def connect(
    database: Path | str = MEMORY,
    *,
    engine: EngineSettings | None = None,
    scratch: Path | None = None,
    allowed: Sequence[Path] = (),
    read_only: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database, sandboxed, and close it whatever happens.

    Args:
        database: File, or nothing for memory.
        engine: Memory limit and threads; none: DuckDB's own defaults.
        scratch: Folder for what does not fit into memory.
        allowed: Folders that may be read from and written to, beside the database file.
        read_only: Open without the right to write.

    Raises:
        StorageError: the file is locked by another process, damaged, or cannot be made; in the
            block: memory or disk does not suffice.
        UndeclaredReadError: an asset asks that declares no files.
    """
    if database != MEMORY or allowed:
        require_files(str(database))
    limits = engine or EngineSettings()
    connection = _open(database, read_only=read_only)
    with _closed_after(connection, engine=limits, scratch=scratch):
        with _CONFINING:
            if not _is_confined(connection):
                _confine(connection, limits, scratch=scratch, allowed=allowed)
        yield connection


@contextmanager
def connect_again(
    held: Connection, *, engine: EngineSettings, scratch: Path | None
) -> Iterator[Connection]:
    """Connect once more to a database that is open: its limits hold, temporary tables and
    transactions are those of the new connection alone.

    Args:
        held: A connection to it.
        engine: Its limits, for a message.
        scratch: Its folder for what does not fit into memory, for a message.

    Raises:
        StorageError: in the block: memory or disk does not suffice.
    """
    connection = held.cursor()
    with _closed_after(connection, engine=engine, scratch=scratch):
        yield connection


@contextmanager
def _closed_after(
    connection: Connection, *, engine: EngineSettings, scratch: Path | None
) -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        if explained := explain_limit(error, engine=engine, scratch=scratch):
            raise StorageError(explained) from None
        raise
    finally:  # closing an open transaction rolls it back, and frees the file's lock
        connection.close()


def _open(database: Path | str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        if isinstance(database, Path) and not read_only:
            database.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(str(database), read_only=read_only)
    except PermissionError as error:
        raise StorageError(
            f"{database} cannot be made ({error.strerror}). Give a writable folder with the"
            " `workspace` key."
        ) from None
    except duckdb.Error as error:
        raise StorageError(_explain(database, str(error))) from None


def _is_confined(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether this process holds the database open already: DuckDB then hands out the same
    instance, limits and all.
    """
    return bool(connection.execute("select current_setting('lock_configuration')").fetchall()[0][0])


def _confine(
    connection: duckdb.DuckDBPyConnection,
    engine: EngineSettings,
    *,
    scratch: Path | None,
    allowed: Sequence[Path],
) -> None:
    """Set limits, then lock the door; the order matters: after the last statement nothing can be
    set.
    """
    connection.execute("load icu")
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("set memory_limit = $limit", {"limit": engine.memory_limit})
    if engine.threads is not None:
        connection.execute("set threads = $threads", {"threads": engine.threads})
    if scratch is not None:
        connection.execute("set temp_directory = $folder", {"folder": str(scratch)})
    folders = [str(folder) for folder in (*allowed, *([scratch] if scratch else []))]
    connection.execute("set allowed_directories = $folders", {"folders": folders})
    connection.execute("set enable_external_access = false")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set lock_configuration = true")


def explain_limit(
    error: duckdb.Error, *, engine: EngineSettings, scratch: Path | None
) -> str | None:
    """Say which limit a statement has met: the memory of the configuration,
    or the disk; None where it was neither.
    """
    text = str(error)
    reason = text.splitlines()[0]
    if "max_temp_directory_size" in text or "No space left" in text:
        return (
            f"the disk is full: what does not fit into memory goes to {scratch}. Make room, or"
            f" raise engine.memory_limit. ({reason})"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        raised = (
            "Raise it in the configuration file or with NTG_ENGINE__MEMORY_LIMIT, or lower"
            " engine.threads"
        )
        return (
            f"engine.memory_limit is {engine.memory_limit}, which is too little here. {raised}."
            f" ({reason})"
        )
    return None


def _explain(database: Path | str, reason: str) -> str:
    first_line = reason.splitlines()[0]
    if "lock" in reason.lower():
        return (
            f"{database} is in use by another process; wait for that run to end, or query the"
            f" published copy instead. ({first_line})"
        )
    if "does not exist" in reason:
        return f"{database} does not exist yet: run `ntg run-all` first."
    return (
        f"{database} cannot be opened: {first_line}. If it is damaged, move it away; the next run"
        " makes it anew from the source files."
    )
