"""Values that are missing: words that stand in their place, and records without them."""

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


def sniff_null_words(sniffed: Sniffed, name: str) -> None:
    """Propose the words for "empty" that stand among the numbers or times of a column."""
    words = {text.strip() for text in sniffed.values[name] if text.strip().lower() in NULL_WORDS}
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
