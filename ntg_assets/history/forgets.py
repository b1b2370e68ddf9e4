"""Who was forgotten: keyed hashes of their ids, by which later loads leave them out.

The key lies beside the history, not in it: whoever has one of the two alone can name nobody.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from ntg_assets.errors import StorageError
from ntg_assets.history.records import append_record, read_records
from ntg_assets.storage.files import write_whole

FORGETS, KEY = "forgets", "forget.key"
# in place of a text that may name a person who was forgotten
REDACTED = "(removed by ntg forget: it may name a person)"
REASON = "the user was forgotten (ntg forget)"
KEY_BYTES, KEY_NAME_DIGITS = 32, 16
OWNER_ONLY = 0o600
IdType = Literal["integer", "string"]


class Forget(BaseModel):
    """One request to forget, or what came of one.

    Attributes:
        at: When it was asked (naive UTC).
        key: Name of the key that the hashes are made with.
        hashes: HMAC-SHA256 of each id.
        landed: Files below the workspace that were removed since they may name them, relative to
            it.
    """

    at: datetime
    key: str
    hashes: list[str]
    landed: list[str] = []


@dataclass(frozen=True)
class Forgotten:
    """Everybody who was forgotten, recognised by the id in whatever way a file writes it."""

    key: bytes
    hashes: frozenset[str]
    id_type: IdType

    def of(self, texts: Iterable[str]) -> list[str]:
        """Return those of some texts that are ids of people who were forgotten."""
        return [text for text in texts if hash_id(self.key, text, self.id_type) in self.hashes]


def hash_id(key: bytes, text: str, id_type: IdType) -> str:
    """Hash an id so that only who holds the key can tell whose it is (RFC 2104, HMAC-SHA256)."""
    return hmac.new(key, canonical_id(text, id_type).encode(), hashlib.sha256).hexdigest()


def canonical_id(text: str, id_type: IdType) -> str:
    """Write an id in one way: without spaces around it, a whole number without zeros before it."""
    trimmed = text.strip()
    if id_type == "integer":
        try:
            return str(int(trimmed))
        except ValueError:
            return trimmed
    return trimmed


def record_forget(data: Path, forget: Forget) -> None:
    """Append a request, before anything is changed for it.

    Args:
        data: Folder `data` of the workspace.
        forget: The request.
    """
    append_record(data / "history" / FORGETS, forget, name=forget.at.date().isoformat())


def read_forgets(data: Path) -> list[Forget]:
    """Read all requests, oldest first.

    Raises:
        StorageError: a record is damaged.
    """
    return read_records(data / "history" / FORGETS, Forget)


def read_forgotten(data: Path, *, id_type: IdType) -> Forgotten | None:
    """Return everybody who was forgotten; None where nobody was.

    Raises:
        StorageError: the key is not the one that they were written down with: nobody would be
            recognised.
    """
    forgets = read_forgets(data)
    if not forgets:
        return None
    key = _read_key(data / KEY)
    if key is None or {forget.key for forget in forgets} != {name_of(key)}:
        state = "is gone" if key is None else "is another one"
        raise StorageError(
            f"data/{KEY} {state}, so the people of {len(forgets)} record(s) in"
            f" data/history/{FORGETS} would come back with this load."
            " Restore it from a backup; where there is none, move the records away and call"
            " `ntg forget` again for each person."
        )
    hashes = frozenset(hashed for forget in forgets for hashed in forget.hashes)
    return Forgotten(key, hashes, id_type)


def make_key(data: Path) -> bytes:
    """Return the key of this workspace, made at the first request; only its owner may read it."""
    file = data / KEY
    if (key := _read_key(file)) is not None:
        return key
    key = secrets.token_bytes(KEY_BYTES)
    write_whole(file, lambda part: _write_secret(part, key.hex() + "\n"))
    return key


def _write_secret(part: Path, text: str) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as written:
        written.write(text)


def name_of(key: bytes) -> str:
    """Name a key without telling it."""
    return hmac.new(key, b"name of the key", hashlib.sha256).hexdigest()[:KEY_NAME_DIGITS]


def told_by_a_forget(data: Path, file: Path) -> str:
    """Say that a file is gone because somebody was forgotten; nothing where that is not so."""
    for forget in reversed(read_forgets(data)):
        if any((data.parent / landed).resolve() == file.resolve() for landed in forget.landed):
            return f"the log was changed by a forget on {forget.at.date().isoformat()}"
    return ""


def _read_key(file: Path) -> bytes | None:
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StorageError(
            f"data/{KEY} cannot be read ({error}). Restore it from a backup."
        ) from None
    if len(key) != KEY_BYTES:
        raise StorageError(
            f"data/{KEY} holds {len(key)} bytes in place of {KEY_BYTES}. Restore it from a backup;"
            " where data/history/forgets is empty, delete it."
        )
    return key
