"""Names of columns in one language, and the encodings that spreadsheets there write text in."""

from typing import NamedTuple

WESTERN = ("cp1252",)
CENTRAL = ("cp1250", "iso8859-2", "cp852")
CYRILLIC = ("cp1251", "koi8-r", "cp866")


class Names(NamedTuple):
    """Names of one language, by role; a bar between them."""

    encodings: tuple[str, ...]
    user_id: str
    item_id: str
    event_at: str
    value: str
