"""Lists of users that the configuration names: who must not be contacted,
who is left out and why, who was contacted when.

Each is read once a night, before anything else. A list that cannot be read, or that names nobody
whom the log knows, withholds the contacts of the night (`contact_holds.py`). Ids stay as the list
writes them; how they meet those of the log is said in `events/ids.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.revenue import (
    ContactLogSettings,
    ExclusionListSettings,
    RadarSettings,
    UserListSettings,
)
from ntg_assets.errors import SourceError
from ntg_assets.local_days import UTC_ZONE, local_days
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.refused_values import PossibleTimes, refuse_unreadable
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sniffing.role_names import words_of
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id
from ntg_assets.sources.values.words import are_among
from ntg_assets.sources.written_times import as_written, settle_times, written_time_rules

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
MOST_NAMED = 3
STATES = frozenset(  # words in the names of columns that say whether a row holds
    {"status", "state", "active", "opt", "opted", "optin", "optout", "subscribed", "unsubscribed",
     "consent", "revoked", "withdrawn", "deleted", "aktiv", "abgemeldet", "widerrufen"}
)  # fmt: skip
CONTACT_COLUMNS = ("user_id", "contacted_at", "action")
ANY_TIME = PossibleTimes()


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
    settings: RadarSettings, *, place: Place, zone: str, times: PossibleTimes = ANY_TIME
) -> dict[str, tuple[list[str], Callable[[], ListRows]]]:
    """Name the files and the reader of each configured list;
    contacts count by the days of `zone`.

    Args:
        settings: Which lists there are.
        place: Where files may lie.
        zone: Zone of the days.
        times: When contacts can have been made.
    """
    lists: dict[str, tuple[list[str], Callable[[], ListRows]]] = {}
    if (opt_outs := settings.opt_out_file) is not None:
        lists[OPT_OUTS] = opt_outs.files, lambda: read_opt_outs(opt_outs, place=place)
    if (exclusions := settings.exclusion_file) is not None:
        lists[EXCLUSIONS] = exclusions.files, lambda: read_exclusions(exclusions, place=place)
    if (log := settings.contact_log) is not None:
        lists[CONTACTS] = log.files, lambda: read_contacts(log, place=place, zone=zone, times=times)
    return lists


def read_opt_outs(listed: UserListSettings, *, place: Place) -> ListRows:
    """Read the ids of a list; none in it means that nobody opted out.

    Raises:
        SourceError: the file is missing, damaged or lacks the column.
    """
    described = Described.of(KEYS[OPT_OUTS], listed, ("user_id",))
    read = _read(described, _rules(listed.user_id), place)
    return _listed(read, OPT_OUTS, pl.lit(None, pl.String), said=[_tell_states(read)])


def read_exclusions(listed: ExclusionListSettings, *, place: Place) -> ListRows:
    """Read the ids and the reasons of a list.

    Raises:
        SourceError: the file is missing, damaged or lacks a column.
    """
    described = Described.of(KEYS[EXCLUSIONS], listed, ("user_id", "reason"))
    read = _read(described, _rules(listed.user_id, detail=listed.reason), place)
    reason = pl.col("detail").str.strip_chars()
    detail = pl.when(reason != "").then(reason).otherwise(pl.lit(NO_REASON))
    return _listed(read, EXCLUSIONS, detail, said=[_tell_states(read)])


def read_contacts(
    log: ContactLogSettings, *, place: Place, zone: str = UTC_ZONE, times: PossibleTimes = ANY_TIME
) -> ListRows:
    """Read who was contacted on which day (of `zone`);
    globs that match no file yet mean that nobody was.

    A row that does not say what was done counts as a contact.

    Args:
        log: Files and columns.
        place: Where files may lie.
        zone: Zone of the days.
        times: When contacts can have been made.

    Raises:
        SourceError: a file is missing, damaged or lacks a column, a contact has no day or one
            that cannot be true, or no row is what the log calls a contact.
    """
    read = _read_contact_log(log, place=place, zone=zone)
    is_contact = _is_contact(read.rows, log)
    made, others = read.rows.filter(is_contact), read.rows.filter(~is_contact)
    at, column = made["contacted_at"], column_name(log.contacted_at)
    refuse_unreadable(made, at.is_null(), "contacted_at", what="", column=column)
    times.refuse_earlier(at, what="", column=column)
    contacts = made.with_columns(contacted_on=local_days(at, zone))
    said = [_tell_others(others), times.tell_later(at)]
    return _listed(read._replace(rows=contacts), CONTACTS, pl.lit(None, pl.String), said=said)


def _tell_states(read: FileRows) -> str | None:
    """Say that a column seems to tell which rows count, and is not read."""
    states = [name for name in read.unread if words_of(name) & STATES]
    if not read.rows.height or not states:
        return None
    return (
        f"every row counts, whatever its {states[0]!r} says: set `keep` where some do not"
        f" (`keep: {{{states[0]}: [...]}}`)"
    )


def _tell_others(others: pl.DataFrame) -> str | None:
    """Say which rows of the log are no contacts, by their words."""
    if others.is_empty():
        return None
    words = others["action"].str.strip_chars().unique().sort().to_list()
    shown = ", ".join(map(repr, words[:MOST_NAMED]))
    return f"{others.height:,} further rows are no contacts ({shown})"


def _is_contact(rows: pl.DataFrame, log: ContactLogSettings) -> pl.Series:
    """Whether each row is a contact: a log that never says so in the configured words cannot cap
    anything.
    """
    if log.action is None:
        return pl.Series([True], dtype=pl.Boolean).new_from_index(0, rows.height)
    done = rows["action"].fill_null("").str.strip_chars()
    is_contact = are_among(done, [log.contact_value]) | (done == "")
    others = done.filter(done != NO_CONTACT).unique().sort()
    if others.len() and not is_contact.any():
        raise SourceError(
            f"no row of {rows.height:,} has {column_name(log.action)} = {log.contact_value!r};"
            f" the first other value is {others[0]!r}. Set radar.contact_log.contact_value, or"
            " action: null where every row is a contact."
        )
    return is_contact


def _read_contact_log(log: ContactLogSettings, *, place: Place, zone: str) -> FileRows:
    times, reading = written_time_rules("contacted_at", log.contacted_at, log, zone=zone)
    rules = (*_rules(log.user_id, action=log.action), *times)
    described = Described.of(KEYS[CONTACTS], log, CONTACT_COLUMNS)
    read = read_rows(described, rules, place=place, parameters=reading.parameters)
    if read is None:
        texts = dict.fromkeys(
            ("file_name", "listed_id", "detail", "contacted_at_text", "action"), pl.String
        )
        none = pl.DataFrame(schema={**texts, "contacted_at": pl.Datetime("us")})
        return FileRows(none, 0, 0)
    return read._replace(rows=settle_times(read.rows, "contacted_at", zone=zone))


def _read(described: Described, rules: tuple[Rule, ...], place: Place) -> FileRows:
    read = read_rows(described, rules, place=place)
    if read is None:
        files = ", ".join(described.source.files)
        raise SourceError(f"no file matches {files}. Correct {described.key}.")
    return read


def _rules(
    user_id: ColumnName, *, detail: ColumnName | None = None, action: ColumnName | None = None
) -> tuple[Rule, ...]:
    return (
        Rule("listed_id", column_name(user_id), as_listed_id, is_optional=True),
        Rule(
            "detail",
            column_name(detail) if detail else None,
            as_written if detail else _nothing,
            is_optional=True,
        ),
        Rule(
            "action",
            column_name(action) if action else None,
            as_written if action else _nothing,
            is_optional=True,
        ),
    )


def _nothing(_: Column) -> str:
    return "cast(null as varchar)"


def _listed(
    read: FileRows, name: str, detail: pl.Expr, *, said: Sequence[str | None] = ()
) -> ListRows:
    day = (
        "contacted_on"
        if "contacted_on" in read.rows.columns
        else pl.lit(None, pl.Date).alias("contacted_on")
    )
    rows = read.rows.select(
        pl.lit(name).alias("list"), "file_name", "listed_id", detail.alias("detail"), day
    )
    return ListRows(rows, read.n_files, _tell(name, rows.height, read, said=said))


def _tell(name: str, n_rows: int, read: FileRows, *, said: Sequence[str | None]) -> str:
    nobody = {
        OPT_OUTS: "nobody opted out",
        EXCLUSIONS: "nobody is left out",
        CONTACTS: "nobody was contacted",
    }[name]
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


def _none(*columns: str) -> pl.DataFrame:
    return pl.DataFrame(schema={name: USER_LISTS[name] for name in columns})
