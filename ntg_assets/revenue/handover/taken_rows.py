"""The rows of a file of the CRM: who, which night, what became of the contact."""

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
from ntg_assets.local_days import local_days
from ntg_assets.revenue.contacts.contacts_taken import (
    ANSWERED,
    BOUNCED,
    NOT_SENT,
    SENT,
    STATUSES,
)
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.refused_values import raise_if_unreadable
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import as_listed_id, as_log_id_or_written
from ntg_assets.sources.values.words import meanings
from ntg_assets.sources.written_times import as_written, settle_times, written_time_rules

KEY = "radar.taken"


@dataclass(frozen=True)
class Report:
    """One file of the CRM, and how it is to be read."""

    file: Path
    settings: TakenSettings
    night: date | None = None
    leave_out_unknown: bool = False


def read_taken(report: Report, *, place: Place, ids: IdTypes, zone: str) -> pl.DataFrame:
    """Read `user_id` (as text, written as in the log), `assigned_on` and `status`."""
    settings, name = report.settings, report.file.name
    rows = _rows(report, place=place, zone=zone)
    words = {word: status for status in STATUSES for word in getattr(settings, status)}
    named = rows.select(
        "assigned_on",
        user_id=as_log_id_or_written(pl.col("listed_id"), ids.user),
        word=pl.col("status").str.strip_chars(),
    ).with_columns(status=meanings(rows["status"], words))
    _raise_if_incomplete(named, name)
    return named.drop("word")


def _rows(report: Report, *, place: Place, zone: str) -> pl.DataFrame:
    """Read the file as it is written: `listed_id`, `status`, and the night of each row."""
    name = report.file.name
    read = _read(report, place=place, zone=zone)
    if read is None or read.rows.is_empty():
        raise SourceError(f"{name}: holds no row. Is it the report of the hand-over?")
    if report.night is not None:
        return read.rows.with_columns(assigned_on=pl.lit(report.night, pl.Date))
    is_no_night = read.rows["night_at"].is_null()
    column = column_name(_night_column(report.settings, name))
    raise_if_unreadable(read.rows, is_no_night, "night_at", what=name, column=column)
    dated = settle_times(read.rows, "night_at", zone=zone)
    return dated.with_columns(assigned_on=local_days(dated["night_at"], zone))


def _read(report: Report, *, place: Place, zone: str) -> FileRows | None:
    """Read the columns that are asked for; that of the night only where nobody has named it."""
    settings = report.settings
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
        columns["assigned_on"] = _night_column(settings, report.file.name)
        times, reading = written_time_rules("night_at", columns["assigned_on"], settings, zone=zone)
        rules += times
        parameters = reading.parameters
    return read_rows(Described(KEY, source, columns), rules, place=place, parameters=parameters)


def _night_column(settings: TakenSettings, name: str) -> ColumnName:
    if settings.assigned_on is None:
        raise SourceError(
            f"{name}: {KEY}.assigned_on is null, so no column says which night it is about. Add"
            " `--night 2024-06-01`, the cutoff of the list."
        )
    return settings.assigned_on


def _raise_if_incomplete(rows: pl.DataFrame, name: str) -> None:
    words = rows.filter(pl.col("status").is_null())
    blank = rows.filter(pl.col("user_id").is_null())
    if blank.height:
        raise SourceError(
            f"{name}: {blank.height:,} of {rows.height:,} rows name no person. Mend the file, or"
            f" say how it is written ({KEY})."
        )
    if words.height:
        raise SourceError(
            f"{name}: {words.height:,} of {rows.height:,} rows have a status that means nothing"
            f" here (first: {words['word'][0]!r}). Name it in {KEY}.{SENT}, {BOUNCED}, {ANSWERED}"
            f" or {NOT_SENT}."
        )
