"""Which column of a file is what: by names that people give such columns, and by how the values are
written.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts
from ntg_assets.sources.sniffing.value_kinds import (
    LARGEST,
    is_between,
    number_settings,
    time_settings,
)

ROLES: dict[str, tuple[str, ...]] = {
    "event_at": (
        "event_at", "timestamp", "ts", "event_time", "eventtime", "time", "datetime", "date_time",
        "start_time", "starttime", "endtime", "end_time", "started_at", "played_at", "watched_at",
        "watched_date", "watch_date", "created_at", "utc_time", "date", "day", "datum", "zeitpunkt",
        "zeit", "uhrzeit", "gesehen_am", "gekauft_am", "bestellt_am", "occurred_at", "happened_at",
        "listened_at", "uts", "fecha", "data", "horodatage", "order_date", "bestelldatum",
    ),
    "user_id": (
        "user_id", "userid", "user", "username", "user_name", "uid", "member", "member_id",
        "account", "account_id", "customer", "customer_id", "profile", "profile_name", "subscriber",
        "subscriber_id", "viewer", "viewer_id", "visitor_id", "household", "household_id",
        "kunde", "kunden_id", "kundennummer", "kunden_nr", "kundennr", "nutzer", "nutzer_id",
        "benutzer", "person_id", "identifiant", "utilisateur", "client", "client_id", "usuario",
        "cliente", "utente", "listener", "reader", "player_id", "fan_id", "subscriber_key",
    ),
    "item_id": (
        "item_id", "itemid", "item", "movieid", "movie_id", "movie", "title_id", "titleid",
        "content_id", "contentid", "product_id", "productid", "product", "track_id", "track",
        "trackname", "track_name", "song", "song_id", "video_id", "video", "video_title", "episode",
        "show_id", "show", "film", "film_id", "book_id", "book", "asset_id", "sku", "artikel",
        "artikel_id", "artikelnummer", "sendung", "titel_id", "titel", "title", "name",
        "master_metadata_track_name", "artikelnr", "artikel_nr", "titre", "titulo", "titolo",
        "product_name", "song_name", "video_name", "asin", "isbn", "track_title", "titleurl",
        "title_url", "spotify_track_uri",
    ),
    "value": (
        "value", "rating", "stars", "score", "amount", "price", "revenue", "duration", "minutes",
        "seconds", "ms_played", "msplayed", "watch_time", "play_time", "length", "quantity",
        "betrag", "preis", "wert", "bewertung", "dauer", "minuten", "montant",
        "duree", "importe", "my_rating", "your_rating",
    ),
    "event_type": (
        "event_type", "eventtype", "event", "action", "type", "page", "aktion", "ereignis",
    ),
}  # fmt: skip
ITEM_ROLES = {
    "categories": ("categories", "category", "genres", "genre", "kategorien", "kategorie")
}
TITLES = ("title", "titel", "name", "item_name", "product_name")
# words in a name that say what it is, and those that say that it is something else
TIME_WORDS = frozenset(
    {"date", "time", "timestamp", "datetime", "datum", "zeit", "zeitpunkt", "fecha", "when", "at"}
)
OTHER_TIMES = frozenset(
    {"release", "released", "birth", "birthday", "published", "publication", "updated", "zone",
     "runtime", "duration", "total", "expires", "expiry", "end"}
)  # fmt: skip
CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s*[APap][Mm])?\s*")
HAS_CLOCK = re.compile(r"\d:\d|%[HIM]")
NULL_WORDS = frozenset(
    {"null", "\\n", "nan", "none", "n/a", "na", "#n/a", "<na>", "nil", "nat", "-", "--", "?"}
)
ID = re.compile(r"0|[1-9]\d{0,17}")
SHOWN = 20
FLOAT_ID, IN_POWERS = re.compile(r"(0|[1-9]\d{0,15})\.0+"), re.compile(r"\d([.,]\d+)?[eE]\+\d+")
CONSTANT_USER = {"constant": "me"}


def sniff_roles(found: Sniffed) -> None:
    """Say which column is what."""
    texts = {
        name: [text for text in values if text.strip() and text.strip().lower() not in NULL_WORDS]
        for name, values in found.values.items()
    }
    free = [name for name in found.columns if texts.get(name)]
    has_names = "columns" not in found.settings
    _sniff_time(found, free, texts, has_names=has_names)
    if "event_at" not in found.settings and "event_at" not in found.open and has_names:
        found.is_items = _sniff_items(found, free, texts)
        if found.is_items:
            return
    for role in ("user_id", "item_id", "value", "event_type"):
        _sniff_role(found, role, free, texts, has_names=has_names)
    for role in ("user_id", "item_id"):
        if role in found.settings:
            _sniff_id_type(found, role, texts[found.settings[role]])
            _sniff_no_one(found, role)


def _sniff_role(
    found: Sniffed,
    role: str,
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    has_names: bool,
) -> None:
    """Take the column that is called like a role; without one a needed role stays open."""
    candidates = by_name(free, ROLES[role]) if has_names else []
    if role == "value":
        candidates = [name for name in candidates if number_settings(texts[name]) is not None]
    if role == "value" and has_names and not candidates and by_name(free, ROLES[role]):
        name = by_name(free, ROLES[role])[0]
        found.notes.append(
            f"{name!r} is called like a value, but not all of it is numbers"
            f" ({_shown_others(texts[name])}): events have value 1"
        )
    if not candidates:
        if role in {"user_id", "item_id"}:
            found.open[role] = [CONSTANT_USER, *free] if role == "user_id" else list(free)
        return
    name = candidates[0]
    free.remove(name)
    found.take(role, name, f"by its name; values such as {show_texts(texts[name])}")
    if role == "value":
        for key, value, why in number_settings(texts[name]) or ():
            found.take(key, value, why)
        _sniff_null_words(found, name)
        if any(not text.strip() for text in found.values[name]) or "null_words" in found.settings:
            found.open["value_if_empty"] = ["quarantine", "null", "a number"]


def _shown_others(texts: Sequence[str]) -> str:
    """The first texts that are no number."""
    others = [text for text in texts if not is_between(text, -LARGEST, LARGEST)]
    return f"such as {show_texts(others)}" if others else "written in several ways"


def by_name(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Columns that are called like a role, the most usual name first; those whose name in a nested
    record is such a one come last, where there is but one of that name.
    """
    folded = {name: _folded(name) for name in columns}
    whole = [name for word in known for name, one in folded.items() if one == word]
    last = {name: _folded(name.rsplit(".", 1)[-1]) for name in columns if "." in name.strip(".")}
    nested = [
        name
        for word in known
        for name, one in last.items()
        if one == word and list(last.values()).count(word) == 1 and name not in whole
    ]
    return [*whole, *nested]


