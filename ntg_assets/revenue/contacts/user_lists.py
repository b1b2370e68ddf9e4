"""Lists of users that the configuration names: who must not be contacted,
who is left out and why, who was contacted when.

Each is read once a night, before anything else. A list that cannot be read, or that names nobody
whom the log knows, withholds the contacts of the night (`contact_holds.py`). Ids stay as the list
writes them; how they meet those of the log is said in `events/ids.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.revenue import ContactLogSettings, RadarSettings
from ntg_assets.errors import SourceError
from ntg_assets.local_days import UTC_ZONE, written_days
from ntg_assets.sources.conversion import FRACTIONS, INTEGERS, Column, as_instant
from ntg_assets.sources.ids import as_listed_id
from ntg_assets.sources.optional_files import FileRows, RowQuery, read_rows
from ntg_assets.sources.rules import Rule
from ntg_assets.sources.sources import Place

OPT_OUTS, EXCLUSIONS, CONTACTS = LISTS = ("opt_outs", "exclusions", "contacts")
KEYS = {
    OPT_OUTS: "radar.opt_out_file",
    EXCLUSIONS: "radar.exclusion_file",
    CONTACTS: "radar.contact_log",
}
NO_CONTACT = "no_contact"  # what our own log writes beside its contacts
USER_LISTS = {
    "list": pl.String,
    "file_name": pl.String,
    "listed_id": pl.String,
    "detail": pl.String,
    "contacted_on": pl.Date,
}
NO_REASON = "no reason given"


class ListRows(NamedTuple):
    """One list as it was read: rows of `user_lists`, and in words what was found."""

    rows: pl.DataFrame
    n_files: int
    sentence: str


@dataclass(frozen=True)
class UserLists:
    """The lists apart.

    Attributes:
        opted_out: `listed_id`: users who must not be contacted.
        excluded: `listed_id`, `detail`: users left out on other grounds.
        contacts: `listed_id`, `contacted_on`: one row per contact.
    """

    opted_out: pl.DataFrame = field(default_factory=lambda: _none("listed_id"))
    excluded: pl.DataFrame = field(default_factory=lambda: _none("listed_id", "detail"))
    contacts: pl.DataFrame = field(default_factory=lambda: _none("listed_id", "contacted_on"))

    @classmethod
    def of(cls, user_lists: pl.DataFrame) -> "UserLists":
        """Take `user_lists` apart; rows without an id name nobody."""
        named = user_lists.filter(pl.col("listed_id").is_not_null())
        opted_out, excluded, contacts = (named.filter(pl.col("list") == name) for name in LISTS)
        return cls(
            opted_out.select("listed_id"),
            excluded.select("listed_id", "detail"),
            contacts.select("listed_id", "contacted_on"),
        )


def configured_lists(
    settings: RadarSettings, *, place: Place, zone: str
) -> dict[str, tuple[list[str], Callable[[], ListRows]]]:
    """Name the files and the reader of each configured list;
    contacts count by the days of `zone`.
    """
    found: dict[str, tuple[list[str], Callable[[], ListRows]]] = {}
    if (opt_outs := settings.opt_out_file) is not None:
        found[OPT_OUTS] = [opt_outs], lambda: read_opt_outs(opt_outs, place=place)
    if (exclusions := settings.exclusion_file) is not None:
        found[EXCLUSIONS] = [exclusions], lambda: read_exclusions(exclusions, place=place)
    if (log := settings.contact_log) is not None:
        found[CONTACTS] = log.files, lambda: read_contacts(log, place=place, zone=zone)
    return found


def read_opt_outs(file: str, *, place: Place) -> ListRows:
    """Read `user_id` of a file; none in it means that nobody opted out.

    Raises:
        SourceError: the file is missing, damaged or lacks the column.
    """
    read = _read([file], OPT_OUTS, _rules("user_id"), place=place)
    return _listed(read, OPT_OUTS, pl.lit(None, pl.String))


def read_exclusions(file: str, *, place: Place) -> ListRows:
    """Read `user_id` and `reason` of a file.

    Raises:
        SourceError: the file is missing, damaged or lacks a column.
    """
    read = _read([file], EXCLUSIONS, _rules("user_id", detail="reason"), place=place)
    reason = pl.col("detail").str.strip_chars()
    return _listed(
        read, EXCLUSIONS, pl.when(reason != "").then(reason).otherwise(pl.lit(NO_REASON))
    )


def read_contacts(log: ContactLogSettings, *, place: Place, zone: str = UTC_ZONE) -> ListRows:
    """Read who was contacted on which day (of `zone`);
    globs that match no file yet mean that nobody was.

    A row that does not say what was done counts as a contact.

    Raises:
        SourceError: a file is missing, damaged or lacks a column, a contact has no day, or no row
            is what the log calls a contact.
    """
    rules = _rules(log.user_id, contacted_at=log.contacted_at, action=log.action)
    read = _read(log.files, CONTACTS, rules, place=place, may_be_missing=True)
    made = read.rows.filter(_is_contact(read.rows, log))
    days = days_written(made["contacted_text"], made["contacted_at"], zone=zone)
    if n_broken := days.null_count():
        first = made["contacted_text"].filter(days.is_null())[0]
        raise SourceError(
            f"{n_broken:,} of {made.height:,} contacts hold no day in {log.contacted_at} (first:"
            f" {first!r}). Write ISO days or times."
        )
    contacts = made.with_columns(contacted_on=days)
    return _listed(
        read._replace(rows=contacts),
        CONTACTS,
        pl.lit(None, pl.String),
        n_other=read.rows.height - made.height,
    )


def _is_contact(rows: pl.DataFrame, log: ContactLogSettings) -> pl.Series:
    """Whether each row is a contact: a log that never says so in the configured words cannot cap
    anything.
    """
    if log.action is None:
        return pl.Series([True], dtype=pl.Boolean).new_from_index(0, rows.height)
    done = rows["action"].fill_null("").str.strip_chars()
    is_contact = (done == log.contact_value) | (done == "")
    others = done.filter(done != NO_CONTACT).unique().sort()
    if others.len() and not is_contact.any():
        raise SourceError(
            f"no row of {rows.height:,} has {log.action} = {log.contact_value!r}; the first other"
            f" value is {others[0]!r}. Set radar.contact_log.contact_value, or action: null where"
            " every row is a contact."
        )
    return is_contact


def _read(
    patterns: list[str],
    name: str,
    rules: tuple[Rule, ...],
    *,
    place: Place,
    may_be_missing: bool = False,
) -> FileRows:
    read = read_rows(
        patterns, RowQuery("revenue.contacts", "user_list_rows", rules), key=KEYS[name], place=place
    )
    if read is not None:
        return read
    if not may_be_missing:
        raise SourceError(f"no file matches {', '.join(patterns)}. Correct {KEYS[name]}.")
    texts = dict.fromkeys(
        ("file_name", "listed_id", "detail", "contacted_text", "action"), pl.String
    )
    return FileRows(
        pl.DataFrame(schema=texts).with_columns(contacted_at=pl.lit(None, pl.Datetime("us"))), 0, 0
    )


def _rules(
    user_id: str,
    *,
    detail: str | None = None,
    contacted_at: str | None = None,
    action: str | None = None,
) -> tuple[Rule, ...]:
    return (
        Rule("listed_id", user_id, as_listed_id, is_optional=True),
        Rule("detail", detail, as_written if detail else _nothing, is_optional=True),
        Rule(
            "contacted_at",
            contacted_at,
            as_iso_instant if contacted_at else _no_instant,
            is_optional=True,
        ),
        Rule(
            "contacted_text",
            contacted_at,
            as_written if contacted_at else _nothing,
            is_optional=True,
        ),
        Rule("action", action, as_written if action else _nothing, is_optional=True),
    )


def as_iso_instant(column: Column) -> str:
    """SQL of a day or time: ISO text or a column of times; without a zone it is UTC."""
    if column.family in INTEGERS | FRACTIONS:
        raise SourceError(
            f"{column.label}: holds {column.type}, days or times expected. Write ISO days or times,"
            " UTC."
        )
    return as_instant(column, "iso", zone="UTC")


def days_written(texts: pl.Series, instants: pl.Series, *, zone: str) -> pl.Series:
    """Days of the zone that a column holds, as days or as times; null where it holds no instant."""
    return written_days(texts, zone).set(instants.is_null(), None)


def as_written(column: Column) -> str:
    """SQL of a column as text, as the file has it."""
    return f"cast({column.expression} as varchar)"


def _nothing(_: Column) -> str:
    return "cast(null as varchar)"


def _no_instant(_: Column) -> str:
    return "cast(null as timestamp)"


def _listed(read: FileRows, name: str, detail: pl.Expr, *, n_other: int = 0) -> ListRows:
    day = (
        "contacted_on"
        if "contacted_on" in read.rows.columns
        else pl.lit(None, pl.Date).alias("contacted_on")
    )
    rows = read.rows.select(
        pl.lit(name).alias("list"), "file_name", "listed_id", detail.alias("detail"), day
    )
    return ListRows(rows, read.n_files, _tell(name, rows.height, read, n_other=n_other))


def _tell(name: str, n_rows: int, read: FileRows, *, n_other: int) -> str:
    nobody = {
        OPT_OUTS: "nobody opted out",
        EXCLUSIONS: "nobody is left out",
        CONTACTS: "nobody was contacted",
    }[name]
    if not read.n_files:
        return f"no file is there yet: {nobody}"
    told = (
        f"{n_rows:,} rows in {read.n_files:,} file(s)"
        if n_rows
        else f"{read.n_files:,} file(s) without a row: {nobody}"
    )
    copies = f", {read.n_copies:,} of them left out as copies" if read.n_copies else ""
    return f"{told}{copies}{f'; {n_other:,} further rows are no contacts' if n_other else ''}"


def _none(*columns: str) -> pl.DataFrame:
    return pl.DataFrame(schema={name: USER_LISTS[name] for name in columns})
