"""Which columns of a file bear a name, or hold the words, that people give to a role: however these
are spelt, and however deep they lie.
"""

import re
from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.roles.role_names import PLACES, ROLES, WORDS_OF_ROLES
from ntg_assets.sources.sniffing.roles.role_names_abroad import folded

# how stores write the type of `userId` behind it: MongoDB, DynamoDB, Avro, Firestore
TYPED = re.compile(
    r"(\.(\$\w+|S|N|BOOL|string|long|int|double|float|(string|integer|double|timestamp)Value))+$"
)
BRACKETS = re.compile(r"(?<=\S)\s*[(\[][^()\[\]]*[)\]]\s*$")
CORE_DATA = re.compile(r"^Z(?=[A-Z_]{3,}$)")  # before the names of columns of Apple's programs


def of_role(
    role: str, columns: Sequence[str], said: Mapping[str, str], *, has_names: bool = True
) -> tuple[list[str], str]:
    """Columns that a role may have, the likeliest first, and why: the one that a person has named,
    else those that are called like it and that no other role was said to have.
    """
    if said.get(role) in columns:
        return [said[role]], "as you said"
    others = [name for name in columns if name not in said.values()]
    return by_name(others, ROLES[role]) if has_names else [], "by its name"


def by_name(columns: Sequence[str], words: Sequence[str]) -> list[str]:
    """Columns that are called like a role, the most usual name first; those whose name in a nested
    record (`track.id` of `event.track.id`, or `id`) is such a one come last, where there is but one
    of that name.
    """
    bare = {name: TYPED.sub("", name) for name in columns}
    spelt = {name: _spellings(bare[name]) for name in columns}
    whole = [name for word in words for name, spellings in spelt.items() if word in spellings]
    squashed = {name: {each.replace("_", "") for each in spelt[name]} for name in columns}
    whole += [
        name for word in words for name, each in squashed.items() if word.replace("_", "") in each
    ]
    inner = {name: _inner_names(bare[name]) for name in columns}
    nested = []
    for word in words:
        bearers = [name for name, called in inner.items() if word in called]
        nested += bearers if len(bearers) == 1 else []
    return list(dict.fromkeys([*whole, *nested]))


def _inner_names(name: str) -> list[str]:
    """What a value is called inside the records around it: `c_d` and `d` of `a.c.d`."""
    keys = name.strip(".").split(".")
    inner = ["_".join(keys[depth:]) for depth in range(1, len(keys))]
    return [spelling for name in inner for spelling in _spellings(name)]


def _spellings(name: str) -> list[str]:
    """How a name may be meant: `visitorId` as one word, and as two."""
    plain = CORE_DATA.sub("", name)
    bare = BRACKETS.sub("", plain)  # `Amount (EUR)`
    spellings = (folded(plain), folded(divided(plain)), folded(bare))
    return list(dict.fromkeys(re.sub("_+", "_", spelling) for spelling in spellings))


def by_words(columns: Sequence[str], role: str) -> list[str]:
    """Columns whose names hold words for a role (`Account Holder Name`, `stream_duration_ms`), and
    none that says of what else they are; those whose word is the more usual one first.
    """
    words = WORDS_OF_ROLES[role]
    found = []
    for name in columns:
        parts = _word_list(name)
        if words.others & {*parts} or (words.ends and parts[-1] not in words.ends):
            continue
        before = parts[:-1] if words.ends else parts
        ranks = [words.nouns.index(part) for part in before if part in words.nouns]
        if ranks:
            end = words.ends.index(parts[-1]) if words.ends else 0
            found.append((min(ranks) if not words.ends else end, name))
    places = by_name(columns, PLACES) if role == "item_id" else []
    return [*(name for _, name in sorted(found, key=lambda each: each[0])), *places]


def _word_list(name: str) -> list[str]:
    bare = BRACKETS.sub("", TYPED.sub("", name)).rsplit(".", 1)[-1] or name
    return folded(divided(bare)).split("_")


def divided(name: str) -> str:
    """A name with `_` before the capitals that begin its words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def words_of(name: str) -> set[str]:
    """Split the name of a column into its words, in lower case."""
    return set(folded(divided(name.rsplit(".", 1)[-1])).split("_"))
