"""Dagster's memory of runs, below the workspace: what the shell runs, the UI shows."""

import os
import shutil
from pathlib import Path

import dagster as dg

from ntg_assets.errors import StorageError
from ntg_assets.settings import Paths

DAGSTER_HOME = "DAGSTER_HOME"


def prepare_dagster_home(paths: Paths) -> Path:
    """Make `DAGSTER_HOME` below the workspace, with the project's `dagster.yaml` in it, and tell Dagster of it.

    A `DAGSTER_HOME` that is set already (a server's) is left alone.

    Raises:
        StorageError: the folder cannot be written.
    """
    if os.environ.get(DAGSTER_HOME):
        return Path(os.environ[DAGSTER_HOME])
    try:
        paths.dagster_home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths.home / "dagster.yaml", paths.dagster_home / "dagster.yaml")
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}. Give a writable folder with the `workspace` key.") from None
    os.environ[DAGSTER_HOME] = str(paths.dagster_home)
    return paths.dagster_home


def open_instance(paths: Paths) -> dg.DagsterInstance:
    """Open the history of runs."""
    prepare_dagster_home(paths)
    return dg.DagsterInstance.get()
