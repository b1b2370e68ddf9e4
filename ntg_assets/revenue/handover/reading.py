"""Read what the CRM reports back, hold it against what it was given, and keep what is new.

A file is believed whole or not at all: whatever does not fit (a night that was never published,
people who were not on its list, the same row twice, a word that means nothing) refuses it in one
sentence with its counts, and nothing is written.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.handover import TakenSettings
from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.history.days import (
    ASSIGNMENT_DAYS,
    HANDED_DAYS,
    TAKEN_DAYS,
    append_days,
    day_files,
    read_days,
)
from ntg_assets.local_days import local_days
from ntg_assets.revenue.contacts.assignments import ARMS
from ntg_assets.revenue.contacts.contacts_taken import (
    ANSWERED,
    BOUNCED,
    NOT_SENT,
    SENT,
    STATUSES,
    kept_taken,
    made_contacts,
)
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import (
    as_written,
    read_rows,
    settle_times,
    written_time_rules,
)
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import as_listed_id, as_log_id_or_written

KEY = "radar.taken"
CONTACT, HOLDOUT = ARMS
MOST_NAMED = 3


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


@dataclass(frozen=True)
class Report:
    """One file of the CRM, and how it is to be read."""

    file: Path
    settings: TakenSettings
    night: date | None = None
    leave_out_unknown: bool = False


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
    rows = _read(report, place=place, ids=ids, zone=zone)
    with report.file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    drawn = _drawn(rows, history, name)
    reports, n_unknown = _known(rows, drawn, report)
    _refuse_twice(reports, name)
    fresh = reports.with_columns(file_name=pl.lit(name), sha256=pl.lit(sha256))
    before = kept_taken(history, user_type=pl.String)
    new = fresh.join(before, on=["user_id", "assigned_on", "status"], how="anti")
    if new.is_empty():
        same = before.filter(pl.col("sha256") == sha256)
        held = f"as {same['file_name'][0]}" if same.height else "from other files"
        raise SourceError(
            f"{name}: all {reports.height:,} rows were read before ({held}), so nothing is kept a"
            " second time."
        )
    typed = new.with_columns(pl.col("user_id").cast(_user_type(ids)))
    append_days(history, TAKEN_DAYS, typed, published_for=new["assigned_on"].max(), ids=ids)  # type: ignore[arg-type]  # a date
    counts = {"n_rows": rows.height, "n_new": new.height, "n_unknown": n_unknown}
    return _counted(reports, drawn, _intended(drawn, history), **counts)


def _user_type(ids: IdTypes) -> Any:  # noqa: ANN401  # a type of polars
    return pl.Int64 if ids.user == "integer" else pl.String


def _read(report: Report, *, place: Place, ids: IdTypes, zone: str) -> pl.DataFrame:
    """Read `user_id` (as text, written as in the log), `assigned_on` and `status`."""
    settings, name = report.settings, report.file.name
    rows = _rows(report, place=place, zone=zone)
    words = {word.lower(): status for status in STATUSES for word in getattr(settings, status)}
    named = rows.select(
        "assigned_on",
        user_id=as_log_id_or_written(pl.col("listed_id"), ids.user),
        word=pl.col("status").str.strip_chars(),
    ).with_columns(
        status=pl.col("word")
        .str.to_lowercase()
        .replace_strict(words, default=None, return_dtype=pl.String)
    )
    _refuse_incomplete(named, name)
    return named.drop("word")


def _rows(report: Report, *, place: Place, zone: str) -> pl.DataFrame:
    """Read the file as it is written: `listed_id`, `status`, and the night of each row."""
    settings, name = report.settings, report.file.name
    source = FileSource(
        files=[str(report.file)], delimiter=settings.delimiter, encoding=settings.encoding
    )
    columns = {"user_id": settings.user_id, "status": settings.status}
    rules = [
        Rule("listed_id", column_name(settings.user_id), as_listed_id, is_optional=True),
        Rule("status", column_name(settings.status), as_written, is_optional=True),
    ]
    parameters: dict[str, Any] = {}
    if report.night is None:
        night = _night_column(settings, name)
        times, reading = written_time_rules("night_at", night, settings, zone=zone)
        rules += times
        parameters |= reading.parameters
        columns["assigned_on"] = night
    read = read_rows(Described(KEY, source, columns), rules, place=place, parameters=parameters)
    if read is None or read.rows.is_empty():
        raise SourceError(f"{name}: holds no row. Is it the report of the hand-over?")
    if report.night is not None:
        return read.rows.with_columns(assigned_on=pl.lit(report.night, pl.Date))
    dated = settle_times(read.rows, "night_at", zone=zone)
    return dated.with_columns(assigned_on=local_days(dated["night_at"], zone))


def _night_column(settings: TakenSettings, name: str) -> ColumnName:
    if settings.assigned_on is None:
        raise SourceError(
            f"{name}: {KEY}.assigned_on is null, so no column says which night it is about. Add"
            " `--night 2024-06-01`, the cutoff of the list."
        )
    return settings.assigned_on


def _refuse_incomplete(rows: pl.DataFrame, name: str) -> None:
    words = rows.filter(pl.col("status").is_null())
    blank = rows.filter(pl.any_horizontal(pl.col("user_id", "assigned_on").is_null()))
    if blank.height:
        raise SourceError(
            f"{name}: {blank.height:,} of {rows.height:,} rows hold no person or no night (first:"
            f" {blank.row(0)}). Mend the file, or say how it is written ({KEY})."
        )
    if words.height:
        raise SourceError(
            f"{name}: {words.height:,} of {rows.height:,} rows have a status that means nothing"
            f" here (first: {words['word'][0]!r}). Name it in {KEY}.{SENT}, {BOUNCED}, {ANSWERED}"
            f" or {NOT_SENT}."
        )


def _drawn(rows: pl.DataFrame, history: Path, name: str) -> pl.DataFrame:
    """Read who was on the lists of the file's nights: `user_id` as text, `assigned_on`, `arm`."""
    nights = rows["assigned_on"].unique().sort()
    files = day_files(history, ASSIGNMENT_DAYS)
    missing = [day for day in nights if day not in {file.day for file in files}]
    if missing:
        n_rows = rows.filter(pl.col("assigned_on").is_in(missing)).height
        last = f"the last one is {files[-1].day}" if files else "none was ever published"
        raise SourceError(
            f"{name}: {n_rows:,} of {rows.height:,} rows are of {len(missing):,} nights that were"
            f" never published (first: {missing[0]}; {last}). Is the night that of the list, its"
            " cutoff?"
        )
    frames = read_days([file.path for file in files if file.day in nights])
    draws = pl.concat(
        frame.select(pl.col("user_id").cast(pl.String), "assigned_on", "arm") for frame in frames
    )
    # who was ever drawn for a contact that night was to be contacted
    return draws.group_by("user_id", "assigned_on").agg(arm=pl.col("arm").min())


