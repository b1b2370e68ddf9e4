"""Make every table of a small log again in a child process, again and again, for whoever kills it.

    python -m ntg_assets_tests.remaking_children

Each line of the input names a workspace and an operation of the disk, at which the child kills
itself (0: at none). Printed are the child's process id, once it begins, and its exit status. A
child is forked from a process that has everything imported and has started no thread.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ntg_assets_tests import faults
from ntg_assets_tests.unit.test_remembering import night


class Killing(faults.Operations):
    """Counts the operations, and kills the process before one of them."""

    at = 0

    def meet(self, name: str, *paths: Any, **named: Any) -> None:
        super().meet(name, *paths, **named)
        if len(self.done) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Remake in a child for each workspace that the input names."""
    for line in sys.stdin:
        workspace, at = line.split()
        child = os.fork()
        if child == 0:
            Killing.at = int(at)
            faults.Operations = Killing  # type: ignore[misc]  # this process ends with the night
            with faults.operations():
                made = night(Path(workspace), remake=True)
            os._exit(0 if made.succeeded else 1)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
