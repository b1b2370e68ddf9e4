"""What an asset opens by itself, past every door: files of the project are refused unless it
declares files, whichever library opens them.

Python says of every file that it opens (`sys.addaudithook`), also to numpy and pandas. Libraries
that open files in their own code say nothing; a rehearsal exchanges their readers for ones that
ask first. There a thread may read what its starter may, and other processes and machines are not
asked at all.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import cache, partial, wraps
from pathlib import Path
from tempfile import gettempdir
from threading import Thread
from typing import Any

from ntg_assets.configuration.paths import Paths
from ntg_assets.declared_reads import require_files, running_reader
from ntg_assets.modules import ROOT, library

OPENING = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect"})
# by which somebody else reads for the asset: another process, another machine
ELSEWHERE = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"),
        *("os.fork", "os.forkpty", "socket.connect"),
    }
)
ASK_THE_MACHINE = frozenset({"ldconfig", "lscpu", "sysctl", "uname"})  # programs: what it is like
# below `data`: what Python itself writes while an asset runs, and the asset's own scratch folder
FREE = ("scratch", "logs", "dagster")
# by module, the readers that open files in code of their own
READERS: dict[str, tuple[str, ...]] = {
    "polars": ("read_", "scan_"),
    "polars.io": ("read_", "scan_"),
    "polars.SQLContext": ("execute",),
    "pyarrow": ("memory_map", "OSFile", "input_stream"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pyarrow.feather": ("read_",),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.orc": ("read_", "ORCFile"),
    "pyarrow.parquet": ("read_", "ParquetFile", "ParquetDataset"),
    "duckdb": ("connect", "read_", "from_parquet", "from_csv_auto", "sql", "query", "execute"),
}

ASKING_WHETHER = ("stat", "lstat", "access")  # of `os`: whether there is a file is a question too

_is_alone = False  # a rehearsal: nobody else is asked anything
_watched: tuple[str, ...] = ()
_free: tuple[str, ...] = ()
_above_free: frozenset[str] = frozenset()  # folders on the way to these, and they


def roots_of(paths: Paths, *more: Path) -> tuple[Path, ...]:
    """Folders of the project in which data lie."""
    kept = (paths.data, paths.workspace / "outputs", paths.workspace / "reports")
    return (*kept, paths.home / "data", *more)


def rehearsal_roots() -> tuple[Path, ...]:
    """Folders in which anybody could leave a file for a rehearsal to find."""
    shared = (Path("/dev/shm"), Path("/var/tmp"))  # noqa: S108  # watched, not written to
    return Path(gettempdir()), Path.cwd(), ROOT.parent, *shared


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
    """Let the readers of libraries ask what is declared before they open anything, threads hold to
    what whoever starts them declares, and nobody ask other processes or machines.
    """
    global _is_alone  # noqa: PLW0603  # a hook of the interpreter, which is one
    _listen()
    was_alone, _is_alone = _is_alone, True
    try:
        with ExitStack() as exchanged:
            for attribute in ASKING_WHETHER:
                _exchange(os, attribute, _watching(getattr(os, attribute)), exchanged)
            _exchange(Thread, "start", _as_its_starter(Thread.start), exchanged)
            for name, beginnings in READERS.items():
                owner = _owner(name)
                for attribute in dir(owner):
                    reader = getattr(owner, attribute)
                    if attribute.startswith(beginnings) and callable(reader):
                        asking = _asking(reader, f"{name}.{attribute}")
                        _exchange(owner, attribute, asking, exchanged)
            yield
    finally:
        _is_alone = was_alone


def _exchange(owner: object, attribute: str, instead: object, exchanged: ExitStack) -> None:
    """Put something into the place of an attribute until the stack is left."""
    exchanged.callback(setattr, owner, attribute, vars(owner)[attribute])
    setattr(owner, attribute, instead)


def _owner(name: str) -> object:
    """The library, or the class of one, by its full name."""
    above, _, last = name.rpartition(".")
    return getattr(library(above), last) if last[0].isupper() else library(name)


def _as_its_starter(start: Callable[[Thread], None]) -> Callable[[Thread], None]:
    @wraps(start)
    def begin(thread: Thread) -> None:
        if running_reader() is not None:
            thread.run = partial(copy_context().run, thread.run)  # type: ignore[method-assign]
        start(thread)

    return begin


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
    if _is_alone and event in ELSEWHERE and running_reader() is not None:
        program = arguments[0] if event == "subprocess.Popen" else None
        if not (isinstance(program, str) and Path(program).name in ASK_THE_MACHINE):
            require_files(f"what others read ({event})")


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
