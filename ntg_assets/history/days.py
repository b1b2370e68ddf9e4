"""Tables of which each day is kept: closed Parquet files, named by their day.

A day that is published again with other rows gets a second file beside the first
(`assigned_on=2026-01-31.2.parquet`): what people were sent before is not undone by sending
something else.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import SourceError, StorageError
from ntg_assets.history.writing import writing
from ntg_assets.storage.files import write_whole
from ntg_assets.storage.parquet import read_verified, write_batches

HISTORY = "data/history"


class KeptDays(NamedTuple):
    """A table whose days are kept.

    Attributes:
        kind: Folder in the history.
        table: The published table, whose contract the files keep.
        day_column: Which column says the day; where the table has none, its files are named so, by
            the day of the publication.
        shown_in: Where readers of the publication find the folder, too: a link; empty: nowhere.
        key: What makes a row new on a day that is kept already; none: the day is kept as a whole,
            again when it differs.
        is_kept_once: Whether a row of this key is kept once for ever, not once a day.
    """

    kind: str
    table: str
    day_column: str
    shown_in: str
    key: tuple[str, ...] = ()
    is_kept_once: bool = False

    def file_name(self, day: date, *, number: int = 1) -> str:
        """Name of the `number`-th file of a day."""
        again = "" if number == 1 else f".{number}"
        return f"{self.day_column}={day.isoformat()}{again}.parquet"


ASSIGNMENT_DAYS = KeptDays(
    "assignments",
    "intervention_assignments",
    "assigned_on",
    "outputs/radar/assignments",
    key=("strategy", "user_id", "arm"),
)
SEGMENT_DAYS = KeptDays("segments", "radar_segments", "as_of_on", "outputs/radar/segments")
# each look at an experiment: its receipt holds the definition, the look, and what was seen
DECISION_DAYS = KeptDays(
    "decisions", "decisions", "as_of_on", "", key=("receipt_sha256",), is_kept_once=True
)
# whom the CRM was given, one row per person
HANDED_DAYS = KeptDays(
    "handed", "crm_handover", "handed_over_on", "outputs/radar/handed", key=("user_id",)
)
# what the CRM did of the contacts of a night, as `ntg contacts taken` read it back
TAKEN_DAYS = KeptDays(
    "taken", "contacts_taken", "assigned_on", "outputs/radar/taken", key=("user_id", "status")
)
KEPT_BY_DAY = (ASSIGNMENT_DAYS, SEGMENT_DAYS, DECISION_DAYS, HANDED_DAYS)
# those that name people
NAMING_PEOPLE = (ASSIGNMENT_DAYS, HANDED_DAYS, TAKEN_DAYS)


class DayFile(NamedTuple):
    """One file of a kept day."""

    day: date
    number: int
    path: Path


def day_files(history: Path, kept: KeptDays) -> list[DayFile]:
    """List the files of a kept table, oldest first."""
    return sorted(_day_files(history / kept.kind, kept))


def append_days(
    history: Path, kept: KeptDays, rows: pl.DataFrame, *, published_for: date, ids: IdTypes
) -> list[Path]:
    """Append what is new of a table, day by day; nothing where all of it is kept already.

    Args:
        history: Folder of the history.
        kept: Which table.
        rows: The table, as published.
        published_for: Day of the publication.
        ids: How the source writes ids.

    Returns:
        The files that were written.

    Raises:
        ContractError: the rows are not what the table promises.
        StorageError: a file of the same day is damaged, the disk is full or broken.
    """
    if rows.is_empty():
        return []
    checked = check_frame(rows, contract_of(kept.table), ids=ids)
    written = []
    for day, of_day in _by_day(checked, kept, published_for):
        files = day_files(history, kept)
        same_day = [file for file in files if file.day == day]
        new = _new_rows(of_day, files if kept.is_kept_once else same_day, kept)
        if new is not None:
            name = kept.file_name(day, number=same_day[-1].number + 1 if same_day else 1)
            written.append(_write(new, history / kept.kind / name))
    return written


def last_day_before(kept: KeptDays, day: date, *, history: Path) -> pl.DataFrame | None:
    """Read the latest file of a day before `day`; None when there is none.

    Tonight's own files never count, so a run that is repeated gives the same tables.

    Raises:
        StorageError: the file is damaged.
    """
    earlier = [file for file in day_files(history, kept) if file.day < day]
    return _read(earlier[-1].path) if earlier else None


def read_days(paths: list[Path]) -> list[pl.DataFrame]:
    """Read files of kept days, each held against its checksums.

    Raises:
        StorageError: a file is damaged.
    """
    return [_read(path) for path in paths]


def _day_files(folder: Path, kept: KeptDays) -> Iterator[DayFile]:
    named = re.compile(rf"{kept.day_column}=(\d{{4}}-\d\d-\d\d)(?:\.(\d+))?\.parquet")
    for path in folder.glob(f"{kept.day_column}=*.parquet"):
        if parts := named.fullmatch(path.name):
            yield DayFile(date.fromisoformat(parts[1]), int(parts[2] or 1), path)


def _by_day(
    rows: pl.DataFrame, kept: KeptDays, published_for: date
) -> Iterator[tuple[date, pl.DataFrame]]:
    if kept.day_column not in rows.columns:
        yield published_for, rows
        return
    for (day,), of_day in rows.group_by(kept.day_column, maintain_order=True):
        assert isinstance(day, date)  # noqa: S101  # the contract says so
        yield day, of_day


def _new_rows(rows: pl.DataFrame, before: list[DayFile], kept: KeptDays) -> pl.DataFrame | None:
    """Return what the files of a day do not hold yet; None when they hold all of it."""
    held = read_days([file.path for file in before])
    if not kept.key:
        same = any(rows.equals(frame.select(rows.columns)) for frame in held if _fits(frame, rows))
        return None if same else rows
    for frame in held:
        rows = rows.join(frame.select(kept.key), on=kept.key, how="anti", maintain_order="left")
    return None if rows.is_empty() else rows


def _fits(frame: pl.DataFrame, rows: pl.DataFrame) -> bool:
    return set(frame.columns) == set(rows.columns)


def _write(rows: pl.DataFrame, target: Path) -> Path:
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    with writing(target):
        return write_whole(target, lambda part: write_batches(part, table.to_reader()))


def _read(path: Path) -> pl.DataFrame:
    try:
        return read_verified(
            path,
            name=f"{HISTORY}/{path.parent.name}/{path.name}",
            advice="Restore it from a backup; where there is none, delete it and run again.",
        )
    except SourceError as error:
        raise StorageError(str(error)) from None
