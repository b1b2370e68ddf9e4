"""Names that people give to columns, and which columns of a file bear them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ntg_assets.sources.sniffing.roles.role_names_abroad import folded, names_abroad

# what is watched, heard, read or bought, the smallest part first
ITEM_NOUNS = (
    "item", "episode", "track", "song", "video", "movie", "film", "book", "audiobook", "article",
    "product", "title", "content", "asset", "media", "game", "recipe", "course", "lesson",
    "program", "programme", "podcast", "show", "tv_show", "series",
)  # fmt: skip
ITEM_ENDS = ("id", "uri", "key", "code", "name", "title")
# how stores write the type of `userId` behind it: MongoDB, DynamoDB, Avro, Firestore
TYPED = re.compile(
    r"(\.(\$\w+|S|N|BOOL|string|long|int|double|float|(string|integer|double|timestamp)Value))+$"
)
PLACES = (
    "url",
    "link",
    "href",
    "permalink",
    "page_url",
    "page_location",
    "cs_uri_stem",
    "request_uri",
)
ROLES: dict[str, tuple[str, ...]] = {
    "event_at": (
        "event_at", "timestamp", "ts", "event_time", "event_date", "eventtime", "time",
        "datetime", "date_time", "start_time", "starttime", "endtime", "end_time", "started_at",
        "played_at", "watched_at", "watched_date", "watch_date", "created_at", "created", "uts",
        "utc_time", "date", "day",
        "datum", "gesehen_am", "gekauft_am", "bestellt_am", "occurred_at", "happened_at",
        "startdate", "start_date", "date_played", "lastplayed", "listened_at", "last_played",
        "rtime_last_played", "start", "begin", "order_date", *names_abroad("event_at"),
        "watched_on", "viewed_at", "viewed_on", "date_watched", "date_read", "date_rated",
        "purchased_at", "purchase_date", "transaction_date", "invoice_date", "entry_date",
    ),
    "user_id": (
        "user_id", "userid", "user", "username", "user_name", "uid", "member", "member_id",
        "account", "account_id", "customer", "customer_id", "profile", "profile_name", "subscriber",
        "subscriber_id", "viewer", "viewer_id", "visitor_id", "profile_id", "household",
        "household_id",
        "person_id", "identifiant", "client", "client_id", "listener", "reader", "player_id",
        "fan_id", "subscriber_key", "distinct_id", "user_pseudo_id", "anonymous_id", "buyer",
        "shopper", *names_abroad("user_id"), "customer_email",
        "email", "login", "user_login", "actor_id", "actor_mbox", "mbox", "cs_username",
        "remote_user",
    ),
    "item_id": (
        "item_id", "itemid", "item", "movieid", "movie_id", "movie", "title_id", "titleid",
        "content_id", "contentid", "product_id", "productid", "product", "track_id", "track",
        "trackname", "track_name", "song", "song_id", "video_id", "video", "video_title", "episode",
        "show_id", "show", "lineitem_sku", "lineitem_name", "film", "film_id", "book_id", "book",
        "asset_id", "sku", "sku_id", "item_number", "item_no", "product_number",
        "product_no", "product_identifier", "article_number", "article_no", "asin",
        "const", "tconst", "title",
        "master_metadata_track_name", "product_name", "song_name", "video_name", "isbn",
        "track_title", "titleurl", "title_url", "spotify_track_uri", "track_identifier",
        "track_description", "rating_key", "full_title", "aid", "object_id",
        *(f"{noun}_{end}" for end in ITEM_ENDS for noun in ITEM_NOUNS),
        *names_abroad("item_id"), "name",
    ),
    "value": (
        "value", "rating", "stars", "score", "amount", "price", "revenue", "duration", "minutes",
        "seconds", "ms_played", "msplayed", "watch_time", "play_time", "playtime", "length",
        "my_rating", "your_rating", "seconds_viewed", "seconds_watched",
        "minutes_watched", "minutes_viewed", "minutes_logged", "listening_time", "dauer_sek",
        "total_reading_milliseconds", "lineitem_price", "watch_duration", "play_duration",
        "playduration", "total_reading_millis", "event_duration_milliseconds",
        "play_duration_milliseconds", "unit_price", "item_price", "item_cost", "sold_for", "gross",
        "gross_sales", "net", *names_abroad("value"), "quantity",
    ),
    "event_type": (
        "event_type", "eventtype", "event", "event_name", "action", "type", "page", "aktion",
        "ereignis",
    ),
}  # fmt: skip
BRACKETS = re.compile(r"(?<=\S)\s*[(\[][^()\[\]]*[)\]]\s*$")
CORE_DATA = re.compile(r"^Z(?=[A-Z_]{3,}$)")  # before the names of columns of Apple's programs
# whose names are not those of items
PEOPLE = frozenset(
    {"user", "actor", "customer", "member", "person", "profile", "account", "viewer", "author",
     "artist", "creator", "owner", "channel", "album"}
)  # fmt: skip
# objects of a record that hold what is said of its event, by whatever name; others than these, and
# than items, have names of their own
CONTAINERS = frozenset(
    {"properties", "props", "payload", "data", "event_properties", "attributes", "params", "fields",
     "record", "body", "object", "metadata", "meta", "value", "entity", "source", "details",
     "detail", "event_data", "element", "node", "event_params"}
)  # fmt: skip
ABOUT = ("_metadata", "_meta", "_info", "_details", "_data")  # `track_metadata` is of the track
SURROUNDINGS = frozenset(
    {"context", "page", "screen", "device", "browser", "library", "campaign", "traffic_source",
     "app", "os", "geo", "referrer", "site"}
)  # fmt: skip
SESSIONS = ("session_id", "session", "visit_id", "sid", "device_id", "cookie_id", "cookie")


class RoleWords(NamedTuple):
    """Words in the name of a column that has a role.

    Attributes:
        nouns: One of these, the likeliest first.
        ends: The last word, the likeliest first; empty: any.
        others: None of these.
    """

    nouns: tuple[str, ...]
    ends: tuple[str, ...]
    others: frozenset[str]


ID_ENDS = ("id", "identifier", "uuid", "guid", "number", "no", "nr", "key", "code", "sku")
WORDS_OF_ROLES = {
    "user_id": RoleWords(
        ("user", "customer", "member", "account", "subscriber", "viewer", "buyer", "shopper",
         "visitor", "listener", "reader", "player", "guest", "patron", "student", "learner",
         "holder", "email", "mail"),
        (*ID_ENDS, "reference", "email", "mail", "address", "adresse", "username", "login", "name",
         "hash"),
        frozenset({"agent", "type", "group", "manager", "segment", "country", "role", "plan",
                   "currency", "tier", "status", "product", "transaction", "order", "invoice",
                   "session", "item", "ip", "postal", "street", "phone", "to", "seller", "merchant",
                   "empfanger", "billing", "shipping", "first", "last", "alias"}),
    ),
    "item_id": RoleWords(
        (*ITEM_NOUNS, "plan", "lineitem", "beer", "station"),
        ("id", "identifier", "uuid", "guid", "key", "code", "sku", "slug", "isbn", "handle",
         "name", "title"),
        frozenset({"group", "type", "order", "user", "customer", "account", "author", "artist",
                   "parent", "category", "count", "max", "page", "model", "legacy"}),
    ),
    "value": RoleWords(
        ("rating", "stars", "score", "amount", "price", "gross", "revenue", "cost", "paid",
         "charged", "playtime", "duration", "seconds", "minutes", "millis", "milliseconds", "ms",
         "length"),
        (),
        frozenset({"average", "avg", "mean", "global", "imdb", "community", "critic", "public",
                   "max", "min", "number", "count", "num", "tax", "fee", "discount", "refund",
                   "refunded", "shipping", "exchange", "rate", "conversion", "currency", "code",
                   "type", "id", "start", "end", "position", "compare", "standard", "introductory",
                   "converted", "format", "index", "offset", "book", "media", "track", "song",
                   "film", "movie", "video", "episode", "runtime", "processing", "at", "date",
                   "time", "point", "age", "name", "insert", "developer", "weight", "reset"}),
    ),
}  # fmt: skip


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


def names_another(name: str, lists: Sequence[str] = ()) -> bool:
    """Whether a value that is called by a word for anything (`name`, `title`, `url`) names
    something else than an item: it belongs to an object that is none (`context.library.name`).

    Args:
        name: Dotted.
        lists: Exploded lists, whose own names say nothing of their elements.
    """
    around = _objects_around(name, lists)
    around = [part for part in around if part and not part.isdigit()]
    if not around or around[-1] in CONTAINERS or any(part in ITEM_NOUNS for part in around):
        return bool(SURROUNDINGS & {*around})
    called = folded(divided(name.rsplit(".", 1)[-1]))
    return called in {"name", *PLACES} or (called == "title" and bool(SURROUNDINGS & {*around}))


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


def is_of_item(name: str, lists: Sequence[str] = ()) -> bool:
    """Whether a value belongs to what was watched (`track.user.id`, `movie.rating`), not to the
    event.

    Args:
        name: Dotted.
        lists: Exploded lists, whose own names say nothing of their elements.
    """
    return any(
        part in ITEM_NOUNS or (part.split("_")[0] in ITEM_NOUNS and part.endswith(ABOUT))
        for part in _objects_around(name, lists)
    )


def is_of_person(name: str, lists: Sequence[str] = ()) -> bool:
    """Whether a value belongs to a person (`actor.name`); see `is_of_item`."""
    return any(part in PEOPLE for part in _objects_around(name, lists))


def _objects_around(name: str, lists: Sequence[str]) -> list[str]:
    path = next((path for path in lists if name.startswith(f"{path}.")), "")
    return [folded(divided(part)) for part in name.removeprefix(f"{path}.").split(".")[:-1]]


def words_of(name: str) -> set[str]:
    """Split the name of a column into its words, in lower case."""
    return set(folded(divided(name.rsplit(".", 1)[-1])).split("_"))
