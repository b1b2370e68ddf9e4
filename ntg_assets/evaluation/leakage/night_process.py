"""The process of other nights: it loads the code under guard, and copies of it make two worlds."""

import atexit
import gc
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.declared_reads import Declared, only
from ntg_assets.errors import UndeclaredReadError
from ntg_assets.evaluation.leakage.other_night import (
    AGAIN,
    OTHER,
    UNDECLARED,
    UNMADE,
    homes_in,
)
from ntg_assets.orchestration.rehearsing.asking_readers import readers_that_ask
from ntg_assets.orchestration.rehearsing.rehearsal import scratch_of
from ntg_assets.orchestration.undeclared.opened_files import rehearsal_roots, watching

TONIGHT = "tonight"  # folder of what no back-test has
LOADING = Declared("the code, while it is loaded,", frozenset())


def main() -> None:
    """Load the code, then make both worlds of each night that standard input asks for, a line of
    JSON each; answer each with a line: how the copy that made them ended, and what it said.
    """
    refused = _load()
    for line in sys.stdin:
        answer = {"code": UNDECLARED, "said": refused} if refused else _in_a_copy(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _load() -> str | None:
    """Load all code under guard; say what it opened, if it did."""
    try:
        with only(LOADING), watching(*rehearsal_roots()), readers_that_ask():
            from ntg_assets.evaluation.leakage import (  # noqa: PLC0415  # the loading is what is watched
                futures,  # noqa: F401
                remaking,  # noqa: F401
            )
            from ntg_assets.orchestration.collection import load_assets  # noqa: PLC0415

            load_assets()
    except UndeclaredReadError as error:
        return str(error)
    gc.freeze()  # nor later among what was loaded, but once at the end: libraries count on that
    atexit.register(gc.unfreeze)
    gc.enable()
    return None


def _in_a_copy(request: Mapping[str, Any]) -> dict[str, object]:
    """Make both worlds in a copy of this process: this one stays as it was loaded."""
    said = Path(request["folder"]) / "said"
    copy = os.fork()
    if not copy:
        _make_and_end(request, said)
    code = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    return {"code": code, "said": said.read_text(encoding="utf-8") if said.exists() else ""}


def _make_and_end(request: Mapping[str, Any], said: Path) -> NoReturn:
    code, folder = UNMADE, Path(request["folder"])
    try:
        os.chdir(folder)
        os.environ.update(homes_in(folder))  # noqa: TID251  # of this copy, before a night begins
        _make(request["settings"], request["tables"], folder)
        code = 0
    except UndeclaredReadError as error:
        said.write_text(str(error), encoding="utf-8")
        code = UNDECLARED
    except BaseException:  # noqa: BLE001  # whatever it is, it ends the copy, and is told
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _keep_scratch(before: Path, after: Path) -> None:
    """Let a night find in its scratch folder what the one before left there."""
    folder = scratch_of(after)
    folder.rmdir()
    scratch_of(before).rename(folder)


def _make(values: Mapping[str, object], tables: Sequence[str], folder: Path) -> None:
    workspace = folder / "workspace"
    from ntg_assets.evaluation.leakage import futures, remaking  # noqa: PLC0415  # as it was loaded
    from ntg_assets.evaluation.leakage.planted_world.world import planted_world  # noqa: PLC0415

    settings = Settings.model_validate(values)
    true = planted_world(settings.churn.horizon_days)
    other = futures.rewritten(futures.other_past(true), true.train_end)
    made = remaking.remake(other, tables, settings=settings, workspace=workspace / OTHER)
    _leave(made, tables, folder / OTHER)
    # what only a night has leaves something behind, too
    _keep_scratch(workspace / OTHER, workspace / TONIGHT)
    remaking.remake_tonight(other, made, settings=settings, workspace=workspace / TONIGHT)
    _keep_scratch(workspace / TONIGHT, workspace / AGAIN)
    again = futures.stirred(true, true.train_end)
    made = remaking.remake(again, tables, settings=settings, workspace=workspace / AGAIN)
    _leave(made, tables, folder / AGAIN)


def _leave(made: Mapping[str, pl.DataFrame], tables: Sequence[str], folder: Path) -> None:
    folder.mkdir()
    for table in tables:
        made[table].write_parquet(folder / f"{table}.parquet", compression="uncompressed")
