"""Run a command of NTG, and append to a file which SQL texts ran here and which on a cluster.

python -m benchmarks.counted_texts FILE COMMAND
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from ntg_assets.storage import run  # before whoever takes a name out of it


def main(file: Path, command: list[str]) -> None:
    """Run the command; each line of the file is one text with the place where it ran, as JSON."""
    lines = file.open("a")  # now: while a step runs, it may open nothing
    run.bound = _noting(run.bound, lines)
    _note_cluster(lines)
    from ntg_assets.cli import main as ntg  # as above

    sys.argv = ["ntg", *command]
    ntg()


def _note(lines: IO[str], place: str, text: str) -> None:
    lines.write(json.dumps([place, text]) + "\n")
    lines.flush()  # a command may end without closing anything


def _noting(bound: Callable[..., Any], lines: IO[str]) -> Callable[..., Any]:
    def noted(connection: Any, given: Any, *, only_shape: bool = False) -> Any:
        if not only_shape:
            _note(lines, "here", given.text)
        return bound(connection, given, only_shape=only_shape)

    return noted


def _note_cluster(lines: IO[str]) -> None:
    from ntg_assets.engines.spark import placed  # after `bound` was replaced

    said = placed.__dict__["spark_text"]

    def noted(text: str, *names: Any, **options: Any) -> str:
        _note(lines, "cluster", text)
        return said(text, *names, **options)

    placed.__dict__["spark_text"] = noted


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
