"""What of a publication is history: the night's draw of contacts, its segments, its decisions."""

from datetime import date
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import NtgError
from ntg_assets.history.days import (
    ASSIGNMENT_DAYS,
    HANDED_DAYS,
    KEPT_BY_DAY,
    append_days,
    day_files,
)
from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.storage.parquet import read_verified

PATHS = {entry.table: entry.path for entry in PUBLISHED_TABLES}


def draws_of(paths: Paths, publication: Path) -> list[str]:
    """Name the kept draws of the day of a publication: people may have acted on them.

    One that is damaged, or gone, does not say its day; then it is that of the last draw.
    """
    kept = day_files(paths.history, ASSIGNMENT_DAYS)
    try:
        drawn = read_verified(publication / PATHS[ASSIGNMENT_DAYS.table])
        days = set(drawn[ASSIGNMENT_DAYS.day_column])
    except (NtgError, OSError):
        days = {file.day for file in kept[-1:]}
    return [file.path.name for file in kept if file.day in days]


def keep_days(root: Path, history: Path, *, published_for: date, ids: IdTypes) -> list[Path]:
    """Append to the history what people are about to act on; nothing where it is there already.

    Args:
        root: Folder of the publication.
        history: Folder of the history.
        published_for: Day of the publication.
        ids: How the source writes ids.

    Returns:
        The files that were written.
    """
    return [
        written
        for kept in KEPT_BY_DAY
        # a generation of an older version handed nobody over
        if kept != HANDED_DAYS or (root / PATHS[kept.table]).is_file()
        for written in append_days(
            history,
            kept,
            read_verified(root / PATHS[kept.table]),
            published_for=published_for,
            ids=ids,
        )
    ]
