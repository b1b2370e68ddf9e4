"""To what a value inside of a record belongs, by the names of the objects around it: to an item, a
person, the event, or something else.
"""

from collections.abc import Sequence

from ntg_assets.sources.sniffing.roles.name_matching import divided
from ntg_assets.sources.sniffing.roles.role_names import ITEM_NOUNS, PLACES
from ntg_assets.sources.sniffing.roles.role_names_abroad import folded

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
