"""What a load holds that is read without a word and is probably not meant: told, never refused."""

from collections.abc import Iterable, Mapping

import polars as pl

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
LIST_SHARE = 0.5  # single categories have commas or brackets in their names, but not most of them
SHOWN_WORDS = 5
SHOWN_CHARACTERS = 60


def words_for_none() -> pl.DataFrame:
    """Words in lower case that mean "no user" or "no item" where they stand in the place of an
    id.
    """
    return pl.DataFrame({"word": sorted(WORDS_FOR_NONE)})


def tell_null_words(found: Iterable[Mapping[str, object]]) -> str:
    """Say which ids are words for "none", and how many events they have; nothing where none is.

    Args:
        found: what, word, n_events, as `null_words.sql` yields them.
    """
    rows = list(found)
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


def tell_category_lists(found: Mapping[str, object]) -> str:
    """Say that most categories look like lists; nothing where they do not.

    Args:
        found: n_categories, n_in_brackets, n_with_separator, example, as `category_lists.sql`
            yields them.
    """
    n_categories, n_lists = (
        int(str(found["n_categories"])),
        int(str(found["n_in_brackets"])) + int(str(found["n_with_separator"])),
    )
    if n_lists <= LIST_SHARE * n_categories:
        return ""
    return (
        f"{n_lists:,} of {n_categories:,} categories look like lists of categories (such as"
        f" {str(found['example'])[:SHOWN_CHARACTERS]!r}): rules, axes and caps by category then"
        " find nothing. Set `ingest.items.category_separator`, or `categories_format: json`."
    )


def tell_contradictions(n_rows: int) -> str:
    """Say that rows differ in the value only; nothing where none does."""
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} row(s) are equal to another one in user, item, time and type, and differ in"
        " the value only: both count. Where a later export corrects an earlier one, set"
        " `ingest.events.event_id`."
    )


def tell_folded(n_rows: int, zone: str) -> str:
    """Say that local times could be two moments; nothing where none could."""
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} event(s) have a local time that the clocks of {zone} showed twice; each was"
        " read as the later one (standard time). Write times with their offset."
    )


def tell_padded_ids(found: Iterable[Mapping[str, object]]) -> str:
    """Say which ids differ in zeros before them or a `.0` behind them only; nothing where none do.

    Args:
        found: what, number, spellings, as `alike_ids.sql` yields them.
    """
    rows = list(found)
    if not rows:
        return ""
    shown = ", ".join(
        f"{row['first_spelling']!r} and {row['last_spelling']!r} ({row['what']})"
        for row in rows[:SHOWN_WORDS]
    )
    more = f" and {len(rows) - SHOWN_WORDS} more" if len(rows) > SHOWN_WORDS else ""
    return (
        f"{len(rows):,} number(s) are written in several ways among the ids: {shown}{more}; each"
        " spelling counts as a user or item of its own. Where they are the same, set"
        " `user_id_type` or `item_id_type: integer`."
    )