def _intended(drawn: pl.DataFrame, history: Path) -> pl.DataFrame:
    """Say whom the nights meant to contact: who was handed over; of a night before there was a
    hand-over, who was drawn.
    """
    nights = drawn["assigned_on"].unique()
    files = [file for file in day_files(history, HANDED_DAYS) if file.day in nights]
    handed = [
        frame.select(pl.col("user_id").cast(pl.String), assigned_on="handed_over_on")
        for frame in read_days([file.path for file in files])
    ]
    older = drawn.filter(
        pl.col("arm") == CONTACT, ~pl.col("assigned_on").is_in([file.day for file in files])
    )
    return pl.concat([older.select("user_id", "assigned_on"), *handed]).unique()


def _known(rows: pl.DataFrame, drawn: pl.DataFrame, report: Report) -> tuple[pl.DataFrame, int]:
    key, name = ["user_id", "assigned_on"], report.file.name
    on_a_list = rows.join(drawn, on=key, how="inner", maintain_order="left")
    unknown = rows.join(drawn, on=key, how="anti", maintain_order="left")
    if unknown.height and (on_a_list.is_empty() or not report.leave_out_unknown):
        first = unknown["user_id"].head(MOST_NAMED).to_list()
        advice = (
            "Is it another list, or are its ids others?"
            if on_a_list.is_empty()
            else "Mend the file, or leave them out with `--leave-out-unknown`."
        )
        raise SourceError(
            f"{name}: {unknown.height:,} of {rows.height:,} rows name people who were on no list of"
            f" their night (first: {', '.join(map(repr, first))}). {advice}"
        )
    return on_a_list, unknown.height


def _refuse_twice(rows: pl.DataFrame, name: str) -> None:
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
