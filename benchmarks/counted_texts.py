"""Run a command of NTG, and append to a file which SQL texts ran here and which on a cluster.

python -m benchmarks.counted_texts FILE COMMAND
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ntg_assets.storage import run  # before whoever takes a name out of it


def main(file: Path, command: list[str]) -> None:
    """Run the command; each line of the file is one text with the place where it ran, as JSON."""
    run.bound = _noting(run.bound, file)
    _note_cluster(file)
    from ntg_assets.cli import main as ntg  # as above

    sys.argv = ["ntg", *command]
    ntg()


def _note(file: Path, place: str, text: str) -> None:
    with file.open("a") as lines:  # at once: a command may end without saying so
        lines.write(json.dumps([place, text]) + "\n")


def _noting(bound: Callable[..., Any], file: Path) -> Callable[..., Any]:
    def noted(connection: Any, given: Any, *, only_shape: bool = False) -> Any:
        if not only_shape:
            _note(file, "here", given.text)
        return bound(connection, given, only_shape=only_shape)

    return noted


def _note_cluster(file: Path) -> None:
    from ntg_assets.engines.spark import placed  # after `bound` was replaced

    said = placed.__dict__["spark_text"]

    def noted(text: str, *names: Any, **options: Any) -> str:
        _note(file, "cluster", text)
        return said(text, *names, **options)

    placed.__dict__["spark_text"] = noted


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
