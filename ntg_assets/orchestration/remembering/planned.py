"""A run that leaves steps out was planned on a warehouse: whether it is still that one."""

from collections.abc import Mapping

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError

PLANNED_ON = ".dagster/ntg_planned_on"  # tag of a run; Dagster hides from people what begins so


def state_of(paths: Paths) -> str:
    """Name the state of the warehouse's file: another one after every write."""
    if not paths.warehouse.exists():
        return "none"
    seen = paths.warehouse.stat()
    return f"{seen.st_ino}-{seen.st_size}-{seen.st_mtime_ns}"


def raise_if_other_state(paths: Paths, tags: Mapping[str, str]) -> None:
    """Refuse a run whose plan was made on another state of the warehouse.

    Raises:
        StorageError: it was.
    """
    if tags.get(PLANNED_ON, state_of(paths)) != state_of(paths):
        raise StorageError(
            "The warehouse was written after this run was planned: what it leaves out may have"
            " changed. Start it again."
        )
