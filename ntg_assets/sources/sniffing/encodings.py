"""In which encoding a text is written, by its bytes."""

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import (
    BYTE_ORDER_MARKS,
    HEAD_BYTES,
)
from ntg_assets.sources.sniffing.sniffed import SAMPLE_BYTES

CONTROL_SHARE = 0.02  # of the characters; a stray one is told by the reader
TWO_ENCODINGS = 10  # bytes of another encoding that look like UTF-8 by chance are fewer
LATIN_ONLY = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that cp1252 does not have


def refuse_no_text(text: str, *, name: str) -> None:
    """Raise when what was decoded is mostly no text."""
    n_control = sum(
        not (sign.isprintable() or sign in "\t\r\n\x01\ufeff") for sign in text[:HEAD_BYTES]
    )
    if n_control > CONTROL_SHARE * len(text[:HEAD_BYTES]):
        raise SourceError(
            f"{name}: is no text in an encoding that is known here ({n_control:,} of its first"
            f" {len(text[:HEAD_BYTES]):,} characters are control characters). Is it a binary file,"
            " or EBCDIC (`encoding: cp500`)? Deliver text, or set `encoding`."
        )


def encoding_of(head: bytes, *, name: str) -> str:
    """Find the encoding that the first bytes of a text fit."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding.lower()
    first, second = head[:HEAD_BYTES:2], head[1:HEAD_BYTES:2]
    if second.count(0) > len(second) / 2 and not first.count(0):
        return "utf-16-le"
    if first.count(0) > len(first) / 2 and not second.count(0):
        return "utf-16-be"
    try:
        head[: -4 if len(head) == SAMPLE_BYTES else None].decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_two_encodings(head, error.start, name=name)
        return "latin-1" if LATIN_ONLY.intersection(head) else "cp1252"
    return "utf-8"


def _refuse_two_encodings(head: bytes, place: int, *, name: str) -> None:
    """Raise when some of a text is UTF-8 and some is not."""
    text = head.decode("utf-8", "surrogateescape")
    n_others = sum("\udc80" <= sign <= "\udcff" for sign in text)
    n_known = sum(sign > "\x7f" for sign in text) - n_others
    if n_known * TWO_ENCODINGS > n_others:
        line = head.count(b"\n", 0, place) + 1
        raise SourceError(
            f"{name}: is written in two encodings: {n_known:,} characters are UTF-8, {n_others:,}"
            f" bytes are not (first in line {line}). Deliver the file in one."
        )
