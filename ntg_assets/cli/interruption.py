"""Ctrl-C, a request to end, the end of the terminal: one sentence that says what was published,
and the exit code that shells expect.

Dagster puts its own handlers in place while a run goes on, and a library may swallow what they
raise. So what has arrived is also read from Python's wake-up pipe, where each signal leaves its
number whoever handles it.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from threading import RLock, Thread
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128  # exit codes above it name a signal, by the custom of shells
NOTHING_PUBLISHED = "nothing was published; run again"
# a run that ends by itself within it needs no word; a signal within it is the same one (`timeout`
# sends two)
PATIENCE_SECONDS = 1.0
WAITING = "interrupted; ending what goes on (once more: at once)"
AT_ONCE = "interrupted twice; ended at once. `ntg verify` tells what is published"


class Interrupted(BaseException):
    """The command was asked to end: no `Exception`,
    so that nothing takes it for a failure and goes on.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.outcome = NOTHING_PUBLISHED
        """What was published all the same, and what to do."""

    @property
    def exit_code(self) -> int:
        return SIGNALLED + int(self.args[0])

    def __str__(self) -> str:
        return f"interrupted; {self.outcome}"


class _Arrived:
    """The signals that asked to end, in order, read from the wake-up pipe."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.at = 0.0
        self.is_raised = False
        self.pipe = -1  # not opened
        self.reading = RLock()  # a handler may come in while its own thread reads

    @property
    def age(self) -> float:
        """Seconds since the first one."""
        return time.monotonic() - self.at

    def open(self) -> None:
        self.pipe, writing = os.pipe()
        for end in (self.pipe, writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def read(self) -> None:
        """Take what has arrived; end at once when it is a second request."""
        with self.reading, suppress(BlockingIOError):
            for number in os.read(self.pipe, 64) if self.pipe >= 0 else b"":
                self._note(number)

    def _note(self, number: int) -> None:
        if number not in ENDING:
            return
        if self.first is None:
            self.first, self.at = number, time.monotonic()
        elif self.age > PATIENCE_SECONDS:
            _print_lines(AT_ONCE)
            os._exit(SIGNALLED + self.first)


_arrived = _Arrived()


def listen() -> None:
    """Let the signals that ask to end raise `Interrupted`; what is ignored already
    (`nohup`) stays so. A second one ends at once.
    """
    _arrived.open()
    sys.unraisablehook = _unraisable
    Thread(target=_watch, daemon=True).start()
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hang_up if number == signal.SIGHUP else _end)


def received() -> int | None:
    """Return the first signal that asked to end, whoever handled it."""
    _arrived.read()
    return _arrived.first


def raise_if_received() -> None:
    """End where a signal has arrived that somebody else handled.

    Raises:
        Interrupted: one has.
    """
    if number := received():
        raise Interrupted(number)


def _end(number: int, _: FrameType | None) -> None:
    if not _arrived.is_raised:  # a second one must not break off what the first one closes
        _arrived.is_raised = True
        raise Interrupted(received() or number)


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Keep quiet about a request that came in where nothing can be raised
    (while garbage is collected): `received` knows of it.
    """
    if received() is None:
        sys.__unraisablehook__(unraisable)


def _hang_up(_: int, __: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)  # Dagster handles that one, where it is safe


def _watch() -> None:
    """Say that a request was heard when ending takes time,
    and take a second one even while compiled code runs.
    """
    is_told = False
    while True:
        if select.select([_arrived.pipe], [], [], PATIENCE_SECONDS)[0]:
            _arrived.read()
        if _arrived.first and not is_told and _arrived.age > PATIENCE_SECONDS:
            _print_lines(WAITING)
            is_told = True


def _print_lines(text: str) -> None:
    with suppress(OSError):
        os.write(sys.__stderr__.fileno(), f"\n{text}\n".encode()) if sys.__stderr__ else None
