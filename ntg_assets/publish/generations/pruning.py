"""Which generations are removed: those that are old, and what a process left that was cut off."""

from datetime import datetime

from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.generations.shelf import (
    MAKING,
    REMOVING,
    current_folder,
    generations,
    readable_folders,
)
from ntg_assets.storage.files import remove_tree


def prune(
    paths: Paths, *, keep: int, keep_hours: float, spare: set[str], now: datetime
) -> list[str]:
    """Remove generations that are neither current nor among the newest nor young.

    Args:
        paths: Where generations lie.
        keep: How many of the newest are kept.
        keep_hours: None younger than this is removed.
        spare: Names that are kept whatever their age.
        now: The present instant (naive UTC).

    Returns:
        Names of the folders that are gone.
    """
    shelved = generations(paths)
    stay = {kept.name for kept in shelved[-keep:]} | spare
    shown = {kept.folder for kept in shelved}
    current = current_folder(paths)
    gone = [
        kept.folder
        for kept in readable_folders(paths)
        if kept.folder != current
        and (now - kept.made_at).total_seconds() >= keep_hours * 3600
        and (kept.name not in stay or kept.folder not in shown)
    ]
    for folder in gone:
        remove_tree(folder)
    return [folder.name for folder in gone]


def tidy(paths: Paths) -> None:
    """Remove what a process left that ended while it wrote or removed a generation."""
    if paths.generations.is_dir():
        for folder in sorted(paths.generations.iterdir()):
            if folder.name.startswith((MAKING, REMOVING)):
                remove_tree(folder)
