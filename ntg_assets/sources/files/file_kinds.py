"""What a file is by its first bytes, whatever its name says: what nobody could load is named before
a reader guesses at it.
"""

import codecs
import json
import re
from pathlib import Path
from typing import Literal

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.packing import Packing, open_unpacked, unpacking
from ntg_assets.sources.files.text_bytes import NATIVE

Format = Literal["csv", "json", "parquet"]
TEXT_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
SUFFIXES: dict[str, Format] = {
    **{
        f"{suffix}{packing}": format_
        for suffix, format_ in TEXT_SUFFIXES.items()
        for packing in ("", ".gz", ".zst")
    },
    ".parquet": "parquet",
}
FORMATS: dict[str, Format] = {"csv": "csv", "json": "json", "ndjson": "json", "parquet": "parquet"}
HEAD_BYTES = 4096  # enough for the first line of a log
PARQUET = b"PAR1"
ENDS: dict[Packing, str] = {"gzip": ".gz", "zstd": ".zst"}
KNOWN_PARQUET = {"parquet", None}
SEQUENCE = b"\x1e"  # before each text of a JSON sequence (RFC 7464)


def format_of(path: Path, *, name: str, source: FileSource) -> Format:
    """Tell how a file must be read: by the configuration,
    else by its first bytes where they are certain, else by its name; other text is CSV.

    Raises:
        SourceError: the bytes contradict the configuration.
    """
    is_parquet = is_whole_parquet(path)
    if source.format in {"csv", "json", "ndjson"} and is_parquet:
        raise SourceError(
            f"{name}: is a Parquet file, but `format: {source.format}` is set. Set `format:"
            " parquet`, or leave it out."
        )
    if stated := FORMATS.get(source.format):
        return stated
    if is_parquet or named_format(path) == "parquet":
        return "parquet"
    with unpacking(name), open_unpacked(path) as opened:
        head = opened.read(HEAD_BYTES)
    return "json" if json_kind(head_text(head, source.encoding)) else "csv"


def named_format(path: Path) -> Format | None:
    """Format that a file's name promises."""
    lower = path.name.lower()
    fitting = (format_ for suffix, format_ in SUFFIXES.items() if lower.endswith(suffix))
    return next(fitting, None)


def head_text(head: bytes, encoding: str) -> bytes:
    """First bytes as UTF-8, whatever encoding is configured."""
    if encoding in NATIVE:
        return head.removeprefix(b"\xef\xbb\xbf").lstrip()
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return text.removeprefix("\ufeff").lstrip().encode()


def describe_misnamed(path: Path, *, format_: Format, packing: Packing) -> str | None:
    """Say where a file's bytes are not what its name promises (they are read as what they are)."""
    lower, named = path.name.lower(), named_format(path)
    if format_ == "parquet":
        return "is Parquet by its first bytes, read as such" if named not in KNOWN_PARQUET else None
    if packing != "none" and not lower.endswith(ENDS[packing]):
        return f"is {packing} by its first bytes, unpacked"
    for other, end in ENDS.items():
        if lower.endswith(end) and packing != other:
            return f"is not {other}, read as plain text" if packing == "none" else None
    if format_ == "json" and named == "csv":
        return "is JSON by its first bytes, read as such"
    return None


def is_whole_parquet(path: Path) -> bool:
    """Whether a file begins and ends like a Parquet file."""
    with path.open("rb") as opened:
        n = len(PARQUET)
        if opened.read(n) != PARQUET or opened.seek(0, 2) <= 2 * n:
            return False
        opened.seek(-n, 2)
        return opened.read() == PARQUET


def json_kind(text: bytes) -> Literal["json", "ndjson"] | None:
    """Tell the kind of JSON that a text begins with: a document (or several, one behind the other),
    or one object a line; none where its first line is a header in brackets or braces.
    """
    first = text.split(b"\n", 1)[0].strip()
    if text.startswith(SEQUENCE) or (first.startswith(b"{") and _is_followed(first)):
        return "json"
    if first.startswith(b"["):
        is_array = first == b"[" or re.match(rb"\[\s*([{\[\]]|$)", first) or _is_json(first)
        return "json" if is_array else None
    if not first.startswith(b"{"):
        return None
    if _is_json(first):
        return "ndjson"
    if first == b"{" or re.match(rb'\{\s*"', first):
        # a line longer than what was read is a record, a line that ends is the start of a document
        return "ndjson" if len(text) == len(first) >= HEAD_BYTES // 2 else "json"
    return None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _is_followed(line: bytes) -> bool:
    """Whether a line begins with one whole object behind which another one begins."""
    text = line.decode("utf-8", "ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip()[:1] in {"{", ","}
