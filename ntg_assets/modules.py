"""Modules of NTG found by what they are called, so that nothing is kept in a list by hand."""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent


@cache
def modules_named(*patterns: str) -> tuple[ModuleType, ...]:
    """Load every module of NTG whose file matches a pattern (`assets.py`, `*contracts.py`,
    `contracts/*.py`).

    Returns:
        The modules, by path.
    """
    files = sorted({file for pattern in patterns for file in ROOT.rglob(pattern)})
    return tuple(import_module(module_name(file)) for file in files)


def library(name: str) -> ModuleType:
    """Load a library that is no part of NTG, by a name that is not known before."""
    if name.partition(".")[0] == ROOT.name:
        raise ValueError(f"{name} is a module of NTG: what a step is made from must name it.")
    return import_module(name)


def module_name(file: Path) -> str:
    """Name under which a file of the package is imported."""
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
