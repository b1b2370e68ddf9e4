"""What of a publication is history: the night's draw of contacts, its segments, its decisions."""

from datetime import date
from pathlib import Path

from ntg_assets.contracts import IdTypes
from ntg_assets.history.days import HANDED_DAYS, KEPT_BY_DAY, append_days
from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.storage.parquet import read_verified

PATHS = {entry.table: entry.path for entry in PUBLISHED_TABLES}


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
