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


def module_name(file: Path) -> str:
    """Name under which a file of the package is imported."""
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
