"""A cluster: its connection, how long it may take, and the folder that both sides see."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any
from uuid import uuid4

from ntg_assets.engines.folders import remove
from ntg_assets.engines.spark.failures import ENDED, LOST, Place, explain, explained
from ntg_assets.engines.spark.session import (
    ask_once,
    make_active,
    open_session,
    stop_session,
)
from ntg_assets.errors import EngineError

PATIENCE_SECONDS = 4 * 3600.0
KEPT_ALIVE_SECONDS = 60.0  # servers close a session that asks nothing: Sail after 15 minutes
HANDED = "_handed"  # folder of results on their way between cluster and this process


@dataclass
class Cluster:
    """A cluster and the folder that it shares with this process.

    Attributes:
        remote: Address of its Spark Connect server.
        storage: The folder.
        patience_s: Seconds that one piece of work may take: a cluster whose workers are all gone
            waits for new ones without end.
    """

    remote: str
    storage: Path
    patience_s: float = PATIENCE_SECONDS
    _session: Any = field(default=None, repr=False)
    _lent: list[Path] = field(default_factory=list, init=False, repr=False, compare=False)
    _is_closed: Event = field(default_factory=Event, init=False, repr=False, compare=False)

    @property
    def session(self) -> Any:
        """The connection, opened when it is first needed."""
        if self._session is None:
            self._session = open_session(self.place)
            self._is_closed.clear()
            Thread(target=self._keep_alive, args=[self._session], daemon=True).start()
        make_active(self._session)
        return self._session

    def close(self) -> None:
        """Let go of the connection; one that is lost already is no error."""
        self._is_closed.set()
        while self._lent:
            remove(self._lent.pop())
        session, self._session = self._session, None
        if session is not None:
            stop_session(session)

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """Turn what the cluster says in the block into one sentence, and end what takes longer than
        it may.
        """
        is_late = Event()
        waiting = Timer(self.patience_s, self._interrupt, [is_late])
        waiting.daemon = True
        waiting.start()
        try:
            with explained(what, self.place):
                yield
        except EngineError as error:
            if LOST.format(**self.place._asdict()) in str(error):
                ask_once(self.session)
            if is_late.is_set():  # each server says this in words of its own
                raise EngineError(explain(ENDED, what, self.place, kind=ENDED)) from None
            raise
        finally:
            waiting.cancel()

    @property
    def place(self) -> Place:
        """What a message may name."""
        return Place(self.remote, str(self.storage), self.patience_s)

    def _keep_alive(self, session: Any) -> None:
        """Ask the server for a setting now and then: to it a client that waits for an answer, or
        that works here, is an idle one.
        """
        while not self._is_closed.wait(KEPT_ALIVE_SECONDS):
            with suppress(Exception):  # a server that is gone is named by who waits for it
                session.conf.get("spark.sql.session.timeZone")

    def _interrupt(self, is_late: Event) -> None:
        is_late.set()
        with suppress(Exception):  # the work ends with the error of its own
            self.session.interruptAll()

    def read_folder(self, folder: Path) -> Any:
        """Return the rows of a folder, as a frame of the cluster."""
        return self.session.read.parquet(str(folder))

    @contextmanager
    def handed_folder(self) -> Iterator[Path]:
        """Lend a folder that both sides see, for as long as the block runs."""
        folder = self.storage / HANDED / uuid4().hex
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            remove(folder)

    def lent_folder(self) -> Path:
        """Make a folder that both sides see, until the cluster is let go: for rows that are read
        after the call that made them.
        """
        folder = self.storage / HANDED / uuid4().hex
        folder.mkdir(parents=True)
        self._lent.append(folder)
        return folder
