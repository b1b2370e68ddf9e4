"""Names that people give to columns of each role, and the words that such names hold."""

from typing import NamedTuple

from ntg_assets.sources.sniffing.roles.role_names_abroad import names_abroad

# what is watched, heard, read or bought, the smallest part first
ITEM_NOUNS = (
    "item", "episode", "track", "song", "video", "movie", "film", "book", "audiobook", "article",
    "product", "title", "content", "asset", "media", "game", "recipe", "course", "lesson",
    "program", "programme", "podcast", "show", "tv_show", "series",
)  # fmt: skip
ITEM_ENDS = ("id", "uri", "key", "code", "name", "title")
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
