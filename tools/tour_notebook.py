"""Write docs/tour.ipynb: the tour of the published store as a notebook, from docs/tour.md.

Usage: python -m tools.tour_notebook     (after a change of docs/tour.md; a test refuses an old one)

Prose becomes cells of text, a question in SQL a cell that asks it, the charts a cell of Python. It
needs a kernel with duckdb and matplotlib, as `make run` installs them.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent.parent
PAGE, NOTEBOOK = HOME / "docs" / "tour.md", HOME / "docs" / "tour.ipynb"
BLOCK = re.compile(r"^```(sql|python)\n(.*?)^```\n?", re.DOTALL | re.MULTILINE)
OPEN = """\
import os
from pathlib import Path

import duckdb

# the folder in which NTG has run; name yours where it is another workspace
folders = (Path.cwd(), *Path.cwd().parents)
os.chdir(next(folder for folder in folders if (folder / "data/current").exists()))
current = Path("data/current").resolve()
store = duckdb.connect(str(current / "data/published/ntg.duckdb"), read_only=True)
"""
PICTURE = "![three charts](../tour.png)\n"


def notebook(page: str) -> dict[str, Any]:
    """Make a notebook (nbformat 4.5) of a page."""
    cells = [_cell(kind, text, number) for number, (kind, text) in enumerate(_parts(page))]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _parts(page: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each cell, in order."""
    before = 0
    is_open = False
    for block in BLOCK.finditer(page):
        if prose := page[before : block.start()].strip():
            yield "markdown", prose
        if not is_open:
            yield "code", OPEN
            is_open = True
        language, text = block.groups()
        yield "code", f'store.sql("""\n{text}""").show()\n' if language == "sql" else text
        if language == "python":
            yield "markdown", PICTURE
        before = block.end()
    if prose := page[before:].strip():
        yield "markdown", prose


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    ran: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    lines = text.rstrip("\n").splitlines(keepends=True)
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": lines, **ran}


def written(page: str) -> str:
    """Write the notebook of a page as its file holds it."""
    return json.dumps(notebook(page), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the notebook anew; return the exit code."""
    NOTEBOOK.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(NOTEBOOK.relative_to(HOME))
    return 0


if __name__ == "__main__":
    sys.exit(main())
