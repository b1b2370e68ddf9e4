"""The steps of the graph, as the last command that loaded the graph left them in the workspace.

What the steps are follows from the files of NTG and the libraries that read them: no configuration
and no table is looked at when the graph is loaded. So what is kept counts where every one of these
files is what it was, byte by byte, and the libraries are; else the graph is loaded, and kept anew.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple

from ntg_assets.modules import modules_named
from ntg_assets.orchestration.remembering.code import (
    changed_since_start,
    code_of,
    code_of_package,
    environment,
    is_known,
)
from ntg_assets.orchestration.remembering.steps import WORKS, Work
from ntg_assets.sql import Table

TABLES = ("tables", "reads", "after")  # what a step says in tables


class KnownSteps(NamedTuple):
    """What a plan has to know of the graph.

    Attributes:
        works: The steps, by name.
        code_of: Hashes of the files that what a module makes may depend on.
    """

    works: Mapping[str, Work]
    code_of: Callable[[str], dict[str, str]]


def known_steps(file: Path) -> KnownSteps:
    """Return the steps of the graph, which is loaded only where NTG is another than the one whose
    steps a file keeps.

    Args:
        file: Where they are kept; nothing is written where its folder is not there yet.
    """
    kept = kept_steps(file)
    return kept if kept is not None else _loaded(file)


def kept_steps(file: Path) -> KnownSteps | None:
    """Return the steps that a file keeps; None where they are of another NTG, or cannot be read."""
    try:
        content = json.loads(file.read_bytes())
        if content["of"] != _of():
            return None
        works = {work.name: work for work in map(_work_of, content["works"])}
        names, hashes = content["files"], code_of_package()
        files = {
            module: [names[place] for place in places] for module, places in content["code"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    return KnownSteps(works, lambda module: {name: hashes[name] for name in files[module]})


def loaded_steps() -> KnownSteps:
    """Load the graph, and return its steps."""
    modules_named("assets.py", "checks.py")  # which is how the steps come to be known
    return KnownSteps(WORKS, code_of)


def _loaded(file: Path) -> KnownSteps:
    steps = loaded_steps()
    are_ours = all(is_known(work.module) for work in WORKS.values())
    if file.parent.is_dir() and are_ours and not changed_since_start(code_of_package()):
        with suppress(OSError):  # a workspace that only may be read is planned no less rightly
            _write(file, steps.works)
    return steps


def _write(file: Path, works: Mapping[str, Work]) -> None:
    """Write the steps, whole or not at all."""
    names = [*code_of_package()]
    places = {name: place for place, name in enumerate(names)}
    content = {
        "of": _of(),
        "works": [work._asdict() for work in works.values()],
        "files": names,
        "code": {
            module: [places[name] for name in code_of(module)]
            for module in sorted({work.module for work in works.values()})
        },
    }
    part = file.with_name(file.name + ".part")
    text = json.dumps(content, default=astuple, separators=(",", ":"))  # tables are dataclasses
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(file)


def _of() -> dict[str, Any]:
    return {"environment": environment(), "code": code_of_package()}


def _work_of(kept: Mapping[str, Any]) -> Work:
    of_tables = {name: tuple(Table(*table) for table in kept[name]) for name in TABLES}
    checks = tuple((Table(*table), check) for table, check in kept["checks"])
    return Work(**{**kept, **of_tables, "files": tuple(kept["files"]), "checks": checks})
