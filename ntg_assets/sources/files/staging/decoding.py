"""The text of a file in any encoding, chunk by chunk, and its lines."""

import codecs
from collections.abc import Iterator
from typing import IO

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.text_bytes import NATIVE

CHUNK_CHARACTERS = 4 << 20


def decoded(opened: IO[bytes], encoding: str, *, name: str) -> Iterator[str]:
    """Text, chunk by chunk."""
    decoder = codecs.getincrementaldecoder("utf-8" if encoding in NATIVE else encoding)()
    n_lines = 0
    for chunk in (*iter(lambda: opened.read(CHUNK_CHARACTERS), b""), b""):
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeError as error:
            line = n_lines + 1
            if isinstance(error, UnicodeDecodeError):
                line += error.object[: error.start].count(b"\n")
            if not chunk:
                raise SourceError(
                    f"{name}: line {line}, the last one, ends in the middle of a character"
                    f" ({encoding}). Was its copy interrupted? Deliver it again, or correct"
                    " `encoding`."
                ) from None
            raise SourceError(
                f"{name}: line {line} is not {encoding} ({error.__class__.__name__}). Set"
                " `encoding` to what the file is written in: utf-8, cp1252, latin-1, utf-16."
            ) from None
        n_lines += text.count("\n")
        yield text


def lines_of(chunks: Iterator[str]) -> Iterator[str]:
    """Lines with their ends."""
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n")
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest
