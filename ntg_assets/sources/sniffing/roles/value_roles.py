"""Which column is the value of an event, and how its numbers are written."""

import re
from collections.abc import Mapping, Sequence

from ntg_assets.sources.files.exploding import PLACE
from ntg_assets.sources.sniffing.null_words import odd_words, sniff_null_words, take_odd_words
from ntg_assets.sources.sniffing.number_kinds import LARGEST, NumberKind, is_between, number_kind
from ntg_assets.sources.sniffing.roles.name_matching import by_words, words_of
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts

SHOWN_COLUMNS = 5
PIECES = frozenset({"quantity", "qty"})  # say less than an amount beside them
RATINGS, ZEROS = frozenset({"rating", "stars", "score", "bewertung", "note"}), {"0", "0.0"}
OTHERS = frozenset(
    {"id", "ip", "version", "code", "date", "time", "at", "ts", "lat", "lon", "title"}
)
LIKE_AMOUNT = re.compile(r"\d[.,]\d{1,2}(?!\d)|\d:\d\d|\d\s*[^\W\d_]|[$€£¥₽₺₹₩₫₴₪฿]")


def sniff_value(
    sniffed: Sniffed,
    candidates: Sequence[str],
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    others: Sequence[str],
    why: str,
) -> None:
    """Take the first of these columns that holds numbers, and say how they are written.

    Args:
        sniffed: What is known of the file; it is completed.
        candidates: Columns that are called like a value, the likeliest first.
        free: Columns that have no role yet; the one that is taken is removed.
        texts: Values of each column that are not empty.
        others: Free ones that may be a value, too, whatever they are called.
        why: Why these.
    """
    may_be_grouped = sniffed.settings.get("delimiter") == ";"
    alike = [] if candidates and "value" in sniffed.said else by_words(others, "value")
    numbers = _numbers([*candidates, *alike], texts, may_be_grouped=may_be_grouped)
    certain = [name for name in candidates if name in numbers]
    name = next((name for name in certain if not words_of(name) & PIECES), None)
    others_alike = [other for other in numbers if other not in certain]
    if name is None and len(others_alike) == 1 and "value" not in sniffed.said:
        (name,), why = others_alike, "by the words of its name"
    name = name or next(iter(certain), None)
    if name is None:
        follows = "a load will refuse them" if "value" in sniffed.said else "events have value 1"
        _note_no_number(sniffed, candidates, texts, follows)
        _note_others(
            sniffed, others_alike or _like_amounts(others, texts, may_be_grouped=may_be_grouped)
        )
        return
    free.remove(name)
    if words_of(name) & PIECES:
        amounts = [other for other in candidates if not words_of(other) & PIECES]
        _note_no_number(sniffed, amounts, texts, f"{name!r} is the value")
    sniffed.take("value", name, f"{why}; values such as {show_texts(texts[name])}")
    _take_kind(sniffed, name, *numbers[name])
    _note_no_rating(sniffed, name, texts[name])


def _note_no_rating(sniffed: Sniffed, name: str, texts: Sequence[str]) -> None:
    """Say that zeros among ratings from 1 on may mean that there is none."""
    n_zeros = sum(text.strip() in ZEROS for text in texts)
    rated = [text for text in texts if text.strip() not in ZEROS]
    is_rating = words_of(name) & RATINGS and all(is_between(text, 1, 11) for text in rated)
    if n_zeros and rated and is_rating:
        sniffed.notes.append(
            f"{name!r} is 0 in {n_zeros:,} record(s), and at least 1 in the others: where 0 means"
            " 'not rated', set `null_words: ['0']` and say what an empty value means"
            " (`value_if_empty`)"
        )


def _numbers(
    names: Sequence[str], texts: Mapping[str, list[str]], *, may_be_grouped: bool
) -> dict[str, tuple[NumberKind, set[str]]]:
    """How the numbers of columns are written, for those that hold such; and the few words among
    them that stand in the place of what is missing.
    """
    found: dict[str, tuple[NumberKind, set[str]]] = {}
    for name in names:
        if kind := number_kind(texts[name], may_be_grouped=may_be_grouped):
            found[name] = kind, set()
        elif odd := odd_words(texts[name]):
            rest = [text for text in texts[name] if text not in odd]
            if kind := number_kind(rest, may_be_grouped=may_be_grouped):
                found[name] = kind, odd
    return found


def _take_kind(sniffed: Sniffed, name: str, kind: NumberKind, odd: set[str]) -> None:
    for key, value, reason in kind.settings:
        sniffed.take(key, value, reason)
    sniffed.open |= kind.choices
    sniffed.notes += [f"{name!r}: {note}" for note in kind.notes]
    sniff_null_words(sniffed, name)
    if odd:
        take_odd_words(sniffed, name, odd)
    if any(not text.strip() for text in sniffed.values[name]) or "null_words" in sniffed.settings:
        sniffed.open["value_if_empty"] = ["quarantine", "null", "a number"]


def _note_others(sniffed: Sniffed, names: Sequence[str]) -> None:
    """Say which columns hold numbers that may be what events are worth."""
    if not sniffed.has_names and "value" not in sniffed.said:
        sniffed.notes.append(
            "columns without names: events have value 1, unless you answer `value=COLUMN`"
        )
        return
    if names and "value" not in sniffed.said:
        shown = ", ".join(map(repr, names[:SHOWN_COLUMNS]))
        sniffed.notes.append(
            f"no column is called like a value for certain: events have value 1. Where it is one of"
            f" {shown}, answer `value={names[0]}`"
        )


def _like_amounts(
    names: Sequence[str], texts: Mapping[str, list[str]], *, may_be_grouped: bool
) -> list[str]:
    """Columns that hold amounts or lengths of time by how they are written: with a sign of a
    currency, a fraction, a unit.
    """
    found = []
    for name in (name for name in names if not words_of(name) & OTHERS):
        is_written_so = any(map(LIKE_AMOUNT.search, texts[name])) and not name.endswith(PLACE)
        kind = number_kind(texts[name], may_be_grouped=may_be_grouped) if is_written_so else None
        if kind is not None:
            found.append(name)
    return found


def _note_no_number(
    sniffed: Sniffed, candidates: Sequence[str], texts: Mapping[str, list[str]], follows: str
) -> None:
    """Say that the first column that is called like a value holds other things than numbers, and
    what follows.
    """
    sniffed.notes += [
        f"{name!r} is called like a value, but not all of it is numbers"
        f" ({_shown_others(texts[name])}): {follows}"
        for name in candidates[:1]
    ]


def _shown_others(texts: Sequence[str]) -> str:
    """The first texts that are no number."""
    others = [text for text in texts if not is_between(text, -LARGEST, LARGEST)]
    return f"such as {show_texts(others)}" if others else "written in several ways"
