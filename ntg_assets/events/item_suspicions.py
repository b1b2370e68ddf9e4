"""What is read of an item table without a word and probably not meant."""

from collections.abc import Mapping

import polars as pl

from ntg_assets.events.suspicions import SHOWN_CHARACTERS, WORDS_FOR_NONE

LIST_SHARE = 0.5  # single categories have commas or brackets in their names, but not most of them


def describe_category_lists(counted: Mapping[str, object]) -> str:
    """Say that most categories look like lists; nothing where they do not.

    Args:
        counted: n_categories, n_in_brackets, n_with_separator, example, as `category_lists.sql`
            yields them.
    """
    n_categories, n_lists = (
        int(str(counted["n_categories"])),
        int(str(counted["n_in_brackets"])) + int(str(counted["n_with_separator"])),
    )
    if n_lists <= LIST_SHARE * n_categories:
        return ""
    return (
        f"{n_lists:,} of {n_categories:,} categories look like lists of categories (such as"
        f" {str(counted['example'])[:SHOWN_CHARACTERS]!r}): rules, axes and caps by category then"
        " find nothing. Set `ingest.items.category_separator`, or `categories_format: json`."
    )


def describe_odd_categories(categories: pl.Series) -> str:
    """Say that some categories are words for none, or differ in upper and lower case only."""
    names = categories.drop_nulls().unique().sort().to_list()
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)
    pairs = [group for group in alike.values() if len(group) > 1]
    sentences = []
    if nulls := [name for name in names if name.lower() in WORDS_FOR_NONE]:
        sentences.append(
            f"a category is {nulls[0]!r}: if that means none, set `ingest.items.no_category`"
        )
    if pairs:
        sentences.append(
            f"{len(pairs):,} categories are written in several ways, and count as different (such"
            f" as {' and '.join(map(repr, pairs[0]))})"
        )
    return "; ".join(sentences)


def describe_unknown_items(counted: Mapping[str, int], alike: pl.DataFrame) -> str:
    """Say how many items of the log the item table lacks; nothing where it lacks none.

    Args:
        counted: n_items, n_events, n_unknown_items, n_unknown_events, as `unknown_items.sql` yields
            them.
        alike: Those that are there in another spelling (`unknown_item_ids.sql`).
    """
    if not counted["n_unknown_items"]:
        return ""
    sentence = (
        f"{counted['n_unknown_items']:,} of {counted['n_items']:,} items, in"
        f" {counted['n_unknown_events']:,} of {counted['n_events']:,} events, are not in the item"
        " table"
    )
    if alike.is_empty():
        return sentence
    spelling, in_table = alike.row(0)
    return (
        f"{sentence}; {alike.height:,} of them are there in another spelling, such as {spelling!r}"
        f" for {in_table!r}: set `item_id_type: integer`"
    )
