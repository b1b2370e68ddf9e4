"""What a load holds that is read without a word and is probably not meant: told, never refused."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from ntg_assets.configuration.inputs.events import EventSourceSettings
from ntg_assets.sql import Query, Source, query

WORDS_FOR_NONE = frozenset(
    {
        "null",
        "(null)",
        "<null>",
        "\\n",
        "nan",
        "none",
        "(none)",
        "nil",
        "na",
        "<na>",
        "n/a",
        "#n/a",
        "nat",
        "undefined",
        "unknown",
        "anonymous",
        "not set",
        "(not set)",
        "missing",
        "-",
        "--",
        "?",
        "00000000-0000-0000-0000-000000000000",
    }
)
# accents of Latin, Greek and Cyrillic letters, of kana, Arabic and Devanagari, and the vowels of
# which each syllable of Hangul has one
COMBINING_SIGNS = (
    *range(0x300, 0x305), *range(0x306, 0x30D), 0x31B, 0x323, 0x327, 0x328, 0x342, 0x345, 0x3099,
    0x309A, *range(0x653, 0x656), 0x93C, *range(0x1161, 0x1176),
)  # fmt: skip
LARGE_SHARE, MANY_USERS = 0.2, 20  # of the events; in a log of few users one may have so many
MOST, HARDLY_ANY = 0.9, 0.1  # of a file's ids
SHOWN_WORDS = 5
SHOWN_CHARACTERS = 60


def words_for_none() -> pl.DataFrame:
    """Words in lower case that mean "no user" or "no item" where they stand in the place of an
    id.
    """
    return pl.DataFrame({"word": sorted(WORDS_FOR_NONE)})


def about_ids(name: str, source: EventSourceSettings, **tables: Source) -> Query:
    """Make a query about how ids are written; ids that are whole numbers in the store are left out,
    for there is one way to write those.

    Args:
        name: `null_words`, `decomposed_ids`, `alike_ids` or `id_kinds`.
        source: The log, with the types of its ids.
        tables: `events`, and what else the text reads.
    """
    has_text = {
        "has_text_users": source.user_id_type == "string",
        "has_text_items": source.item_id_type == "string",
    }
    return query("events", name, tables, **has_text)


def find_alike_ids(
    read: Callable[[Query], pl.DataFrame], source: EventSourceSettings, events: Source
) -> pl.DataFrame:
    """Find ids that are there in several spellings.

    Args:
        read: What runs a query: ids may be many, and only those that hold signs of which Unicode
            has two forms are brought here in between.
        source: The log, with the types of its ids.
        events: The log itself.

    Returns:
        what, spelling_key, n_spellings, first_spelling, last_spelling, as `alike_ids.sql` yields
        them.
    """
    signs = pl.DataFrame({"pattern": [f"%{chr(sign)}%" for sign in COMBINING_SIGNS]})
    decomposed = read(about_ids("decomposed_ids", source, events=events, combining_signs=signs))
    composed = decomposed.with_columns(composed=pl.col("spelling").str.normalize("NFC"))
    return read(about_ids("alike_ids", source, events=events, composed_ids=composed))


def describe_null_words(counted: Iterable[Mapping[str, object]]) -> str:
    """Say which ids are words for "none", and how many events they have; nothing where none is.

    Args:
        counted: what, word, n_events, as `null_words.sql` yields them.
    """
    rows = list(counted)
    if not rows:
        return ""
    shown = ", ".join(
        f"{row['word']!r} ({row['what']}, {row['n_events']:,} event(s))"
        for row in rows[:SHOWN_WORDS]
    )
    more = f" and {len(rows) - SHOWN_WORDS} more" if len(rows) > SHOWN_WORDS else ""
    return (
        f"{len(rows)} id(s) are words for 'none': {shown}{more}; each counts as one user or item,"
        " with a score and a place in lists. Name the words in `no_user` or `no_item`."
    )


def describe_contradictions(n_rows: int) -> str:
    """Say that rows differ in the value only; nothing where none does."""
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} row(s) are equal to another one in user, item, time and type, and differ in"
        " the value only: both count. Where a later export corrects an earlier one, set"
        " `ingest.events.event_id`."
    )


def describe_folded(n_rows: int, zone: str) -> str:
    """Say that local times could be two moments; nothing where none could."""
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} event(s) have a local time that the clocks of {zone} showed twice; each was"
        " read as the later one (standard time). Write times with their offset."
    )


def describe_alike_ids(counted: Iterable[Mapping[str, object]]) -> str:
    """Say which ids differ in zeros before them, a `.0` behind them, case, spaces or the form of
    their accents only; nothing where none do.

    Args:
        counted: what, first_spelling, last_spelling, as `alike_ids.sql` yields them.
    """
    rows = list(counted)
    if not rows:
        return ""
    shown = ", ".join(_describe_spellings(row) for row in rows[:SHOWN_WORDS])
    more = f" and {len(rows) - SHOWN_WORDS} more" if len(rows) > SHOWN_WORDS else ""
    return (
        f"{len(rows):,} id(s) are written in several ways: {shown}{more}; each spelling counts as a"
        " user or item of its own. Where they are the same, set `user_id_type` or `item_id_type:"
        " integer` (numbers), or write them alike in the source (case, spaces, Unicode NFC)."
    )


def _describe_spellings(row: Mapping[str, object]) -> str:
    """Show two spellings of an id; those that look alike by the characters that they are of."""
    spellings = [str(row["first_spelling"]), str(row["last_spelling"])]
    composed = [unicodedata.normalize("NFC", spelling) for spelling in spellings]
    if composed[0] != composed[1]:
        return f"{spellings[0]!r} and {spellings[1]!r} ({row['what']})"
    n_signs = " and ".join(f"{len(spelling):,}" for spelling in spellings)
    return (
        f"{composed[0]!r} in {n_signs} characters, accents apart from their letters or not"
        f" (Unicode NFD beside NFC; {row['what']})"
    )


def describe_changed_ids(counted: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> str:
    """Say where ids are numbers in one file and words in another, or were cut by a spreadsheet;
    nothing where they are of one kind.

    Args:
        counted: what, load_file, n_ids, n_numbers, n_in_powers, first_id, as `id_kinds.sql` yields
            them.
        names: Names of files by their number.
    """
    rows = list(counted)
    sentences: list[str] = []
    for what in dict.fromkeys(row["what"] for row in rows):
        of_kind = [row for row in rows if row["what"] == what]
        sentences += filter(None, [_describe_mixed_ids(what, of_kind, names)])
        if n_cut := sum(row["n_in_powers"] for row in of_kind):
            sentences.append(
                f"{n_cut:,} {what} id(s) are in powers of ten: a spreadsheet has cut their digits,"
                " and different ones look alike. Export them as text"
            )
    return "; ".join(sentences)


def _describe_mixed_ids(
    what: str, rows: Sequence[Mapping[str, Any]], names: Mapping[int, str]
) -> str | None:
    """Say that the ids of users, or of items, are numbers in some files and words in others."""
    numbers = [row for row in rows if row["n_numbers"] > MOST * row["n_ids"]]
    words = [row for row in rows if row["n_numbers"] < HARDLY_ANY * row["n_ids"]]
    if not numbers or not words:
        return None
    number, word = (
        f"{names[group[0]['load_file']]} (such as {group[0]['first_id']!r})"
        for group in (numbers, words)
    )
    return (
        f"{what} ids are numbers in {len(numbers)} file(s), first {number}, and words in"
        f" {len(words)}, first {word}: each spelling counts as another {what}"
    )


def describe_largest_user(counted: Mapping[str, Any]) -> str:
    """Say that one user has a great part of all events; nothing where none has.

    Args:
        counted: user_id, n_user_events, n_users, n_events, as `largest_user.sql` yields them.
    """
    share = counted["n_user_events"] / counted["n_events"]
    if counted["n_users"] < MANY_USERS or share <= LARGE_SHARE:
        return ""
    return (
        f"one of {counted['n_users']:,} users has {counted['n_user_events']:,} of"
        f" {counted['n_events']:,} events ({share:.0%}). Is it a word for none, a test account or a"
        " machine? Name it in `no_user`, or leave its rows out with `keep`."
    )
