"""The `ntg` command: the same assets as the UI, on the same history."""

import atexit
import logging
import os
import sys
import threading
from typing import NoReturn, TypeGuard

from ntg_assets.cli.interruption import Interrupted, listen, raise_if_received
from ntg_assets.cli.loading import loading


def main() -> None:
    """Run the command line; who interrupts it gets one sentence, from the first import on."""
    listen()
    try:
        _run_to_the_end()
    except Interrupted as interrupted:
        sys.stderr.write(f"\n{interrupted}\n")
        _leave(interrupted.exit_code)


def _run_to_the_end() -> None:
    try:
        _run_command()
    except SystemExit as ended:
        if _is_settled(ended.code):
            _leave(ended.code or 0)
        raise


def _is_settled(code: object) -> TypeGuard[int | None]:
    """Do what the interpreter does at its end but for taking itself apart, which takes 1.5 s for
    all that a run has loaded: threads are waited for, what registered for the end is called. False
    where the interpreter has to say something yet: of an exit that is a text, of a pipe that broke.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # pools that nobody closed are told to end, and all are waited for
    atexit._run_exitfuncs()  # noqa: SLF001  # each is called once, here or at the end
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return code is None or isinstance(code, int)


def _leave(code: int) -> NoReturn:
    """End without the interpreter's last round: everything is closed by now, and libraries would
    count aloud what a call that was broken off has not given back.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run_command() -> None:
    try:
        with loading():
            from ntg_assets.cli.app import (  # noqa: PLC0415  # loading it takes a second, in which Ctrl-C works too
                main as run_command,
            )
    except Exception:
        raise_if_received()  # Python wraps what comes up while a class is made
        raise
    raise_if_received()  # some libraries go on without what could not be loaded
    run_command()


__all__ = ["main"]
