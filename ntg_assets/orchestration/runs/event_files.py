"""The SQLite files of Dagster's events: one that is open, and who waits for what is written."""

import os
from dataclasses import dataclass

import sqlalchemy as db
from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from watchdog.events import FileSystemEvent


@dataclass(frozen=True)
class OpenFile:
    """A SQLite file and the one connection to it."""

    engine: db.Engine
    connection: db.Connection
    inode: int

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


def is_same(path: str, inode: int) -> bool:
    """Whether a file is still the one that was opened."""
    try:  # not by `Path`, which costs more than the question: it is asked of each event
        return os.stat(path).st_ino == inode  # noqa: PTH116
    except FileNotFoundError:
        return False


class LogWatchdog(SqliteEventLogStorageWatchdog):
    """Looks at a run's file *and* at the log beside it, where commits stand until a checkpoint."""

    def __init__(
        self,
        storage: SqliteEventLogStorage,
        run_id: str,
        callback: EventHandlerFn,
        cursor: str | None,
    ) -> None:
        super().__init__(storage, run_id, callback, cursor)
        self._patterns = [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: FileSystemEvent) -> None:  # noqa: ARG002  # both files mean the same
        """Read what is new."""
        self._process_log()
