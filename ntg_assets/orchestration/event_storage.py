"""Dagster's history of runs in SQLite, over connections that stay open.

Dagster's own storage opens an engine for every event, waits for the disk at each commit
(`synchronous=FULL`), and folds the log back into the file when it closes again: 10 ms of processor
time an event, a sixth of a small run. Here each file keeps its connection, and a commit is appended
to the write-ahead log without waiting for the disk (`synchronous=NORMAL`).

A killed process loses nothing: what it committed is in the log beside the file, and whoever opens
the file next reads it there. A power cut may lose the last events of the history, never older ones
and never the file; no table of NTG rests on them.

Source: SQLite, "Write-Ahead Logging" and "PRAGMA synchronous".
"""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as db
import yaml
from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
)
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import NullPool, StaticPool
from watchdog.observers import Observer

from ntg_assets.orchestration.runs.event_files import LogWatchdog, OpenFile, is_same

BUSY_SECONDS = 30  # how long a writer waits for another, as in Dagster's own storage
IS_RECORD = '{"__class__": "EventLogRecord"'  # how the text of a materialization begins
MOST_OPEN = 8  # files of runs; a night writes one, an overview in the UI reads a few


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """Dagster's SQLite storage of events; files and tables are the same, connections are kept.

    At most `MOST_OPEN` files of runs are open at once, the least recently used is closed first; the
    index over all runs stays open. A file that was deleted or replaced is opened anew.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._obs: Any
        self._open: OrderedDict[str, OpenFile] = OrderedDict()
        self._pid = os.getpid()
        self._has_index_columns = False
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._migrated: set[str] = set()
        self._latest: dict[str, tuple[str, dg.EventLogRecord]] = {}
        super().__init__(base_dir, inst_data=inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        with self._db_lock:
            connection = self._kept(shard).connection
            try:
                with connection.begin():
                    yield connection
            except (db.exc.DatabaseError, OSError):
                self._drop(shard)
                raise

    def _kept(self, shard: str) -> OpenFile:
        path = self.path_for_shard(shard)
        self._forget_parent()
        kept = self._open.get(shard)
        if kept is not None and not is_same(path, kept.inode):
            self._drop(shard)
        if shard not in self._open:
            self._open[shard] = self._opened(shard, Path(path))
            self._close_oldest()
        self._open.move_to_end(shard)
        return self._open[shard]

    def _opened(self, shard: str, path: Path) -> OpenFile:
        if not path.exists() or shard not in self._initialized_dbs:
            first = self._engine(shard, NullPool)
            self._initdb(first)
            first.dispose()
            self._initialized_dbs.add(shard)
        engine = self._engine(shard, StaticPool)
        connection = engine.connect()
        connection.exec_driver_sql("pragma synchronous=NORMAL")
        connection.commit()
        return OpenFile(engine, connection, path.stat().st_ino)

    def _engine(self, shard: str, pool: type[db.Pool]) -> db.Engine:
        arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        address = self.conn_string_for_shard(shard)
        return db.create_engine(address, poolclass=pool, connect_args=arguments)

    def _close_oldest(self) -> None:
        runs = [shard for shard in self._open if shard != INDEX_SHARD_NAME]
        for shard in runs[:-MOST_OPEN]:
            self._drop(shard)

    def _drop(self, shard: str) -> None:
        if (kept := self._open.pop(shard, None)) is not None:
            kept.close()

    def _drop_all(self) -> None:
        for shard in list(self._open):
            self._drop(shard)

    def _forget_parent(self) -> None:
        """Leave a parent process its connections: SQLite forbids their use after a fork."""
        if self._pid != os.getpid():
            _INHERITED.append(self._open)
            self._open, self._pid = OrderedDict(), os.getpid()

    def _has_asset_key_index_cols_on_connection(self, conn: db.Connection) -> bool:
        if not self._has_index_columns:  # asked for each event of an asset, and never lost again
            self._has_index_columns = super()._has_asset_key_index_cols_on_connection(conn)
        return self._has_index_columns

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that it has is not asked for again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the table of assets has a column; one that it has is not asked for again."""
        if column_name not in self._columns and super().has_asset_key_col(column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def has_secondary_index(self, name: str) -> bool:
        """Whether a summary of events is complete; one that is so stays so."""
        if name not in self._migrated and super().has_secondary_index(name):
            self._migrated.add(name)
        return name in self._migrated

    def _get_latest_materialization_records(
        self, raw_asset_rows: Iterable[Any]
    ) -> Mapping[dg.AssetKey, dg.EventLogRecord | None]:
        """Read the latest materialization of each asset; a text that was read before is known.

        Every step asks for those of all that it reads: one table is asked for dozens of times.
        """
        known: dict[dg.AssetKey, dg.EventLogRecord | None] = {}
        unread = []
        for row in raw_asset_rows:
            key = dg.AssetKey.from_db_string(row["asset_key"])
            text, record = self._latest.get(row["asset_key"], ("", None))
            if key and record and not row["asset_details"] and row["last_materialization"] == text:
                known[key] = record
            else:
                unread.append(row)
        if not unread:
            return known
        read = super()._get_latest_materialization_records(unread)
        for row in unread:
            record = read.get(dg.AssetKey.from_db_string(row["asset_key"]))  # type: ignore[arg-type]  # none of no key
            text = row["last_materialization"] or ""
            if record and IS_RECORD in text[: len(IS_RECORD) + 1]:  # not read from the old place
                self._latest[row["asset_key"]] = (text, record)
        return {**known, **read}

    def wipe(self) -> None:
        """Delete the files of all runs and empty the index."""
        with self._db_lock:
            self._drop_all()
            self._tables.clear()
            self._columns.clear()
            self._migrated.clear()
            self._latest.clear()
        super().wipe()

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each new event of a run, from whichever process it is written."""
        if self._obs is None:
            self._obs = Observer()
            self._obs.start()
        handler = LogWatchdog(self, run_id, callback, cursor)
        watch = self._obs.schedule(handler, self._base_dir, recursive=True)
        self._watchers[run_id][callback] = (handler, watch)

    def dispose(self) -> None:
        """Stop watching and close what is open."""
        super().dispose()
        with self._db_lock:
            self._drop_all()


class KeptSqliteStorage(DagsterSqliteStorage):
    """Runs, events and schedules in the files of Dagster's `sqlite` storage;
    only the events are written another way.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = KeptSqliteEventLogStorage(_event_logs_directory(base_dir))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptSqliteStorage":
        """Open the storage that `dagster.yaml` names (Dagster's own method names its class)."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @property
    def event_storage_data(self) -> ConfigurableClassData:
        """How another process opens the events."""
        config = {"base_dir": _event_logs_directory(self.base_dir)}
        return ConfigurableClassData(
            __name__, KeptSqliteEventLogStorage.__name__, yaml.safe_dump(config)
        )


_INHERITED: list[OrderedDict[str, OpenFile]] = []
"""Connections of a parent process: kept so that they are not closed here."""
