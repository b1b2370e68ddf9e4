"""The log of contacts: who was contacted on which day."""

import polars as pl

from ntg_assets.configuration.inputs.columns_from import column_name
from ntg_assets.configuration.revenue import (
    ContactLogSettings,
)
from ntg_assets.errors import SourceError
from ntg_assets.local_days import local_days
from ntg_assets.revenue.contacts.lists.listed_rows import (
    CONTACTS,
    KEYS,
    ListRows,
    as_list_rows,
    list_rules,
)
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.refused_values import PossibleTimes, raise_if_unreadable
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.words import are_among
from ntg_assets.sources.written_times import settle_times, written_time_rules
from ntg_assets.zones import UTC_ZONE

NO_CONTACT = "no_contact"  # what our own log writes beside its contacts


MOST_NAMED = 3


CONTACT_COLUMNS = ("user_id", "contacted_at", "action")
ANY_TIME = PossibleTimes()


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
    raise_if_unreadable(made, at.is_null(), "contacted_at", what="", column=column)
    times.raise_if_earlier(at, what="", column=column)
    contacts = made.with_columns(contacted_on=local_days(at, zone))
    said = [_describe_others(others), times.describe_later(at)]
    return as_list_rows(read._replace(rows=contacts), CONTACTS, pl.lit(None, pl.String), said=said)


def _describe_others(others: pl.DataFrame) -> str | None:
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
    rules = (*list_rules(log.user_id, action=log.action), *times)
    described = Described.of(KEYS[CONTACTS], log, CONTACT_COLUMNS)
    read = read_rows(described, rules, place=place, parameters=reading.parameters)
    if read is None:
        texts = dict.fromkeys(
            ("file_name", "listed_id", "detail", "contacted_at_text", "action"), pl.String
        )
        none = pl.DataFrame(schema={**texts, "contacted_at": pl.Datetime("us")})
        return FileRows(none, 0, 0)
    return read._replace(rows=settle_times(read.rows, "contacted_at", zone=zone))
