"""What an asset opens by itself, past every door: files of the project are refused unless it
declares files, whichever library opens them.

Python says of every file that it opens (`sys.addaudithook`), also to numpy and pandas. Libraries
that open files in their own code say nothing; a rehearsal exchanges their readers for ones that
ask first.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from ntg_assets.configuration.paths import Paths
from ntg_assets.declared_reads import require_files, running_reader
from ntg_assets.modules import ROOT, library

OPENING = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect"})
# below `data`: what Python itself writes while an asset runs, and the asset's own scratch folder
FREE = ("scratch", "logs", "dagster")
# by module, the readers that open files in code of their own
READERS: dict[str, tuple[str, ...]] = {
    "polars": ("read_", "scan_"),
    "pyarrow": ("memory_map", "OSFile", "input_stream"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pyarrow.feather": ("read_",),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.parquet": ("read_", "ParquetFile", "ParquetDataset"),
    "duckdb": ("connect", "read_", "from_parquet", "from_csv_auto", "sql", "query", "execute"),
}

ASKING_WHETHER = ("stat", "lstat", "access")  # of `os`: whether there is a file is a question too

_watched: tuple[str, ...] = ()
_free: tuple[str, ...] = ()
_above_free: frozenset[str] = frozenset()  # folders on the way to these, and they


def roots_of(paths: Paths, *more: Path) -> tuple[Path, ...]:
    """Folders of the project in which data lie."""
    kept = (paths.data, paths.workspace / "outputs", paths.workspace / "reports")
    return (*kept, paths.home / "data", *more)


def rehearsal_roots() -> tuple[Path, ...]:
    """Folders in which anybody could leave a file for a rehearsal to find."""
    return Path(gettempdir()), Path.cwd(), ROOT.parent


@contextmanager
def watching(*roots: Path, scratch: Path | None = None) -> Iterator[None]:
    """Refuse what an asset opens below some folders without declaring files, in the block: the
    code and its libraries apart.

    Args:
        roots: The folders.
        scratch: A folder below them that is the asset's own.

    Raises:
        UndeclaredReadError: in the asset, at the file.
    """
    global _watched, _free, _above_free  # noqa: PLW0603  # a hook of the interpreter, which is one
    before = _watched, _free, _above_free
    _listen()
    folders = [os.path.abspath(root) for root in roots]  # noqa: PTH100  # links stay: so they are opened
    folders += [os.path.realpath(root) for root in roots]
    _watched = (*before[0], *folders)
    own = [ROOT, Path(sys.prefix), Path(sys.base_prefix), *([scratch] if scratch else [])]
    own += [Path(folder) / name for folder in folders for name in FREE]
    _free = (*before[1], *map(os.path.abspath, own), *map(os.path.realpath, own))
    _above_free = frozenset(
        map(str, (up for folder in map(Path, _free) for up in (folder, *folder.parents)))
    )
    try:
        yield
    finally:
        _watched, _free, _above_free = before


@contextmanager
def readers_that_ask() -> Iterator[None]:
    """Let the readers of libraries ask what is declared before they open anything."""
    exchanged: list[tuple[Any, str, Any]] = []
    try:
        for attribute in ASKING_WHETHER:
            exchanged.append((os, attribute, getattr(os, attribute)))
            setattr(os, attribute, _watching(getattr(os, attribute)))
        for name, beginnings in READERS.items():
            module = library(name)
            for attribute in [
                name_of_reader
                for name_of_reader in dir(module)
                if name_of_reader.startswith(beginnings)
            ]:
                reader = getattr(module, attribute)
                if callable(reader):
                    exchanged.append((module, attribute, reader))
                    setattr(module, attribute, _asking(reader, f"{name}.{attribute}"))
        yield
    finally:
        for module, attribute, reader in exchanged:
            setattr(module, attribute, reader)


def _asking(reader: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(reader, updated=())
    def ask(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever it takes
        require_files(f"files by {name}")
        return reader(*arguments, **named)

    return ask


def _watching(asks: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(asks)
    def ask(path: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as `os` has it
        if running_reader() is not None and not _leads_to_code(path):
            _require_path(path)
        return asks(path, *arguments, **named)

    return ask


@cache
def _listen() -> None:
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched and arguments and event in OPENING and running_reader() is not None:
        _require_path(arguments[0])


def _require_path(path: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # as it is opened
        # a folder that modules are looked for in is listed by the import of any of them
        is_data = _lies_in(name, _watched) and not _lies_in(name, _free) and name not in sys.path
        if is_data:
            require_files(f"{Path(name).name} by itself")


def _leads_to_code(path: object) -> bool:
    """Whether a folder is on the way to the code or its libraries: that it is there says nothing,
    and who resolves the links of a library's file asks it of each folder.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    return os.path.abspath(os.fsdecode(path)) in _above_free  # noqa: PTH100  # as it is asked


def _lies_in(name: str, folders: tuple[str, ...]) -> bool:
    return any(name == folder or name.startswith(folder + os.sep) for folder in folders)
