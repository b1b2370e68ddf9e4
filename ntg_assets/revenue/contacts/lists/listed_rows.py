"""Rows of one list of users as it was read, and what is said of them."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.sources.optional_files import FileRows
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id
from ntg_assets.sources.written_times import as_written

OPT_OUTS, EXCLUSIONS, CONTACTS = LISTS = ("opt_outs", "exclusions", "contacts")
KEYS = {
    OPT_OUTS: "radar.opt_out_file",
    EXCLUSIONS: "radar.exclusion_file",
    CONTACTS: "radar.contact_log",
}


NOBODY = {
    OPT_OUTS: "nobody opted out",
    EXCLUSIONS: "nobody is left out",
    CONTACTS: "nobody was contacted",
}
USER_LISTS = {
    "list": pl.String,
    "file_name": pl.String,
    "listed_id": pl.String,
    "detail": pl.String,
    "contacted_on": pl.Date,
}


class ListRows(NamedTuple):
    """One list as it was read: rows of `user_lists`, and in words what was found."""

    rows: pl.DataFrame
    n_files: int
    sentence: str


def list_rules(
    user_id: ColumnName, *, detail: ColumnName | None = None, action: ColumnName | None = None
) -> tuple[Rule, ...]:
    """Rules of the columns of a list; null where it has none of that kind.

    Args:
        user_id: Column of its ids.
        detail: Column of the reason.
        action: Column of what was done.
    """
    return (
        Rule("listed_id", column_name(user_id), as_listed_id, is_optional=True),
        _text_rule("detail", detail),
        _text_rule("action", action),
    )


def _text_rule(name: str, source: ColumnName | None) -> Rule:
    """A column as it is written; null in every row where the list has none."""
    if source is None:
        return Rule(name, None, _nothing, is_optional=True)
    return Rule(name, column_name(source), as_written, is_optional=True)


def _nothing(_: Column) -> str:
    return "cast(null as varchar)"


def as_list_rows(
    read: FileRows, name: str, detail: pl.Expr, *, said: Sequence[str | None] = ()
) -> ListRows:
    """Lay out the rows of a list, and say what they are.

    Args:
        read: As the files were read.
        name: One of `LISTS`.
        detail: The reason or the like of each row.
        said: What else is said of the list; None: nothing.
    """
    has_day = "contacted_on" in read.rows.columns
    day = pl.col("contacted_on") if has_day else pl.lit(None, pl.Date).alias("contacted_on")
    rows = read.rows.select(
        pl.lit(name).alias("list"), "file_name", "listed_id", detail.alias("detail"), day
    )
    return ListRows(rows, read.n_files, _describe(name, rows.height, read, said=said))


def _describe(name: str, n_rows: int, read: FileRows, *, said: Sequence[str | None]) -> str:
    nobody = NOBODY[name]
    if not read.n_files:
        return f"no file is there yet: {nobody}"
    sentence = (
        f"{n_rows:,} rows in {read.n_files:,} file(s)"
        if n_rows
        else f"{read.n_files:,} file(s) without a row: {nobody}"
    )
    copies = f", {read.n_copies:,} of them left out as copies" if read.n_copies else ""
    skipped = f", {read.n_skipped:,} rows skipped by its filters" if read.n_skipped else ""
    return "; ".join([f"{sentence}{copies}{skipped}", *(part for part in said if part)])
