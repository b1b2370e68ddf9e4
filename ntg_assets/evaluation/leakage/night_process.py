"""The process of another night: it loads the code under guard, then makes two worlds."""

import atexit
import gc
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.declared_reads import Declared, only
from ntg_assets.errors import UndeclaredReadError
from ntg_assets.evaluation.leakage.other_night import AGAIN, OTHER, UNDECLARED
from ntg_assets.orchestration.opened_files import rehearsal_roots, watching
from ntg_assets.orchestration.rehearsing.asking_readers import readers_that_ask
from ntg_assets.orchestration.rehearsing.rehearsal import scratch_of

LOADING = Declared("the code, while it is loaded,", frozenset())


def main() -> None:
    """Make both worlds as standard input asks, and leave their tables in its folder."""
    request = json.load(sys.stdin)
    try:
        _make(request["settings"], request["tables"], Path(request["folder"]))
    except UndeclaredReadError as error:
        sys.stdout.write(str(error))
        sys.exit(UNDECLARED)


def _keep_scratch(before: Path, after: Path) -> None:
    """Let a night find in its scratch folder what the one before left there."""
    folder = scratch_of(after)
    folder.rmdir()
    scratch_of(before).rename(folder)


def _make(values: Mapping[str, object], tables: Sequence[str], folder: Path) -> None:
    workspace = folder / "workspace"
    with only(LOADING), watching(*rehearsal_roots()), readers_that_ask():
        from ntg_assets.evaluation.leakage import (  # noqa: PLC0415  # the loading is what is watched
            futures,
            remaking,
        )
        from ntg_assets.evaluation.leakage.planted_world.world import (  # noqa: PLC0415
            planted_world,
        )
        from ntg_assets.orchestration.collection import load_assets  # noqa: PLC0415

        load_assets()
    gc.freeze()  # nor later among what was loaded, but once at the end: libraries count on that
    atexit.register(gc.unfreeze)
    gc.enable()
    settings = Settings.model_validate(values)
    true = planted_world(settings.churn.horizon_days)
    other = futures.rewritten(futures.other_past(true), true.train_end)
    made = remaking.remake(other, tables, settings=settings, workspace=workspace / OTHER)
    _leave(made, tables, folder / OTHER)
    _keep_scratch(workspace / OTHER, workspace / AGAIN)
    again = futures.stirred(true, true.train_end)
    made = remaking.remake(again, tables, settings=settings, workspace=workspace / AGAIN)
    _leave(made, tables, folder / AGAIN)


def _leave(made: Mapping[str, pl.DataFrame], tables: Sequence[str], folder: Path) -> None:
    folder.mkdir()
    for table in tables:
        made[table].write_parquet(folder / f"{table}.parquet", compression="uncompressed")
