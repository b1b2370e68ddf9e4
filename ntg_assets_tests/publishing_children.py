"""Publish a small night in a child process, again and again, for whoever kills it.

    python -m ntg_assets_tests.publishing_children FOLDER

FOLDER holds the files of the night. Each line of the input names a workspace: a child publishes
the night there. Printed are the child's process id, once it begins, and its exit status. A child
is forked from a process that has everything imported and has started no thread.
"""

import os
import sys
from pathlib import Path

from ntg_assets_tests import nights

NIGHT = 2


def main(folder: Path) -> None:
    """Publish in a child for each workspace that the input names."""
    made = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    nights.contents = lambda _: made  # type: ignore[assignment]  # made before, by another process
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            nights.publish_night(nights.paths_of(Path(line.strip())), NIGHT)
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
