"""The `ntg` command: the same assets as the UI, on the same history."""

import logging
import os
import sys
from typing import NoReturn

from ntg_assets.cli.interruption import Interrupted, listen, raise_if_received
from ntg_assets.cli.loading import loading


def main() -> None:
    """Run the command line; who interrupts it gets one sentence, from the first import on."""
    listen()
    try:
        _run_command()
    except Interrupted as interrupted:
        sys.stderr.write(f"\n{interrupted}\n")
        _leave(interrupted.exit_code)


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
