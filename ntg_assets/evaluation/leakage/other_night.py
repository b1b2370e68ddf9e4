"""Another night in a process of its own: first a world of which all is another, then one with the
true past and another future, with the scratch folder that the first one left.

What a module keeps when it is loaded, what it remembers from call to call and what lies in a
scratch folder outlives a night. TRAIN must come out the same after such a night, and before such a
future, as in a process that has seen neither; and while the code is loaded it may open no data at
all.
"""

import json
import os
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

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
Made = Mapping[str, pl.DataFrame]


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
        StorageError: the process was ended from outside.
    """
    with TemporaryDirectory(prefix="ntg-other-night-") as folder:
        request = {
            "settings": settings.model_dump(mode="json"),
            "tables": list(tables),
            "folder": folder,
        }
        done = subprocess.run(  # noqa: S603  # this interpreter, this code
            [sys.executable, "-c", START, str(ROOT.parent)],
            cwd=folder,
            env=_away_from_home(Path(folder)),
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        if done.returncode == UNDECLARED:
            raise UndeclaredReadError(done.stdout.strip())
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            ended = LeakageError if done.returncode == UNMADE else StorageError
            raise ended(f"another night could not be made: {last}")
        other, again = (
            {table: read_verified(Path(folder) / name / f"{table}.parquet") for table in tables}
            for name in (OTHER, AGAIN)
        )
        return other, again


def _away_from_home(folder: Path) -> dict[str, str]:
    """The environment of a process whose home folder is another: what code keeps at home from
    night to night is not there, and does not go home.

    Libraries stay where they are, and so does what numba has compiled for a package that it may
    not write into.
    """
    home = folder / "home"
    home.mkdir()
    environment = {
        **BEGAN_WITH,
        **{name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")},
        "PYTHONUSERBASE": site.getuserbase(),
    }
    if not os.access(ROOT, os.W_OK):
        environment.setdefault("NUMBA_CACHE_DIR", str(Path.home() / ".cache" / "numba"))
    return environment
