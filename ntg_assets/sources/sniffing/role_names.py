"""Names that people give to columns, and which columns of a file bear them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

# what is watched, heard, read or bought, the smallest part first
ITEM_NOUNS = (
    "item", "episode", "track", "song", "video", "movie", "film", "book", "audiobook", "article",
    "product", "title", "content", "asset", "media", "game", "recipe", "course", "lesson",
    "program", "programme", "podcast", "show", "tv_show", "series",
)  # fmt: skip
ITEM_ENDS = ("id", "uri", "key", "code", "name", "title")
ROLES: dict[str, tuple[str, ...]] = {
    "event_at": (
        "event_at", "timestamp", "ts", "event_time", "eventtime", "time", "datetime", "date_time",
        "start_time", "starttime", "endtime", "end_time", "started_at", "played_at", "watched_at",
        "watched_date", "watch_date", "created_at", "created", "uts", "utc_time", "date", "day",
        "datum",
        "zeitpunkt", "zeit", "uhrzeit", "gesehen_am", "gekauft_am", "bestellt_am", "occurred_at",
        "happened_at", "startdate", "start_date", "date_played", "lastplayed", "listened_at",
        "last_played", "rtime_last_played", "start", "begin", "fecha",
        "data", "horodatage", "order_date", "bestelldatum",
        "日時", "視聴日時", "再生日時", "購入日時", "購入日", "注文日", "日付", "タイムスタンプ",
    ),
    "user_id": (
        "user_id", "userid", "user", "username", "user_name", "uid", "member", "member_id",
        "account", "account_id", "customer", "customer_id", "profile", "profile_name", "subscriber",
        "subscriber_id", "viewer", "viewer_id", "visitor_id", "household", "household_id",
        "kunde", "kunden_id", "kundennummer", "kunden_nr", "kundennr", "nutzer", "nutzer_id",
        "benutzer", "person_id", "identifiant", "utilisateur", "client", "client_id", "usuario",
        "cliente", "utente", "listener", "reader", "player_id", "fan_id", "subscriber_key",
        "profilname", "profil", "distinct_id", "user_pseudo_id", "anonymous_id", "customer_email",
        "email", "login", "user_login", "actor_id", "actor_mbox", "mbox",
        "ユーザーid", "ユーザid", "ユーザー", "会員id", "会員番号", "顧客id", "顧客番号",
        "お客様番号",
    ),
    "item_id": (
        "item_id", "itemid", "item", "movieid", "movie_id", "movie", "title_id", "titleid",
        "content_id", "contentid", "product_id", "productid", "product", "track_id", "track",
        "trackname", "track_name", "song", "song_id", "video_id", "video", "video_title", "episode",
        "show_id", "show", "lineitem_sku", "lineitem_name", "film", "film_id", "book_id", "book",
        "asset_id", "sku", "artikel",
        "artikel_id", "artikelnummer", "sendung", "titel_id", "titel", "title", "name",
        "master_metadata_track_name", "artikelnr", "artikel_nr", "titre", "titulo", "titolo",
        "product_name", "song_name", "video_name", "asin", "isbn", "track_title", "titleurl",
        "title_url", "spotify_track_uri", "track_identifier", "track_description", "作品id",
        "商品id", "商品番号", "商品コード", "コンテンツid", "番組id",
        "曲id", "作品", "商品", "番組", "曲名", "商品名", "作品名", "タイトル",
        "const", "tconst", "rating_key", "full_title", "aid", "object_id",
        *(f"{noun}_{end}" for end in ITEM_ENDS for noun in ITEM_NOUNS),
    ),
    "value": (
        "value", "rating", "stars", "score", "amount", "price", "revenue", "duration", "minutes",
        "seconds", "ms_played", "msplayed", "watch_time", "play_time", "length", "quantity",
        "betrag", "preis", "wert", "bewertung", "dauer", "minuten", "montant",
        "duree", "importe", "my_rating", "your_rating", "seconds_viewed", "seconds_watched",
        "minutes_watched", "minutes_viewed", "minutes_logged", "listening_time", "dauer_sek",
        "total_reading_milliseconds", "lineitem_price", "watch_duration", "play_duration",
        "playduration", "total_reading_millis", "event_duration_milliseconds",
        "play_duration_milliseconds", "金額", "価格", "評価", "視聴時間",
        "再生時間",
    ),
    "event_type": (
        "event_type", "eventtype", "event", "action", "type", "page", "aktion", "ereignis",
    ),
}  # fmt: skip
CORE_DATA = re.compile(r"^Z(?=[A-Z_]{3,}$)")  # before the names of columns of Apple's programs
# whose names are not those of items
PEOPLE = frozenset(
    {"user", "actor", "customer", "member", "person", "profile", "account", "viewer", "author",
     "artist", "creator", "owner", "channel", "album"}
)  # fmt: skip
SESSIONS = ("session_id", "session", "visit_id", "sid", "device_id", "cookie_id", "cookie")
VOICED = "\u3099\u309a"  # marks that make another sound of a Japanese sign


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
    # `userId.$numberLong` is how MongoDB writes `userId`
    bare = {name: re.sub(r"(\.\$\w+)+$", "", name) for name in columns}
    spelt = {name: _spellings(bare[name]) for name in columns}
    whole = [name for word in words for name, spellings in spelt.items() if word in spellings]
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
    return list(dict.fromkeys((_folded(plain), _folded(_divided(plain)))))


def _divided(name: str) -> str:
    """A name with `_` before the capitals that begin its words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def _folded(name: str) -> str:
    """A name in lower case without accents, its words divided by `_`."""
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign in VOICED)
    return re.sub(r"\W+|_+", "_", unicodedata.normalize("NFKC", plain)).strip("_").lower()


def is_of_item(name: str, lists: Sequence[str] = ()) -> bool:
    """Whether a value belongs to what was watched (`track.user.id`, `movie.rating`), not to the
    event.

    Args:
        name: Dotted.
        lists: Exploded lists, whose own names say nothing of their elements.
    """
    return any(part in ITEM_NOUNS for part in _objects_around(name, lists))


def is_of_person(name: str, lists: Sequence[str] = ()) -> bool:
    """Whether a value belongs to a person (`actor.name`); see `is_of_item`."""
    return any(part in PEOPLE for part in _objects_around(name, lists))


def _objects_around(name: str, lists: Sequence[str]) -> list[str]:
    path = next((path for path in lists if name.startswith(f"{path}.")), "")
    return [_folded(_divided(part)) for part in name.removeprefix(f"{path}.").split(".")[:-1]]


def words_of(name: str) -> set[str]:
    """Split the name of a column into its words, in lower case."""
    return set(_folded(_divided(name.rsplit(".", 1)[-1])).split("_"))
