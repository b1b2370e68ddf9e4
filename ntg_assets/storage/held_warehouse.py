"""The warehouse of a run: opened for each use, and while it is small held open between them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.declared_reads import only
from ntg_assets.storage.connection import (
    Connection,
    connect,  # the one that issues
    connect_again,
)

# above, a run gives its memory back between tables; opening is nothing beside such tables
HELD_BELOW_BYTES = 256 * 2**20


class HeldWarehouse:
    """Opens the warehouse of a deployment, always with the same limits.

    Args:
        paths: The deployment's folders.
        engine: Memory, threads, the storage of a cluster.
        sources: Further folders from which a statement may read.
    """

    def __init__(self, paths: Paths, engine: EngineSettings, sources: Sequence[Path]) -> None:
        self._paths, self._engine, self._sources = paths, engine, sources
        self._held = ExitStack()
        self._connection: Connection | None = None

    def hold(self) -> None:
        """Open it for as long as it stays small: opening it anew for each of hundreds of reads
        costs more than the reads.
        """
        if not self._is_large():
            self._connection = self._held.enter_context(self._connect())

    def release(self) -> None:
        """Let go of it."""
        self._connection = None
        self._held.close()

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """Open it, or connect to it once more where it is held."""
        if self._connection and self._is_large():
            self.release()
        with (
            connect_again(self._connection, engine=self._engine, scratch=self._paths.scratch)
            if self._connection
            else self._connect()
        ) as connection:
            yield connection

    def _is_large(self) -> bool:
        file = self._paths.warehouse
        return file.exists() and file.stat().st_size > HELD_BELOW_BYTES

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        shared = [Path(self._engine.storage)] if self._engine.storage else []
        allowed = [self._paths.home, self._paths.workspace, *self._sources, *shared]
        with ExitStack() as opened:
            with only(None):  # what is asked of it is held against what was declared
                connection = opened.enter_context(
                    connect(
                        self._paths.warehouse,
                        engine=self._engine,
                        scratch=self._paths.scratch,
                        allowed=allowed,
                    )
                )
            yield connection
