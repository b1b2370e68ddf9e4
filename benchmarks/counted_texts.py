"""Run a command of NTG and write down which SQL texts ran here and which on a cluster.

python -m benchmarks.counted_texts FILE COMMAND
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ntg_assets.storage import run  # before whoever takes a name out of it


def main(file: Path, command: list[str]) -> None:
    """Run the command; the file then holds the texts, by where they ran."""
    texts: dict[str, set[str]] = {"here": set(), "cluster": set()}
    run.bound = _noting(run.bound, texts["here"])
    _note_cluster(texts["cluster"])
    from ntg_assets.cli import main as ntg  # as above

    sys.argv = ["ntg", *command]
    try:
        ntg()
    finally:
        file.write_text(json.dumps({place: sorted(found) for place, found in texts.items()}))


def _noting(bound: Callable[..., Any], texts: set[str]) -> Callable[..., Any]:
    def noted(connection: Any, given: Any, *, only_shape: bool = False) -> Any:
        if not only_shape:
            texts.add(given.text)
        return bound(connection, given, only_shape=only_shape)

    return noted


def _note_cluster(texts: set[str]) -> None:
    from ntg_assets.engines.spark import placed  # after `bound` was replaced

    said = placed.__dict__["spark_text"]

    def noted(text: str, *names: Any, **options: Any) -> str:
        texts.add(text)
        return said(text, *names, **options)

    placed.__dict__["spark_text"] = noted


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
