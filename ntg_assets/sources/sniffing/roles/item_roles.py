"""What is to be said of the column of items, and which files are tables of items."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from ntg_assets.sources.sniffing.roles.name_matching import by_name, words_of
from ntg_assets.sources.sniffing.roles.role_names import ITEM_NOUNS, ROLES
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts

ITEM_ROLES = {
    "categories": ("categories", "category", "genres", "genre", "kategorien", "kategorie")
}
TITLES = ("title", "titel", "name", "item_name", "product_name")
ID_WORDS = frozenset({"id", "uri", "url", "key", "isbn", "asin", "sku", "isrc"})
MAKERS = frozenset({"artist", "series", "show", "podcast", "program", "programme"})


def note_items(sniffed: Sniffed, name: str, free: Sequence[str]) -> None:
    """Say what a person should know of the column that was taken for the items.

    Args:
        sniffed: What is known of the file; it is completed.
        name: The column.
        free: Columns that have no role.
    """
    _note_other_items(sniffed, name, free)
    _note_shared_titles(sniffed, name)


def _note_shared_titles(sniffed: Sniffed, name: str) -> None:
    """Say that titles stand beside several makers or series (`Episode 1`, `Intro`): each counts as
    one item.
    """
    if words_of(name) & ID_WORDS or name in sniffed.said.values():
        return
    for other in (one for one in sniffed.columns if words_of(one) & MAKERS and one != name):
        pairs = {*zip(sniffed.values[name], sniffed.values[other], strict=True)}
        titles = Counter(title for title, maker in pairs if title.strip() and maker.strip())
        shared = sorted(title for title, n_makers in titles.items() if n_makers > 1)
        if shared and not words_of(other) & ID_WORDS:
            sniffed.notes.append(
                f"{len(shared):,} text(s) of {name!r} stand beside several of {other!r} (such as"
                f" {show_texts(shared)}), and count as one item each: where they are different"
                f" ones, answer `item_id=all_of:{other},{name}`"
            )
            return


def note_first_of_lists(sniffed: Sniffed, names: Sequence[object]) -> None:
    """Say which of some columns name the first one of a list, which holds no more in these
    records.
    """
    for name in names:
        path = name.rpartition(".0.")[0] if isinstance(name, str) else ""
        if path and name not in sniffed.said.values():
            sniffed.notes.append(
                f"{path!r} holds one object in these records: where others hold more, {name!r}"
                f" names the first one only; `--set explode={path}` makes each a record"
            )
            return


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


def complements(sniffed: Sniffed, free: Sequence[str]) -> list[dict[str, list[str]]]:
    """Pairs of columns of one name (`movie.title`, `show.title`), of which each record has one."""
    called = {name: name.rsplit(".", 1)[-1] for name in free if "." in name}
    pairs = [
        (name, other)
        for name, other in combinations(called, 2)
        if called[name] == called[other] and by_name([called[name]], ROLES["item_id"])
    ]
    return [{"first_of": [*pair]} for pair in pairs if _fill_each_other(sniffed, pair)]


def whole_title(sniffed: Sniffed, candidates: Sequence[str]) -> str:
    """The first of some columns of items; the title, where the first is a part of some items only
    (`Episode` beside `Title`).
    """
    first = candidates[0]
    is_partial = any(not text.strip() for text in sniffed.values[first])
    if first in sniffed.said.values() or not is_partial or "id" in words_of(first):
        return first
    whole = (name for name in candidates if all(text.strip() for text in sniffed.values[name]))
    return next((name for name in by_name([*whole], TITLES)), first)


def _fill_each_other(sniffed: Sniffed, pair: tuple[str, str]) -> bool:
    records = zip(*(sniffed.values[name] for name in pair), strict=True)
    return all(bool(one.strip()) != bool(other.strip()) for one, other in records)


def sniff_items(sniffed: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> bool:
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
