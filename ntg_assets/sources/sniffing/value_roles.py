"""Which column is the value of an event, and how its numbers are written."""

from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.null_words import sniff_null_words
from ntg_assets.sources.sniffing.number_kinds import LARGEST, is_between, number_kind
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts


def sniff_value(
    sniffed: Sniffed,
    candidates: Sequence[str],
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    why: str,
) -> None:
    """Take the first of these columns that holds numbers, and say how they are written.

    Args:
        sniffed: What is known of the file; it is completed.
        candidates: Columns that are called like a value, the likeliest first.
        free: Columns that have no role yet; the one that is taken is removed.
        texts: Values of each column that are not empty.
        why: Why these.
    """
    may_be_grouped = sniffed.settings.get("delimiter") == ";"
    kinds = {name: number_kind(texts[name], may_be_grouped=may_be_grouped) for name in candidates}
    name = next((name for name in candidates if kinds[name] is not None), None)
    kind = kinds.get(name or "")
    if name is None or kind is None:
        _note_no_number(sniffed, candidates, texts)
        return
    free.remove(name)
    sniffed.take("value", name, f"{why}; values such as {show_texts(texts[name])}")
    for key, value, reason in kind.settings:
        sniffed.take(key, value, reason)
    sniffed.open |= kind.choices
    sniffed.notes += [f"{name!r}: {note}" for note in kind.notes]
    sniff_null_words(sniffed, name)
    if any(not text.strip() for text in sniffed.values[name]) or "null_words" in sniffed.settings:
        sniffed.open["value_if_empty"] = ["quarantine", "null", "a number"]


def _note_no_number(
    sniffed: Sniffed, candidates: Sequence[str], texts: Mapping[str, list[str]]
) -> None:
    """Say that the first column that is called like a value holds other things than numbers."""
    follows = "a load will refuse them" if "value" in sniffed.said else "events have value 1"
    sniffed.notes += [
        f"{name!r} is called like a value, but not all of it is numbers"
        f" ({_shown_others(texts[name])}): {follows}"
        for name in candidates[:1]
    ]


def _shown_others(texts: Sequence[str]) -> str:
    """The first texts that are no number."""
    others = [text for text in texts if not is_between(text, -LARGEST, LARGEST)]
    return f"such as {show_texts(others)}" if others else "written in several ways"
