"""Values that are missing: words that stand in their place, and records without them."""

from collections.abc import Iterable

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
        "0000-00-00",
        "0000-00-00 00:00:00",
    }
)


def null_words_in(texts: Iterable[str | None]) -> set[str]:
    """Different texts that stand for "empty", without the blanks around them."""
    return {text.strip() for text in texts if text and text.strip().lower() in NULL_WORDS}


def sniff_null_words(sniffed: Sniffed, name: str) -> None:
    """Propose the words for "empty" that stand among the numbers or times of a column."""
    words = null_words_in(sniffed.values[name])
    if words:
        existing = set(sniffed.settings.get("null_words", [])) | words
        sniffed.take("null_words", sorted(existing), f"among the values of {name!r}")


def ask_of_gaps(sniffed: Sniffed, name: str) -> None:
    """Ask what records are in which a needed column is empty."""
    values = sniffed.values[name]
    n_empty = sum(not text.strip() for text in values)
    if n_empty:
        (others,) = sniffed.open.get("skip_when_empty", [[]])
        sniffed.open["skip_when_empty"] = [[*others, name]]
        sniffed.notes.append(
            f"{n_empty:,} of {len(values):,} records have no {name!r}: where these are no events,"
            " set `skip_when_empty`"
        )