def _folded(name: str) -> str:
    """A name in lower case without accents, its words divided by `_`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lower()


def _words(name: str) -> set[str]:
    divided = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rsplit(".", 1)[-1])
    return set(_folded(divided).split("_"))


def _sniff_null_words(found: Sniffed, name: str) -> None:
    """Propose the words for "empty" that stand among the numbers or times of a column."""
    words = {text.strip() for text in found.values[name] if text.strip().lower() in NULL_WORDS}
    if words:
        known = set(found.settings.get("null_words", [])) | words
        found.take("null_words", sorted(known), f"among the values of {name!r}")


def _sniff_no_one(found: Sniffed, role: str) -> None:
    """Ask about the words for "none" among ids: each would be a user or an item of its own."""
    values = found.values[found.settings[role]]
    words = {text.strip() for text in values if text.strip().lower() in NULL_WORDS}
    if words:
        found.open["no_user" if role == "user_id" else "no_item"] = [sorted(words)]


def _sniff_time(
    found: Sniffed, free: list[str], texts: Mapping[str, list[str]], *, has_names: bool
) -> None:
    named = by_name(free, ROLES["event_at"])
    alike = [
        name
        for name in free
        if name not in named and _words(name) & TIME_WORDS and not _words(name) & OTHER_TIMES
    ]
    others = [
        name
        for name in free
        if name not in {*named, *alike} and not (has_names and _words(name) & OTHER_TIMES)
    ]
    for name in [*named, *alike, *others]:
        is_named = name in named or name in alike
        if all(CLOCK.fullmatch(text) for text in texts[name]):
            continue  # a time of day is no time
        read = time_settings(texts[name], is_named=is_named, has_names=has_names)
        if read is None:
            continue
        settings, why, choices = read
        found.take("event_at", name, f"{'by its name and ' if is_named else ''}its values: {why}")
        for key, value in settings.items():
            found.take(key, value, why)
        if choices:
            found.open["timestamp_format"] = choices
        free.remove(name)
        _sniff_null_words(found, name)
        _tell_gaps(found, name)
        _tell_clock_apart(found, name, texts)
        return
    if named:
        found.open["timestamp_format"] = [f"the format of {show_texts(texts[named[0]])}"]
        found.take("event_at", named[0], "by its name; its values are in no format known here")
        free.remove(named[0])


def _tell_gaps(found: Sniffed, name: str) -> None:
    """Ask what records without a time are."""
    n_empty = sum(not text.strip() for text in found.values[name])
    if n_empty:
        found.open["skip_when_empty"] = [[name]]
        found.notes.append(
            f"{n_empty:,} of {len(found.values[name]):,} records have no {name!r}: where these are"
            " no events, set `skip_when_empty`"
        )


def _tell_clock_apart(found: Sniffed, name: str, texts: Mapping[str, list[str]]) -> None:
    """Say that the time of day stands in a column of its own, which is not read."""
    if any(HAS_CLOCK.search(text) for text in texts[name][:SHOWN]):
        return
    for other, values in texts.items():
        if other != name and values and all(CLOCK.fullmatch(text) for text in values):
            found.notes.append(
                f"{name!r} holds days, {other!r} times of day: events are read as days. Deliver one"
                " column of both where the hour matters"
            )


def _sniff_id_type(found: Sniffed, role: str, texts: Sequence[str]) -> None:
    if texts and all(ID.fullmatch(text) for text in texts):
        found.take(f"{role}_type", "integer", "whole numbers without zeros before them")
    elif texts and all(FLOAT_ID.fullmatch(text) for text in texts):
        found.take(f"{role}_type", "integer", f"whole numbers as a library wrote them: {texts[0]}")
    elif cut := [text for text in texts if IN_POWERS.fullmatch(text.strip())]:
        found.notes.append(
            f"{len(cut):,} ids of {found.settings[role]!r} are in powers of ten ({cut[0]!r}): a"
            " spreadsheet has cut their digits, and different ids look alike. Export them as text"
        )


def _sniff_items(found: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> bool:
    """Take a file without times for an item table, where it has ids and titles."""
    ids = [
        name
        for name in by_name(free, ROLES["item_id"])
        if len(set(texts[name])) == len(found.values[name])
    ]
    titles = [name for name in by_name(free, TITLES) if name not in ids[:1]]
    if not ids or by_name(free, ROLES["user_id"]):
        return False
    found.take(
        "item_id", ids[0], f"by its name, and different in each record: {show_texts(texts[ids[0]])}"
    )
    if titles:
        found.take(
            "title", titles[0], f"by its name; values such as {show_texts(texts[titles[0]])}"
        )
    for name in by_name(free, ITEM_ROLES["categories"])[:1]:
        found.take("categories", name, f"by its name; values such as {show_texts(texts[name])}")
        if any(text.lstrip().startswith("[") for text in texts[name]):
            found.take("categories_format", "json", "values in brackets")
            continue
        separators = [sign for sign in "|;," if any(sign in text for text in texts[name])]
        if separators and separators[0] != "|":
            found.take("category_separator", separators[0], f"such as {show_texts(texts[name])}")
    return True
