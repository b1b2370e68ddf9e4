"""Who waits for the events of a run hears of them while they stand in the log beside its file."""

from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from watchdog.events import FileSystemEvent


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
