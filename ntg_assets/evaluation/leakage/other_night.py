"""Another night in a process of its own: first a world of which all is another, then one with the
true past and another future, with the scratch folder that the first one left.

What a module keeps when it is loaded, what it remembers from call to call and what lies in a
scratch folder outlives a night. TRAIN must come out the same after such a night, and before such a
future, as in a process that has seen neither; and while the code is loaded it may open no data at
all. A process loads the code once, makes nothing itself, and begins each night in a copy of it.
"""

import json
import os
import site
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import IO, Any

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import LeakageError, StorageError, UndeclaredReadError
from ntg_assets.modules import ROOT
from ntg_assets.storage.parquet import read_verified

LIMIT_SECONDS = 900
OTHER, AGAIN = "other", "again"  # folders of the worlds
UNMADE, UNDECLARED = 1, 3  # exit codes: of any exception, of this one
START = (  # no garbage is looked for while modules are loaded, which takes a fifth of the time
    "import gc, sys; gc.disable(); sys.path[0] = sys.argv[1];"
    " from ntg_assets.evaluation.leakage.night_process import main; main()"
)
# of this process, before a night could leave anything in it for the next one
BEGAN_WITH = {**os.environ}  # noqa: TID251  # handed on to a process, not read
HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
Made = Mapping[str, pl.DataFrame]
Night = Callable[[Settings, Sequence[str]], tuple[Made, Made]]


def another_night(settings: Settings, tables: Sequence[str]) -> tuple[Made, Made]:
    """Let a fresh process make a world of which all is another, then one whose future is.

    Args:
        settings: The configuration, as `rehearsal_settings` gives it.
        tables: What is asked of both.

    Returns:
        The tables of the other world, and those of the true past with another future (`stirred`).

    Raises:
        UndeclaredReadError: the code opens data while it is loaded, or a step does.
        LeakageError: a table could not be made there.
        StorageError: the process was ended from outside, or takes too long.
    """
    with nights() as night:
        return night(settings, tables)


@contextmanager
def nights() -> Iterator[Night]:
    """Let nights of several configurations begin in copies of one process that has loaded the code
    and seen none; each is asked for as `another_night`.
    """
    with (
        TemporaryDirectory(prefix="ntg-nights-") as folder,
        Path(folder, "stderr").open("w+", encoding="utf-8") as errors,
        subprocess.Popen(  # noqa: S603  # this interpreter, this code
            [sys.executable, "-c", START, str(ROOT.parent)],
            cwd=folder,
            env=_away_from_home(Path(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as loaded,
    ):
        try:
            yield partial(_night, loaded, errors)
        finally:
            loaded.kill()  # it holds nothing


def _night(
    loaded: subprocess.Popen[str], errors: IO[str], settings: Settings, tables: Sequence[str]
) -> tuple[Made, Made]:
    with TemporaryDirectory(prefix="ntg-other-night-") as folder:
        answer = _ask(
            loaded,
            {
                "settings": settings.model_dump(mode="json"),
                "tables": list(tables),
                "folder": folder,
            },
        )
        if answer["code"] == UNDECLARED:
            raise UndeclaredReadError(answer["said"])
        if answer["code"]:
            errors.seek(0)
            last = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
            ended = LeakageError if answer["code"] == UNMADE else StorageError
            raise ended(f"another night could not be made: {last}")
        other, again = (
            {table: read_verified(Path(folder) / name / f"{table}.parquet") for table in tables}
            for name in (OTHER, AGAIN)
        )
        return other, again


def _ask(loaded: subprocess.Popen[str], request: Mapping[str, object]) -> dict[str, Any]:
    """Ask the loaded process for a night; of one that has ended, how it did."""
    assert loaded.stdin is not None  # noqa: S101  # both are pipes
    assert loaded.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError):
        loaded.stdin.write(json.dumps(request) + "\n")
        loaded.stdin.flush()
    if not select([loaded.stdout], [], [], LIMIT_SECONDS)[0]:
        raise StorageError(f"another night took longer than {LIMIT_SECONDS} seconds")
    answer = loaded.stdout.readline()
    return json.loads(answer) if answer else {"code": loaded.wait()}


def _away_from_home(folder: Path) -> dict[str, str]:
    """The environment of a process whose home folder is another: what code keeps at home from
    night to night is not there, and does not go home.

    Libraries stay where they are, and so does what numba has compiled for a package that it may
    not write into.
    """
    environment = {**BEGAN_WITH, **homes_in(folder), "PYTHONUSERBASE": site.getuserbase()}
    if not os.access(ROOT, os.W_OK):
        environment.setdefault("NUMBA_CACHE_DIR", str(Path.home() / ".cache" / "numba"))
    return environment


def homes_in(folder: Path) -> dict[str, str]:
    """Variables that name the home folder, in a folder."""
    home = folder / "home"
    home.mkdir()
    return dict.fromkeys(HOMES, str(home))
