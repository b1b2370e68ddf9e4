"""The engine's own folders: versions of tables, and rows on their way from and to a cluster.

They are opened while an asset runs. What it may read was held against its declaration when its
query was bound: the way of the rows is no read of its own, also where the storage lies in a folder
of the project.
"""

import shutil
from pathlib import Path

from ntg_assets.declared_reads import only

unwatched = only(None)  # as a decorator: opens folders of the engine for whoever runs


@unwatched
def holds_rows(folder: Path) -> bool:
    """Whether anything was written into a folder: of no rows a cluster writes no file."""
    return any(folder.glob("*.parquet"))


@unwatched
def remove(folder: Path) -> None:
    """Remove a folder; what cannot be removed now is swept by a later write."""
    shutil.rmtree(folder, ignore_errors=True)
