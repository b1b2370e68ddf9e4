"""Days that were published before: tables of which each day is kept in a file of its own,
below the workspace.

Tonight's own file never counts, so a run that is repeated gives the same tables.
"""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ntg_assets.errors import SourceError, StorageError
from ntg_assets.storage.parquet import read_verified


class KeptDays(NamedTuple):
    """Where the days of a table lie, and which column says the day."""

    folder: str
    day_column: str

    def file_name(self, day: date) -> str:
        return f"{self.day_column}={day.isoformat()}.parquet"


ASSIGNMENT_DAYS = KeptDays("outputs/radar/assignments", "assigned_on")
SEGMENT_DAYS = KeptDays("outputs/radar/segments", "as_of_on")


def last_day_before(kept: KeptDays, day: date, *, workspace: Path) -> pl.DataFrame | None:
    """Read the latest kept day before `day`; None when there is none.

    Raises:
        StorageError: its file is damaged.
    """
    earlier = sorted(
        file
        for file in (workspace / kept.folder).glob(f"{kept.day_column}=*.parquet")
        if file.name < kept.file_name(day)
    )
    if not earlier:
        return None
    try:
        return read_verified(
            earlier[-1], name=f"{kept.folder}/{earlier[-1].name}", advice="Delete it and run again."
        )
    except SourceError as error:
        raise StorageError(str(error)) from None
