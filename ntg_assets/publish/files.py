"""Published files: whole or not there, and known by the hash of their bytes."""

import hashlib
from pathlib import Path

from ntg_assets.storage.files import write_text, write_whole

__all__ = ["sha256_of", "write_text", "write_whole"]

READ_BYTES = 1 << 20


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
