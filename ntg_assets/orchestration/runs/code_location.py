"""Where Dagster's UI finds the definitions, and by which name: the UI shows runs by it."""

from collections.abc import Iterator
from pathlib import Path

from dagster_shared.yaml_utils import load_yaml_from_path

WORKSPACE = "workspace.yaml"
MODULE = "ntg_assets.definitions"


def ui_arguments(home: Path) -> list[str]:
    """Arguments by which `dagster dev` finds the definitions of a project folder."""
    file = home / WORKSPACE
    return ["-w", str(file)] if file.is_file() else ["-m", MODULE]


def location_name(home: Path) -> str:
    """Name of the code location of a project folder: of its `workspace.yaml`, else the module."""
    file = home / WORKSPACE
    return next(_names(load_yaml_from_path(str(file))), MODULE) if file.is_file() else MODULE


def _names(written: object) -> Iterator[str]:
    """Names that a `workspace.yaml` gives its locations."""
    loads = written.get("load_from") if isinstance(written, dict) else None
    for location in loads or ():
        for place in location.values() if isinstance(location, dict) else ():
            if isinstance(place, dict) and place.get("location_name"):
                yield str(place["location_name"])
