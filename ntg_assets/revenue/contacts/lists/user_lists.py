"""Lists of users that the configuration names: who must not be contacted,
who is left out and why, who was contacted when.

Each is read once a night, before anything else. A list that cannot be read, or that names nobody
whom the log knows, withholds the contacts of the night (`contact_holds.py`). Ids stay as the list
writes them; how they meet those of the log is said in `sources/values/ids.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from ntg_assets.configuration.revenue import (
    ExclusionListSettings,
    RadarSettings,
    UserListSettings,
)
from ntg_assets.errors import SourceError
from ntg_assets.revenue.contacts.lists.contact_log import ANY_TIME, read_contacts
from ntg_assets.revenue.contacts.lists.listed_rows import (
    CONTACTS,
    EXCLUSIONS,
    KEYS,
    LISTS,
    OPT_OUTS,
    USER_LISTS,
    ListRows,
    as_list_rows,
    list_rules,
)
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sniffing.roles.name_matching import words_of
from ntg_assets.sources.sources import Place

NO_REASON = "no reason given"
STATES = frozenset(  # words in the names of columns that say whether a row holds
    {"status", "state", "active", "opt", "opted", "optin", "optout", "subscribed", "unsubscribed",
     "consent", "revoked", "withdrawn", "deleted", "aktiv", "abgemeldet", "widerrufen"}
)  # fmt: skip


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
    read = _read(described, list_rules(listed.user_id), place)
    return as_list_rows(read, OPT_OUTS, pl.lit(None, pl.String), said=[_describe_states(read)])


def read_exclusions(listed: ExclusionListSettings, *, place: Place) -> ListRows:
    """Read the ids and the reasons of a list.

    Raises:
        SourceError: the file is missing, damaged or lacks a column.
    """
    described = Described.of(KEYS[EXCLUSIONS], listed, ("user_id", "reason"))
    read = _read(described, list_rules(listed.user_id, detail=listed.reason), place)
    reason = pl.col("detail").str.strip_chars()
    detail = pl.when(reason != "").then(reason).otherwise(pl.lit(NO_REASON))
    return as_list_rows(read, EXCLUSIONS, detail, said=[_describe_states(read)])


def _describe_states(read: FileRows) -> str | None:
    """Say that a column seems to tell which rows count, and is not read."""
    states = [name for name in read.unread if words_of(name) & STATES]
    if not read.rows.height or not states:
        return None
    return (
        f"every row counts, whatever its {states[0]!r} says: set `keep` where some do not"
        f" (`keep: {{{states[0]}: [...]}}`)"
    )


def _read(described: Described, rules: tuple[Rule, ...], place: Place) -> FileRows:
    read = read_rows(described, rules, place=place)
    if read is None:
        files = ", ".join(described.source.files)
        raise SourceError(f"no file matches {files}. Correct {described.key}.")
    return read


def _none(*columns: str) -> pl.DataFrame:
    return pl.DataFrame(schema={name: USER_LISTS[name] for name in columns})
