"""Which columns may have a role, the likeliest first: by name or words, of the event rather than of
what lies around it.
"""

from collections.abc import Sequence

from ntg_assets.sources.sniffing.roles.enclosing_objects import (
    is_of_item,
    is_of_person,
    names_another,
)
from ntg_assets.sources.sniffing.roles.name_matching import by_words, of_role, words_of
from ntg_assets.sources.sniffing.sniffed import Sniffed

TRUTHS = {"true", "false", ""}  # name nobody
PROGRAM_WORDS = frozenset({"product", "content", "media", "asset", "program", "programme"})
MANY_TIMES, FEW_RECORDS = 5, 10


def outer_first(sniffed: Sniffed, free: Sequence[str]) -> list[list[str]]:
    """Columns of the file, then those that lie inside of a value; those that a person has named are
    of the first.
    """
    inner = [name for name in free if name in sniffed.inside - {*sniffed.said.values()}]
    return [[name for name in free if name not in inner], inner]


def columns_of_events(sniffed: Sniffed, free: Sequence[str]) -> list[str]:
    """Columns that say something of the event, not of an item or of how a record was sent."""
    return [
        name
        for name in free
        if not is_of_item(name, sniffed.without_names)
        and not _is_of_message(name)
        and not sniffed.is_part(name)
    ]


def candidates_outside_first(
    sniffed: Sniffed, role: str, free: Sequence[str], *, has_names: bool
) -> tuple[list[str], str]:
    """Columns that a role may have, and why; those inside of values where no other one may."""
    outer, inner = (
        _candidates(sniffed, role, columns, has_names=has_names)
        for columns in outer_first(sniffed, free)
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
        candidates = _names_last(sniffed, _saying_little_last(sniffed, candidates))
    if role in {"value", "event_type"} and role not in sniffed.said:
        candidates = [name for name in candidates if not _is_of_message(name)]
    if role == "event_type":
        candidates = [name for name in candidates if _are_types(sniffed, name)]
    if role != "user_id":
        candidates = sorted(candidates, key=sniffed.is_outside)
    if role in sniffed.elements and role not in sniffed.said:
        return [sniffed.elements[role], *candidates], "by the name of its list"
    return candidates, why


def _saying_little_last(sniffed: Sniffed, candidates: Sequence[str]) -> list[str]:
    """Columns with those last that say little of what an event is about: that hold one text in all
    records, or are called by a word for programs too (`product`), where another one holds many.
    """
    n_texts = {name: len({*sniffed.values[name]}) for name in candidates}
    most = max(n_texts.values(), default=0)

    def says_little(name: str) -> bool:
        is_constant = n_texts[name] == 1 < most and len(sniffed.values[name]) >= FEW_RECORDS
        is_of_programs = name.lower() in PROGRAM_WORDS and n_texts[name] * MANY_TIMES <= most
        return is_constant or is_of_programs

    return sorted(candidates, key=says_little)


def _names_last(sniffed: Sniffed, candidates: Sequence[str]) -> list[str]:
    """Columns with those last that are called by a word for anything (`name` of a document), but
    for one that is the name of the person, since each has one and the same in all records.
    """
    user = sniffed.settings.get("user_id")
    of_items = [
        name
        for name in candidates
        if name.lower() != "name" or not isinstance(user, str) or not _says_who(sniffed, name, user)
    ]
    return sorted(of_items, key=lambda name: name.lower() == "name")


def _says_who(sniffed: Sniffed, name: str, user: str) -> bool:
    """Whether a column holds one text for each user, of whom some have several records."""
    users = sniffed.values[user]
    n_pairs = len({*zip(users, sniffed.values[name], strict=True)})
    return 1 < len({*users}) == n_pairs < len(users)


def _is_of_message(name: str) -> bool:
    """Whether a column says something of how a record is sent or stored, not of the event."""
    *above, last = name.split(".")
    return "schema" in above or last.startswith("_")


def _are_types(sniffed: Sniffed, name: str) -> bool:
    """Whether a column that is called like the types of events holds one in each record, and no
    numbers of the pages of a site.
    """
    texts = sniffed.values[name]
    are_pages = words_of(name) == {"page"} and all(text.isdigit() for text in texts if text)
    is_filled = all(text.strip() for text in texts) or name == sniffed.said.get("event_type")
    return is_filled and not are_pages


def without_parts(sniffed: Sniffed, role: str, candidates: list[str]) -> list[str]:
    """Columns but for those that name one of several objects in a record, with a note where there
    is no other one.
    """
    parts = [name for name in candidates if sniffed.is_part(name)]
    if parts and parts == candidates:
        sniffed.notes.append(
            f"records hold several objects where {parts[0]!r} ({role}) names the first one only:"
            f" `--set explode={parts[0].rpartition('.0.')[0]}` makes each a record; name that"
            " column where the first one is meant"
        )
    return [name for name in candidates if name not in parts]
