"""The `ntg` command: the same assets as the UI, on the same history."""

import sys

from ntg_assets.cli.interruption import Interrupted, listen


def main() -> None:
    """Run the command line; who interrupts it gets one sentence, from the first import on."""
    listen()
    try:
        from ntg_assets.cli.app import main as run_command  # noqa: PLC0415  # loading it takes a second, in which Ctrl-C works too

        run_command()
    except Interrupted as interrupted:
        sys.stderr.write(f"\n{interrupted}\n")
        sys.exit(interrupted.exit_code)


__all__ = ["main"]
