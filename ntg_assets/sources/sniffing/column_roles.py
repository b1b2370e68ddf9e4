"""Which column of a file is what: by names that people give such columns, and by how the values are
written.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from ntg_assets.sources.files.exploding import PLACE
from ntg_assets.sources.sniffing.null_words import NULL_WORDS, ask_of_gaps
from ntg_assets.sources.sniffing.role_names import (
    ITEM_NOUNS,
    ROLES,
    SESSIONS,
    by_name,
    by_words,
    is_of_item,
    is_of_person,
    names_another,
    of_role,
    words_of,
)
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts
from ntg_assets.sources.sniffing.time_roles import sniff_time
from ntg_assets.sources.sniffing.value_roles import sniff_value

ITEM_ROLES = {
    "categories": ("categories", "category", "genres", "genre", "kategorien", "kategorie")
}
TITLES = ("title", "titel", "name", "item_name", "product_name")
ID = re.compile(r"0|[1-9]\d{0,17}")
FLOAT_ID, IN_POWERS = re.compile(r"(0|[1-9]\d{0,15})\.0+"), re.compile(r"\d([.,]\d+)?[eE]\+\d+")
TRUTHS = {"true", "false", ""}  # name nobody
CONSTANT_USER = {"constant": "me"}


def sniff_roles(sniffed: Sniffed) -> None:
    """Say which column is what."""
    texts = {name: _filled(values) for name, values in sniffed.values.items()}
    free = [
        name
        for name in sniffed.columns
        if texts.get(name) and not name.endswith(PLACE) and sniffed.is_one_value(name)
    ]
    has_names = sniffed.has_names
    _sniff_time(sniffed, free, texts)
    if "event_at" not in sniffed.settings and "event_at" not in sniffed.open and has_names:
        sniffed.is_items = _sniff_items(sniffed, free, texts)
        if sniffed.is_items:
            return
    for role in ("user_id", "item_id", "value", "event_type"):
        _sniff_role(sniffed, role, free, texts, has_names=has_names)
    for role in ("user_id", "item_id"):
        if role in sniffed.settings:
            _sniff_ids(sniffed, role, texts[sniffed.settings[role]])


def _sniff_time(sniffed: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> None:
    """Find the column that says when, one that lies inside of a value where no other one does."""
    for columns in _outer_first(sniffed, free):
        left = [*columns]
        sniff_time(sniffed, left, texts, has_names=sniffed.has_names)
        if "event_at" in sniffed.settings or "event_at" in sniffed.open:
            free[:] = [name for name in free if name not in columns or name in left]
            return


def _outer_first(sniffed: Sniffed, free: Sequence[str]) -> list[list[str]]:
    """Columns of the file, then those that lie inside of a value; those that a person has named are
    of the first.
    """
    inner = [name for name in free if name in sniffed.inside - {*sniffed.said.values()}]
    return [[name for name in free if name not in inner], inner]


def _filled(texts: Sequence[str]) -> list[str]:
    """Texts that are neither empty nor a word for that."""
    return [text for text in texts if text.strip() and text.strip().lower() not in NULL_WORDS]


def _sniff_ids(sniffed: Sniffed, role: str, texts: Sequence[str]) -> None:
    """Say of which type the ids of a role are, and ask what those that name nobody mean."""
    _sniff_id_type(sniffed, role, texts)
    _sniff_no_one(sniffed, role)
    ask_of_gaps(sniffed, sniffed.settings[role])


def _sniff_role(
    sniffed: Sniffed,
    role: str,
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    has_names: bool,
) -> None:
    """Take the column that is called like a role; without one a needed role stays open."""
    candidates, why = _candidates_outside_first(sniffed, role, free, has_names=has_names)
    candidates = _without_parts(sniffed, role, candidates)
    pairs = _complements(sniffed, free) if role == "item_id" and role not in sniffed.said else []
    if candidates and any(candidates[0] in pair["first_of"] for pair in pairs):
        candidates = []  # of one kind of items only
    if role == "value":
        sniff_value(sniffed, candidates, free, texts, others=_of_events(sniffed, free), why=why)
        return
    if not candidates:
        if role in {"user_id", "item_id"}:
            keys = [name for name in sniffed.key_columns if name in free]
            keys += by_name(free, SESSIONS) if role == "user_id" else []
            first = [CONSTANT_USER] if role == "user_id" else pairs
            others = (name for name in free if name not in keys)
            sniffed.open[role] = [*keys, *first, *others]
        return
    name = _whole_title(sniffed, candidates) if role == "item_id" else candidates[0]
    free.remove(name)
    sniffed.take(role, name, f"{why}; values such as {show_texts(texts[name])}")
    if role == "item_id":
        _note_other_items(sniffed, name, free)


def _of_events(sniffed: Sniffed, free: Sequence[str]) -> list[str]:
    """Columns that say something of the event, not of an item or of how a record was sent."""
    return [
        name
        for name in free
        if not is_of_item(name, sniffed.without_names)
        and not _is_of_message(name)
        and not sniffed.is_part(name)
    ]


def _note_other_items(sniffed: Sniffed, name: str, free: Sequence[str]) -> None:
    """Say which column names the items of the records in which a column is empty: episodes beside
    songs.
    """
    named = [other for other in free if words_of(other) & {*ITEM_NOUNS} and other != name]
    others = [
        other for other in named if _fill_each_other(sniffed, (name, other)) and "id" not in other
    ]
    if others and any(not text.strip() for text in sniffed.values[name]):
        sniffed.notes.append(
            f"{others[0]!r} is filled where {name!r} is empty: to read both, answer"
            f" `item_id=first_of:{name},{others[0]}`"
        )


def _candidates_outside_first(
    sniffed: Sniffed, role: str, free: Sequence[str], *, has_names: bool
) -> tuple[list[str], str]:
    """Columns that a role may have, and why; those inside of values where no other one may."""
    outer, inner = (
        _candidates(sniffed, role, columns, has_names=has_names)
        for columns in _outer_first(sniffed, free)
    )
    return outer if outer[0] or not inner[0] else inner


def _candidates(
    sniffed: Sniffed, role: str, free: Sequence[str], *, has_names: bool
) -> tuple[list[str], str]:
    """Columns that a role may have, and why; of exploded records those of the element first, but
    for the user, who is said outside.
    """
    if role == "item_id":
        around = sniffed.without_names
        free = [
            name
            for name in free
            if name in sniffed.said.values() or not names_another(name, around)
        ]
    candidates, why = of_role(role, free, sniffed.said, has_names=has_names)
    if has_names and role in {"user_id", "item_id"} and not candidates:
        others = [name for name in free if name not in sniffed.said.values()]
        candidates, why = by_words(others, role), "by the words of its name"
    if role not in sniffed.said:
        belongs = is_of_person if role == "item_id" else is_of_item
        candidates = [name for name in candidates if not belongs(name, sniffed.without_names)]
    if role in {"user_id", "item_id"} and role not in sniffed.said:
        candidates = [name for name in candidates if not set(sniffed.values[name]) <= TRUTHS]
    if role == "item_id" and role not in sniffed.said:
        candidates = _names_last(candidates)
    if role in {"value", "event_type"} and role not in sniffed.said:
        candidates = [name for name in candidates if not _is_of_message(name)]
    if role == "event_type":
        candidates = [name for name in candidates if not _are_pages(name, sniffed.values[name])]
    if role != "user_id":
        candidates = sorted(candidates, key=sniffed.is_outside)
    if role in sniffed.elements and role not in sniffed.said:
        return [sniffed.elements[role], *candidates], "by the name of its list"
    return candidates, why


def _names_last(candidates: Sequence[str]) -> list[str]:
    """Columns with those last that are called by a word for anything (`name` of a document)."""
    return sorted(candidates, key=lambda name: name.lower() == "name")


def _is_of_message(name: str) -> bool:
    """Whether a column says something of how a record is sent or stored, not of the event."""
    *above, last = name.split(".")
    return "schema" in above or last.startswith("_")


def _are_pages(name: str, texts: Sequence[str]) -> bool:
    """Whether a column that is called like a page of a site holds the numbers of pages."""
    return words_of(name) == {"page"} and all(text.isdigit() for text in texts if text)


def _without_parts(sniffed: Sniffed, role: str, candidates: list[str]) -> list[str]:
    """Columns but for those that name one of several objects in a record, with a note where there
    is no other one.
    """
    parts = [name for name in candidates if sniffed.is_part(name)]
    if parts and parts == candidates:
        sniffed.notes.append(
            f"records hold several objects where {parts[0]!r} ({role}) names the first one only:"
            " write one record for each, or name that column where the first one is meant"
        )
    return [name for name in candidates if name not in parts]


def _complements(sniffed: Sniffed, free: Sequence[str]) -> list[dict[str, list[str]]]:
    """Pairs of columns of one name (`movie.title`, `show.title`), of which each record has one."""
    called = {name: name.rsplit(".", 1)[-1] for name in free if "." in name}
    pairs = [
        (name, other)
        for name, other in combinations(called, 2)
        if called[name] == called[other] and by_name([called[name]], ROLES["item_id"])
    ]
    return [{"first_of": [*pair]} for pair in pairs if _fill_each_other(sniffed, pair)]


def _fill_each_other(sniffed: Sniffed, pair: tuple[str, str]) -> bool:
    records = zip(*(sniffed.values[name] for name in pair), strict=True)
    return all(bool(one.strip()) != bool(other.strip()) for one, other in records)


def _whole_title(sniffed: Sniffed, candidates: Sequence[str]) -> str:
    """The first of some columns of items; the title, where the first is a part of some items only
    (`Episode` beside `Title`).
    """
    first = candidates[0]
    is_partial = any(not text.strip() for text in sniffed.values[first])
    if first in sniffed.said.values() or not is_partial or "id" in words_of(first):
        return first
    whole = (name for name in candidates if all(text.strip() for text in sniffed.values[name]))
    return next((name for name in by_name([*whole], TITLES)), first)


def _sniff_no_one(sniffed: Sniffed, role: str) -> None:
    """Ask about the words for "none" among ids: each would be a user or an item of its own."""
    values = sniffed.values[sniffed.settings[role]]
    words = {text.strip() for text in values if text.strip().lower() in NULL_WORDS}
    if words:
        sniffed.open["no_user" if role == "user_id" else "no_item"] = [sorted(words)]


def _sniff_id_type(sniffed: Sniffed, role: str, texts: Sequence[str]) -> None:
    if texts and all(ID.fullmatch(text) for text in texts):
        sniffed.take(f"{role}_type", "integer", "whole numbers without zeros before them")
    elif texts and all(FLOAT_ID.fullmatch(text) for text in texts):
        sniffed.take(
            f"{role}_type", "integer", f"whole numbers as a library wrote them: {texts[0]}"
        )
    elif cut := [text for text in texts if IN_POWERS.fullmatch(text.strip())]:
        sniffed.notes.append(
            f"{len(cut):,} ids of {sniffed.settings[role]!r} are in powers of ten ({cut[0]!r}): a"
            " spreadsheet has cut their digits, and different ids look alike. Export them as text"
        )


def _sniff_items(sniffed: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> bool:
    """Take a file without times for an item table, where it has ids and titles."""
    ids = [
        name
        for name in by_name(free, ROLES["item_id"])
        if len(set(texts[name])) == len(sniffed.values[name])
    ]
    titles = [name for name in by_name(free, TITLES) if name not in ids[:1]]
    if not ids or by_name(free, ROLES["user_id"]):
        return False
    why = f"by its name, and different in each record: {show_texts(texts[ids[0]])}"
    sniffed.take("item_id", ids[0], why)
    if titles:
        why = f"by its name; values such as {show_texts(texts[titles[0]])}"
        sniffed.take("title", titles[0], why)
    for name in by_name(free, ITEM_ROLES["categories"])[:1]:
        _take_categories(sniffed, name, texts[name])
    return True


def _take_categories(sniffed: Sniffed, name: str, texts: Sequence[str]) -> None:
    """Take a column of categories, and say how several in one value are written."""
    sniffed.take("categories", name, f"by its name; values such as {show_texts(texts)}")
    if any(text.lstrip().startswith("[") for text in texts):
        sniffed.take("categories_format", "json", "values in brackets")
        return
    separators = [sign for sign in "|;," if any(sign in text for text in texts)]
    if separators and separators[0] != "|":
        sniffed.take("category_separator", separators[0], f"such as {show_texts(texts)}")
