"""Read what the CRM reports back, hold it against what it was given, and keep what is new.

A file is believed whole or not at all: whatever does not fit (a night that was never published,
people who were not on its list, the same row twice, a word that means nothing) refuses it in one
sentence with its counts, and nothing is written.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.history.days import (
    TAKEN_DAYS,
    append_days,
)
from ntg_assets.revenue.contacts.contacts_taken import (
    STATUSES,
    kept_taken,
    made_contacts,
)
from ntg_assets.revenue.handover.published_lists import (
    HOLDOUT,
    drawn_for,
    intended_by,
    on_their_lists,
)
from ntg_assets.revenue.handover.taken_rows import Report, read_taken
from ntg_assets.sources.sources import Place


@dataclass(frozen=True)
class Taken:
    """What was read back.

    Attributes:
        nights: How many nights it is about.
        n_rows: Rows of the file.
        n_new: Of them, those that were not kept already.
        n_unknown: Rows that were left out, since the person was on no list of the night.
        n_intended: People whom these nights meant to contact.
        n_reported: Of them, those whom the file names.
        by_status: People by status.
        n_reached: People whom a contact reached.
        n_held_out: Of these, people who were held out: their contact spoils the comparison.
    """

    nights: int
    n_rows: int
    n_new: int
    n_unknown: int
    n_intended: int
    n_reported: int
    by_status: dict[str, int]
    n_reached: int
    n_held_out: int


def take(report: Report, *, history: Path, place: Place, ids: IdTypes, zone: str) -> Taken:
    """Read a file of the CRM and append what is new of it to the history.

    Args:
        report: The file.
        history: Folder of the history.
        place: Where names start, and how much the reader may use.
        ids: How the source writes ids.
        zone: Zone of the service's days.

    Raises:
        SourceError: the file is none of these nights, or says what cannot be; nothing was kept.
    """
    name = report.file.name
    rows = read_taken(report, place=place, ids=ids, zone=zone)
    with report.file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    drawn = drawn_for(rows, history, name)
    reports, n_unknown = on_their_lists(rows, drawn, report)
    _raise_if_twice(reports, name)
    fresh = reports.with_columns(file_name=pl.lit(name), sha256=pl.lit(sha256))
    before = kept_taken(history, user_type=pl.String)
    new = fresh.join(before, on=["user_id", "assigned_on", "status"], how="anti")
    if new.is_empty():
        _raise_nothing_new(before, name, sha256=sha256, n_rows=reports.height)
    typed = new.with_columns(pl.col("user_id").cast(_user_type(ids)))
    append_days(history, TAKEN_DAYS, typed, published_for=new["assigned_on"].max(), ids=ids)  # type: ignore[arg-type]  # a date
    counts = {"n_rows": rows.height, "n_new": new.height, "n_unknown": n_unknown}
    return _counted(reports, drawn, intended_by(drawn, history), **counts)


def _user_type(ids: IdTypes) -> Any:  # noqa: ANN401  # a type of polars
    return pl.Int64 if ids.user == "integer" else pl.String


def _raise_nothing_new(before: pl.DataFrame, name: str, *, sha256: str, n_rows: int) -> NoReturn:
    """Say from which file all rows of this one are kept already."""
    same = before.filter(pl.col("sha256") == sha256)
    held = f"as {same['file_name'][0]}" if same.height else "from other files"
    raise SourceError(
        f"{name}: all {n_rows:,} rows were read before ({held}), so nothing is kept a second time."
    )


def _raise_if_twice(rows: pl.DataFrame, name: str) -> None:
    twice = rows.filter(pl.struct("user_id", "assigned_on", "status").is_duplicated())
    if twice.height:
        first = twice.row(0, named=True)
        n_more = twice.height - twice.unique(["user_id", "assigned_on", "status"]).height
        raise SourceError(
            f"{name}: {n_more:,} of {rows.height:,} rows are there twice (first: user"
            f" {first['user_id']}, night {first['assigned_on']}, {first['status']}). Deliver each"
            " person and status once a night."
        )


def _counted(
    reports: pl.DataFrame,
    drawn: pl.DataFrame,
    intended: pl.DataFrame,
    *,
    n_rows: int,
    n_new: int,
    n_unknown: int,
) -> Taken:
    reached = made_contacts(reports).filter("is_made")
    key = {"left_on": ["user_id", "contacted_on"], "right_on": ["user_id", "assigned_on"]}
    held_out = reached.join(drawn.filter(pl.col("arm") == HOLDOUT), how="semi", **key)  # type: ignore[arg-type]  # two lists of names
    reported = intended.join(reports, on=["user_id", "assigned_on"], how="semi")
    counts = dict(reports["status"].value_counts().iter_rows())
    return Taken(
        nights=reports["assigned_on"].n_unique(),
        n_rows=n_rows,
        n_new=n_new,
        n_unknown=n_unknown,
        n_intended=intended.height,
        n_reported=reported.height,
        by_status={status: counts.get(status, 0) for status in STATUSES},
        n_reached=reached.height,
        n_held_out=held_out.height,
    )
