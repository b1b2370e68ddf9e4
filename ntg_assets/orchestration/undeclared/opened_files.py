"""What an asset opens by itself, past every door: files of the project are refused unless it
declares files, whichever library opens them.

Python says of every file that it opens (`sys.addaudithook`), also to numpy and pandas. Libraries
that open files in their own code say nothing; a rehearsal exchanges their readers for ones that
ask first. There a thread may read what its starter may, and other processes and machines are not
asked at all.
"""

import _thread
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from functools import cache, partial, wraps
from pathlib import Path
from threading import Thread
from typing import Any

from ntg_assets.configuration.paths import Paths
from ntg_assets.declared_reads import require_files, running_reader
from ntg_assets.modules import ROOT
from ntg_assets.orchestration.undeclared.machine_folders import SYSTEM, libraries

# of a link or another name the file that it is of: under the new name nobody would ask any more
OPENING = frozenset(
    {
        *("open", "os.listdir", "os.scandir", "sqlite3.connect"),
        *("os.link", "os.symlink", "os.rename", "os.getxattr", "os.listxattr"),
    }
)
# functions of the C library that open what nobody hears of, where they are looked up
IN_C = frozenset(
    {
        *("open", "open64", "openat", "openat64", "fopen", "fopen64", "freopen", "creat"),
        *("opendir", "mmap", "mmap64", "syscall", "shm_open", "popen", "system", "fork", "vfork"),
        *("execv", "execve", "execvp", "posix_spawn", "posix_spawnp", "connect", "sendto"),
        *("stat", "stat64", "lstat", "fstatat", "statx", "access", "dlopen"),
    }
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
LISTENED = OPENING | {"ctypes.dlsym"}
# by which somebody else reads for the asset: another process, another machine
ELSEWHERE = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"),
        *("os.fork", "os.forkpty", "socket.connect", "socket.sendto", "socket.sendmsg"),
        *("socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    }
)
ASK_THE_MACHINE = frozenset({"ldconfig", "lscpu", "sysctl", "uname"})  # programs: what it is like
# below `data`: what Python itself writes while an asset runs, and the asset's own scratch folder
FREE = ("scratch", "logs", "dagster")
# whose content a verdict on the code depends on, and libraries
CODE_KINDS = (".py", ".sql", ".csv", ".so", ".pyd", ".dylib")
COMPILED = re.compile(r"\.(pyc|nbi|nbc)\b")  # by Python and numba, in a folder beside the source
ASKING_WHETHER = ("stat", "lstat", "access")  # of `os`: whether there is a file is a question too

_is_alone = False  # a rehearsal: nobody else is asked anything
_watched: tuple[str, ...] = ()
_free: tuple[str, ...] = ()
_above_free: frozenset[str] = frozenset()  # folders on the way to these, and they
_of_modules: frozenset[str] = frozenset()  # folders in which modules are looked for


def roots_of(paths: Paths, *more: Path) -> tuple[Path, ...]:
    """Folders of the project in which data lie."""
    kept = (paths.data, paths.workspace / "outputs", paths.workspace / "reports")
    return (*kept, paths.home / "data", *more)


def rehearsal_roots() -> tuple[Path, ...]:
    """Folders in which anybody could leave a file for a rehearsal to find: all there are."""
    return (Path(ROOT.anchor),)


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
    global _watched, _free, _above_free, _of_modules  # noqa: PLW0603  # a hook of the interpreter, which is one
    before = _watched, _free, _above_free, _of_modules
    _listen()
    folders = [os.path.abspath(root) for root in roots]  # noqa: PTH100  # links stay: so they are opened
    folders += [os.path.realpath(root) for root in roots]
    _watched = (*before[0], *folders)
    own = [ROOT, *libraries(), *SYSTEM, *([scratch] if scratch else [])]
    own += [Path(folder) / name for folder in folders if folder != ROOT.anchor for name in FREE]
    _free = (*before[1], *map(os.path.abspath, own), *map(os.path.realpath, own))
    _above_free = frozenset(
        map(str, (up for folder in map(Path, _free) for up in (folder, *folder.parents)))
    )
    _of_modules = frozenset(sys.path)  # what an asset adds to them is data
    try:
        yield
    finally:
        _watched, _free, _above_free, _of_modules = before


@contextmanager
def alone() -> Iterator[None]:
    """Let threads hold to what whoever starts them declares, and nobody ask other processes or
    machines, nor whether there is a file.
    """
    global _is_alone  # noqa: PLW0603  # a hook of the interpreter, which is one
    _listen()
    was_alone, _is_alone = _is_alone, True
    try:
        with ExitStack() as exchanged:
            for attribute in ASKING_WHETHER:
                exchange(os, attribute, _watching(getattr(os, attribute)), exchanged)
            exchange(Thread, "start", _as_its_starter(Thread.start), exchanged)
            begins = _as_whoever_begins(_thread.start_new_thread)
            exchange(_thread, "start_new_thread", begins, exchanged)
            yield
    finally:
        _is_alone = was_alone


def exchange(owner: object, attribute: str, instead: object, exchanged: ExitStack) -> None:
    """Put something into the place of an attribute until the stack is left."""
    exchanged.callback(setattr, owner, attribute, vars(owner)[attribute])
    setattr(owner, attribute, instead)


def _as_its_starter(start: Callable[[Thread], None]) -> Callable[[Thread], None]:
    @wraps(start)
    def begin(thread: Thread) -> None:
        if running_reader() is not None:
            thread.run = partial(copy_context().run, thread.run)  # type: ignore[method-assign]
        start(thread)

    return begin


def _as_whoever_begins(start: Callable[..., int]) -> Callable[..., int]:
    @wraps(start)
    def begin(function: Callable[..., object], *arguments: Any) -> int:
        return start(partial(copy_context().run, function), *arguments)

    return begin


def _watching(asks: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(asks)
    def ask(path: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as `os` has it
        if running_reader() is not None and not _leads_to_code(path):
            _require_path(path)
            _require_code(path)
        return asks(path, *arguments, **named)

    return ask


@cache
def _listen() -> None:
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched and arguments and event in LISTENED and running_reader() is not None:
        _require_opened(event, arguments)
    if _is_alone and event in ELSEWHERE and running_reader() is not None:
        program = arguments[0] if event == "subprocess.Popen" else None
        if not (isinstance(program, str) and Path(program).name in ASK_THE_MACHINE):
            require_files(f"what others read ({event})")


def _require_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "ctypes.dlsym":
        if arguments[1] in IN_C:
            require_files(f"what {arguments[1]} of the C library opens")
        return
    path = _of_uri(arguments[0]) if event == "sqlite3.connect" else arguments[0]
    _require_path(path)
    if _is_alone and event == "open":
        _require_code(path, writes=bool((arguments[2] or 0) & WRITES))


def _of_uri(database: object) -> object:
    """The file of a database, without what an URI says of it."""
    if isinstance(database, str) and database.startswith("file:"):
        return database.removeprefix("file:").partition("?")[0]
    return database


def _require_path(path: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # as it is opened
        # a folder that modules are looked for in is listed by the import of any of them
        is_data = _lies_in(name, _watched) and not _lies_in(name, _free) and name not in _of_modules
        if is_data:
            require_files(f"{Path(name).name} by itself")


def _require_code(path: object, *, writes: bool = False) -> None:
    """Refuse in the package what is no code, and to write there or among libraries: it would be
    found by the next night, and no verdict hangs on it.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        return
    name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # as it is opened
    if COMPILED.search(Path(name).name) and Path(name).parent.name == "__pycache__":
        return
    is_ours = _lies_in(name, (str(ROOT),))
    is_kept = is_ours and bool(Path(name).suffix) and not name.endswith(CODE_KINDS)
    if is_kept or (writes and (is_ours or _lies_in(name, tuple(map(str, libraries()))))):
        require_files(f"{Path(name).name} among the code")


def _leads_to_code(path: object) -> bool:
    """Whether a folder is on the way to the code or its libraries: that it is there says nothing,
    and who resolves the links of a library's file asks it of each folder.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    return os.path.abspath(os.fsdecode(path)) in _above_free  # noqa: PTH100  # as it is asked


def _lies_in(name: str, folders: tuple[str, ...]) -> bool:
    return any(
        name == folder or name.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders
    )
