"""Which files of NTG a step's result may depend on: the modules that its module imports, directly
or not, and what lies beside them (queries, learned tables, templates).

The files are read, not the modules in memory; so a process that is older than one of its files
says so (`changed_since_start`), and nothing that it makes is remembered.
"""

import hashlib
import os
import platform
import re
import time
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from zoneinfo import TZPATH

from ntg_assets import STARTED_AT
from ntg_assets.modules import ROOT, module_name

DIGITS = 16
DISTRIBUTION = "ntg-assets"
REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FROM = re.compile(r"^[ \t]*from (ntg_assets[\w.]*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import (ntg_assets[\w.]*)", re.MULTILINE)
WORD = re.compile(r"\w+")
QUOTED = re.compile(r"""["']([a-z_]\w*(?:\.\w+)*)["']""")
PATTERN = re.compile(r"modules_named\(([^)]*)\)")
STRINGS = re.compile(r'"([^"]*)"')
CONTRACTS = ("*contracts.py", "contracts/*.py")
ASKS_CONTRACTS = re.compile(r"\b(contract_of|known_tables)\(")
# they look a table's own contract up by its name, and the decorator of its asset imports it
OWN_CONTRACT = ("ntg_assets.contracts", "ntg_assets.orchestration.", "ntg_assets.storage.")
# words there are names of groups and sections, not of folders with queries
NO_QUERIES = ("ntg_assets.orchestration.", "ntg_assets.configuration.", "ntg_assets.stages")
# settings are remembered by value, key by key
NOT_CODE = frozenset({"base.yaml", "py.typed"})
# what stores every table
STORES = "ntg_assets.orchestration.io_manager"


@cache
def code_of(module: str) -> dict[str, str]:
    """Hash every file that what a module makes may depend on.

    Args:
        module: Module of an asset or a check.

    Returns:
        First digits of the SHA-256 of each file, by its path below the package.
    """
    return {name: _digest(name) for name in sorted(_files_of(module))}


@cache
def code_of_package() -> dict[str, str]:
    """Hash every file of NTG: all that the graph could follow from."""
    files = sorted(file for file in ROOT.rglob("*") if file.suffix != ".pyc" and file.is_file())
    return {name: _digest(name) for name in (file.relative_to(ROOT).as_posix() for file in files)}


def is_known(module: str) -> bool:
    """Whether a module is one of NTG's, whose files can be found."""
    return module in _modules()


def changed_since_start(code: Mapping[str, str]) -> list[str]:
    """Name the files that were changed after this process had begun to load them."""
    # not by `Path`, which costs more than the question: it is asked of hundreds of files a step
    return [name for name in code if os.stat(f"{ROOT}/{name}").st_ctime > STARTED_AT]  # noqa: PTH116


@cache
def environment() -> dict[str, str]:
    """Name Python, the libraries, the processor and the zone of this process."""
    from ntg_assets.statistics.processor import (  # noqa: PLC0415  # loads BLAS
        processor,
    )

    versions = {
        "python": platform.python_version(),
        "processor": processor(),
        "local zone": "/".join(time.tzname),
    }
    try:
        wanted = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # run from its folder, not installed
        wanted = ["duckdb", "polars", "numpy", "scipy", "scikit-learn", "pyarrow", "numba"]
    for line in wanted:
        name = REQUIREMENT.match(line)
        if name and "extra ==" not in line:
            versions[name[0].lower()] = _version(name[0])
    return versions


@cache
def zone_version(zone: str) -> str:
    """Hash the rules of a time zone as this machine knows them."""
    for folder in TZPATH:
        if (file := Path(folder) / zone).is_file():
            return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS]
    return f"tzdata {_version('tzdata')}"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


@cache
def _digest(name: str) -> str:
    """Hash a file by its path below the package: a `Path` costs more to look up than to make, and
    each is asked for by dozens of modules.
    """
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()[:DIGITS]


@cache
def _files_of(module: str) -> frozenset[str]:
    waiting, modules = [module, STORES], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in modules and name in _modules():
            modules.add(name)
            waiting += imported(name)
    return frozenset[str]().union(*map(_files_with, modules))


@cache
def _files_with(module: str) -> frozenset[str]:
    """Files that come with a module: its own, and those beside it or in folders that it names."""
    file = _modules()[module]
    folders = () if module.startswith(NO_QUERIES) else _folders_named(file)
    files = [file, *(other for folder in (file.parent, *folders) for other in _beside(folder))]
    return frozenset(file.relative_to(ROOT).as_posix() for file in files)


@cache
def imported(name: str) -> frozenset[str]:
    """Find the modules of NTG that a module loads, wherever in it and however.

    Also the packages above it, and what it finds by patterns (`modules_named`).
    """
    file, loaded = _modules()[name], _modules()
    text = _text(file)
    names = {name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)}
    names |= set(IMPORT.findall(text))
    for package, members in FROM.findall(text):
        names |= {package, *(f"{package}.{word}" for word in WORD.findall(members))}
    names |= _by_pattern(name, file, text)
    parents = {
        module.rsplit(".", depth)[0]
        for module in names
        for depth in range(1, module.count(".") + 1)
    }
    return frozenset((names | parents) & loaded.keys())


def _by_pattern(name: str, file: Path, text: str) -> set[str]:
    if name in {"ntg_assets.modules", "ntg_assets.contracts", __name__}:
        return set()  # whoever calls them is looked at
    modules: set[str] = set()
    for arguments in PATTERN.findall(text):
        modules |= _matching(tuple(STRINGS.findall(arguments)) or ("*.py",))
    if ASKS_CONTRACTS.search(text) and not name.startswith(OWN_CONTRACT):
        modules |= _matching(CONTRACTS)
    if "import_module" in text:
        modules |= {module_name(beside) for beside in file.parent.rglob("*.py")}
    return modules


@cache
def _matching(patterns: tuple[str, ...]) -> frozenset[str]:
    """Name the modules whose files match a pattern; a file matches by the end of its path, as in
    `rglob`, which would walk over the package for each module that asks.
    """
    return frozenset(
        name
        for name, file in _modules().items()
        if any(file.match(pattern) for pattern in patterns)
    )


@cache
def _modules() -> dict[str, Path]:
    return {module_name(file): file for file in ROOT.rglob("*.py")}


@cache
def _beside(folder: Path) -> tuple[Path, ...]:
    """Files of a folder that are no modules: queries, tables, templates."""
    return tuple(
        file
        for file in folder.iterdir()
        if file.is_file() and file.suffix not in {".py", ".pyc"} and file.name not in NOT_CODE
    )


@cache
def _folders_named(file: Path) -> tuple[Path, ...]:
    """Folders that a module names as `query("experiments.data", ...)` does."""
    named = _folders_with_files().keys() & set(QUOTED.findall(_text(file)))
    return tuple(_folders_with_files()[name] for name in named)


@cache
def _folders_with_files() -> dict[str, Path]:
    """Folders that hold more than modules, by the name that `query` knows them by."""
    return {
        ".".join(folder.relative_to(ROOT).parts): folder
        for folder in ROOT.rglob("*")
        if folder.is_dir() and _beside(folder)
    }


@cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
