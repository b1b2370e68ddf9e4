"""Dagster's memory of runs, below the workspace: what the shell runs, the UI shows."""

import os
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster_shared.yaml_utils import load_yaml_from_globs

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError

DAGSTER_HOME = "DAGSTER_HOME"
NOTHING_IS_SENT = "DAGSTER_DISABLE_TELEMETRY"
CONFIG = "dagster.yaml"
PACKAGED = Path(__file__).with_name(CONFIG)  # of an installed wheel, for a folder without one
# else Dagster counts usage, and asks the network
SILENT: dict[str, Any] = {"telemetry": {"enabled": False}, "nux": {"enabled": False}}
SILENT_CONFIG = """\
# Written by `ntg`, since this folder had no such file and Dagster would then
# count its usage and report it.
telemetry:
  enabled: false
nux:
  enabled: false
"""


def dagster_home(paths: Paths) -> Path:
    """Where Dagster remembers runs: the folder that a server has set, or the workspace's."""
    configured = os.environ.get(DAGSTER_HOME)
    return Path(configured) if configured else paths.dagster_home


def prepare_dagster_home(paths: Paths) -> Path:
    """Make `DAGSTER_HOME` below the workspace, with the project's `dagster.yaml` in it,
    and tell Dagster of it.

    A `DAGSTER_HOME` that is set already (a server's) stays what it is. Only where it holds no
    `dagster.yaml` it is given one, which switches telemetry off and says nothing else.

    Raises:
        StorageError: the folder does not exist or cannot be written.
    """
    os.environ[NOTHING_IS_SENT] = "yes"
    configured = os.environ.get(DAGSTER_HOME)
    home = dagster_home(paths)
    if configured and not (home.is_absolute() and home.is_dir()):
        raise StorageError(
            f"{DAGSTER_HOME}={configured} is no folder with an absolute path. Make it, or unset"
            f" {DAGSTER_HOME}."
        )
    try:
        if configured:
            _silence(home)
        else:
            home.mkdir(parents=True, exist_ok=True)
            template = next(
                (file for file in (paths.home / CONFIG, PACKAGED) if file.is_file()), None
            )
            if template is None:
                _silence(home)
            else:
                shutil.copyfile(template, home / CONFIG)
    except OSError as error:
        mend = (
            f"Make it writable, or unset {DAGSTER_HOME}."
            if configured
            else "Give a writable folder with the `workspace` key."
        )
        raise StorageError(f"{error.filename}: {error.strerror}. {mend}") from None
    os.environ[DAGSTER_HOME] = str(home)
    return home


def open_instance(paths: Paths) -> dg.DagsterInstance:
    """Open the history of runs, silent even where somebody else's `dagster.yaml` leaves telemetry
    to Dagster's default.
    """
    home = prepare_dagster_home(paths)
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=undecided(home)))


def undecided(home: Path) -> dict[str, Any]:
    """What a folder's `dagster.yaml` does not say of telemetry and the first-run pop-up,
    set to silence.
    """
    said = load_yaml_from_globs(str(home / CONFIG)) or {}
    return {key: value for key, value in SILENT.items() if key not in said}


def _silence(home: Path) -> None:
    """Write a `dagster.yaml` where there is none: whole,
    and never over one that somebody else is writing now.
    """
    if (home / CONFIG).exists():
        return
    part = home / f"{CONFIG}.{os.getpid()}.part"
    part.write_text(SILENT_CONFIG, encoding="utf-8")
    try:
        os.link(part, home / CONFIG)
    except FileExistsError:
        pass
    finally:
        part.unlink()
