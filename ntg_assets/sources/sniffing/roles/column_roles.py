"""Which column of a file is what: by names that people give such columns, and by how the values are
written.
"""

from collections.abc import Mapping, Sequence

from ntg_assets.sources.files.exploding import PLACE
from ntg_assets.sources.sniffing.null_words import NULL_WORDS
from ntg_assets.sources.sniffing.roles.id_types import sniff_ids
from ntg_assets.sources.sniffing.roles.item_roles import (
    complements,
    note_first_of_lists,
    note_items,
    sniff_items,
    whole_title,
)
from ntg_assets.sources.sniffing.roles.name_matching import by_name
from ntg_assets.sources.sniffing.roles.role_candidates import (
    candidates_outside_first,
    columns_of_events,
    outer_first,
    without_parts,
)
from ntg_assets.sources.sniffing.roles.role_names import SESSIONS
from ntg_assets.sources.sniffing.roles.time_roles import sniff_time
from ntg_assets.sources.sniffing.roles.value_roles import sniff_value
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts

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
    outer, inner = outer_first(sniffed, free)
    if not _sniff_time(sniffed, free, outer, texts):
        sniffed.is_items = has_names and sniff_items(sniffed, free, texts)
        if sniffed.is_items:
            return
        _sniff_time(sniffed, free, inner, texts)
    for role in ("user_id", "item_id", "value", "event_type"):
        _sniff_role(sniffed, role, free, texts, has_names=has_names)
    names = [sniffed.settings.get(role) for role in ("event_at", "user_id", "item_id", "value")]
    note_first_of_lists(sniffed, names)
    for role in ("user_id", "item_id"):
        if role in sniffed.settings:
            sniff_ids(sniffed, role, texts[sniffed.settings[role]])


def _sniff_time(
    sniffed: Sniffed, free: list[str], columns: Sequence[str], texts: Mapping[str, list[str]]
) -> bool:
    """Find the column that says when among some of the free ones; tell whether there is one."""
    left = [*columns]
    sniff_time(sniffed, left, texts, has_names=sniffed.has_names)
    free[:] = [name for name in free if name not in columns or name in left]
    return "event_at" in sniffed.settings or "event_at" in sniffed.open


def _filled(texts: Sequence[str]) -> list[str]:
    """Texts that are neither empty nor a word for that."""
    return [text for text in texts if text.strip() and text.strip().lower() not in NULL_WORDS]


def _sniff_role(
    sniffed: Sniffed,
    role: str,
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    has_names: bool,
) -> None:
    """Take the column that is called like a role; without one a needed role stays open."""
    candidates, why = candidates_outside_first(sniffed, role, free, has_names=has_names)
    candidates = without_parts(sniffed, role, candidates)
    pairs = complements(sniffed, free) if role == "item_id" and role not in sniffed.said else []
    if candidates and any(candidates[0] in pair["first_of"] for pair in pairs):
        candidates = []  # of one kind of items only
    if role == "value":
        sniff_value(
            sniffed, candidates, free, texts, others=columns_of_events(sniffed, free), why=why
        )
        return
    if not candidates:
        if role in {"user_id", "item_id"}:
            keys = [name for name in sniffed.key_columns if name in free]
            keys += by_name(free, SESSIONS) if role == "user_id" else []
            first = [CONSTANT_USER] if role == "user_id" else pairs
            others = (name for name in free if name not in keys)
            sniffed.open[role] = [*keys, *first, *others]
        return
    name = whole_title(sniffed, candidates) if role == "item_id" else candidates[0]
    free.remove(name)
    sniffed.take(role, name, f"{why}; values such as {show_texts(texts[name])}")
    if role == "item_id":
        note_items(sniffed, name, free)
