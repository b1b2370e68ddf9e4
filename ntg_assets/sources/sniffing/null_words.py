"""Values that are missing: words that stand in their place, and records without them."""

from collections.abc import Iterable, Sequence

from ntg_assets.sources.sniffing.sniffed import Sniffed

NULL_WORDS = frozenset(
    {
        "null",
        "\\n",
        "nan",
        "none",
        "n/a",
        "na",
        "#n/a",
        "<na>",
        "nil",
        "nat",
        "-",
        "--",
        "?",
        "n.a.",
        "not available",
        "not applicable",
        "(not set)",
        "(none)",
        "(null)",
        "[null]",
        "<null>",
        "undefined",
        "#n/v",
        "#nv",
        "#ref!",
        "#value!",
        "#wert!",
        "#valeur!",
        "0000-00-00",
        "0000-00-00 00:00:00",
    }
)


MOST_ODD_WORDS = 3
# a program that writes these means a day
DAYS_IN_WORDS = frozenset(
    {"today", "yesterday", "now", "heute", "gestern", "hier", "aujourd'hui", "hoy", "ayer", "hoje",
     "ontem", "oggi", "ieri", "vandaag", "gisteren"}
)  # fmt: skip


def odd_words(texts: Sequence[str]) -> set[str]:
    """Texts without a figure among those that have some, where they are a few different ones
    (`never`, `#####`, `unrated`), which stand in the place of what is missing.
    """
    words = {text for text in texts if not any(map(str.isdigit, text))}
    n_odd = sum(text in words for text in texts)
    are_few = len(words) <= MOST_ODD_WORDS and 2 * n_odd <= len(texts)
    means_days = any(word.strip().lower() in DAYS_IN_WORDS for word in words)
    return words if are_few and not means_days else set()


def take_odd_words(sniffed: Sniffed, name: str, words: Iterable[str]) -> None:
    """Propose words that stand in the place of what is missing in a column."""
    existing = {*sniffed.settings.get("null_words", []), *(word.strip() for word in words)}
    sniffed.take("null_words", sorted(existing), f"among the values of {name!r}")


def null_words_in(texts: Iterable[str | None]) -> set[str]:
    """Different texts that stand for "empty", without the blanks around them."""
    return {text.strip() for text in texts if text and text.strip().lower() in NULL_WORDS}


def sniff_null_words(sniffed: Sniffed, name: str) -> None:
    """Propose the words for "empty" that stand among the numbers or times of a column."""
    words = null_words_in(sniffed.values[name])
    if words:
        take_odd_words(sniffed, name, words)


def ask_of_gaps(sniffed: Sniffed, name: str) -> None:
    """Ask what records are in which a needed column is empty."""
    values = sniffed.values[name]
    words = {"", *sniffed.settings.get("null_words", [])}
    n_empty = sum(text.strip() in words for text in values)
    if n_empty:
        (others,) = sniffed.open.get("skip_when_empty", [[]])
        sniffed.open["skip_when_empty"] = [[*others, name]]
        sniffed.notes.append(
            f"{n_empty:,} of {len(values):,} records have no {name!r}: where these are no events,"
            " set `skip_when_empty`"
        )
