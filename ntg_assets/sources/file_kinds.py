"""What a file is by its first bytes, whatever its name says: what nobody could load is named before
a reader guesses at it.
"""

import json
import re
from pathlib import Path
from typing import IO, Literal

from ntg_assets.errors import SourceError

Format = Literal["csv", "parquet"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}
HEAD_BYTES = 4096  # enough for the first line of a log
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
EXCEL_MEMBERS = (b"[Content_Types].xml", b"xl/", b"_rels/")
BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
CONVERT = "Convert it to CSV or Parquet."
UNPACK = "Unpack it, and name the files inside."
BINARY_KINDS = {
    b"\xd0\xcf\x11\xe0": "is an Excel workbook. Save its sheet as CSV (UTF-8).",
    b"\x28\xb5\x2f\xfd": f"is packed with zstd. {UNPACK}",
    b"BZh": f"is packed with bzip2. {UNPACK}",
    b"\xfd7zXZ": f"is packed with xz. {UNPACK}",
    b"7z\xbc\xaf": f"is a 7z archive. {UNPACK}",
    b"SQLite format 3\0": f"is an SQLite database. {CONVERT}",
    b"ARROW1": f"is an Arrow file. {CONVERT}",
    b"Obj\x01": f"is an Avro file. {CONVERT}",
    b"ORC": f"is an ORC file. {CONVERT}",
    b"%PDF-": "is a PDF document. Name the data, not a report of them.",
}
TEXT_KINDS = (
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "is a Git LFS pointer, not the file it stands for. Run `git lfs pull`.",
    ),
    (
        rb"/?(\.git/)?annex/objects/",
        "is a git-annex pointer, not the file it stands for. Run `git annex get`.",
    ),
    (
        rb"(?i)<(!doctype html|html\b|head\b|body\b)",
        "is a web page, not data: the download failed or asked for a login. Deliver the file.",
    ),
    (
        rb"(?i)<(\?xml|error\b)",
        (
            "is XML, in which object stores write their error messages. Look at its text, and"
            " deliver the file again."
        ),
    ),
    (rb"-----BEGIN PGP", "is encrypted (PGP). Decrypt it."),
    (
        rb"(?i)sep=.\r?\n",
        "begins with a `sep=` line for Excel. Remove that line and set `delimiter`.",
    ),
)


def format_of(path: Path, *, name: str, stated: str) -> Format:
    """Tell how a file must be read: by the configuration,
    else by its first bytes where they are certain, else by its name.

    Raises:
        SourceError: the bytes contradict the configuration, or nothing says what the file is.
    """
    is_parquet = is_whole_parquet(path)
    if stated == "csv" and is_parquet:
        raise SourceError(
            f"{name}: is a Parquet file, but `format: csv` is set. Set `format: parquet`, or leave"
            " it out."
        )
    if stated in ("csv", "parquet"):
        return "csv" if stated == "csv" else "parquet"
    if is_parquet:
        return "parquet"
    named = named_format(path)
    if named is None:
        raise SourceError(
            f"{name}: its name does not say whether it is CSV or Parquet (known:"
            f" {', '.join(SUFFIXES)}). Set `format`."
        )
    return named


def named_format(path: Path) -> Format | None:
    """Format that a file's name promises."""
    return next(
        (format_ for suffix, format_ in SUFFIXES.items() if path.name.lower().endswith(suffix)),
        None,
    )


def is_packed(opened: IO[bytes]) -> bool:
    """Whether a file is gzip, by its first two bytes; the place in the file stays."""
    place = opened.tell()
    found = opened.read(len(GZIP)) == GZIP
    opened.seek(place)
    return found


def tell_misnamed(path: Path, *, format_: Format, packed: bool) -> str | None:
    """Say where a file's bytes are not what its name promises (they are read as what they are)."""
    lower = path.name.lower()
    if format_ == "parquet":
        return (
            "is Parquet by its first bytes, read as such" if named_format(path) == "csv" else None
        )
    if packed and not lower.endswith(".gz"):
        return "is gzip by its first two bytes, unpacked"
    return "is not gzip, read as plain text" if lower.endswith(".gz") and not packed else None


def refuse_other_kinds(head: bytes, *, name: str) -> None:
    """Raise when the first bytes of what should be a CSV file are those of something else.

    Args:
        head: First bytes of the (unpacked) file.
        name: The file in messages.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise SourceError(
                f"{name}: is {encoding} by its byte order mark. Convert it: `iconv -f {encoding} -t"
                " UTF-8`."
            )
    if told := _binary_kind(head) or _text_kind(head):
        raise SourceError(f"{name}: {told}")


def refuse_no_parquet(path: Path, *, name: str) -> None:
    """Raise when what should be a Parquet file does not begin like one,
    and say what it is instead.
    """
    with path.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if head.startswith(PARQUET):
        return
    if head.startswith(b"PARE"):
        raise SourceError(f"{name}: is an encrypted Parquet file. Decrypt it.")
    if head.startswith(GZIP):
        raise SourceError(f"{name}: is gzip, not Parquet (which packs its own pages). Unpack it.")
    refuse_other_kinds(head, name=name)
    if first := _first_text(head):
        raise SourceError(
            f"{name}: is text, not Parquet (first line: {first!r}). Name it .csv, or set `format:"
            " csv`."
        )


def is_whole_parquet(path: Path) -> bool:
    """Whether a file begins and ends like a Parquet file."""
    with path.open("rb") as opened:
        if opened.read(len(PARQUET)) != PARQUET or opened.seek(0, 2) <= 2 * len(PARQUET):
            return False
        opened.seek(-len(PARQUET), 2)
        return opened.read() == PARQUET


def _binary_kind(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        is_excel = any(member in head for member in EXCEL_MEMBERS)
        return BINARY_KINDS[b"\xd0\xcf\x11\xe0"] if is_excel else f"is a zip archive. {UNPACK}"
    if head.startswith(PARQUET):
        return (
            "begins like a Parquet file but does not end like one. Was its copy interrupted?"
            " Deliver it again."
        )
    return next((told for mark, told in BINARY_KINDS.items() if head.startswith(mark)), None)


def _text_kind(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, told in TEXT_KINDS:
        if re.match(pattern, text):
            return told
    return _json_kind(text)


def _json_kind(text: bytes) -> str | None:
    """Tell the kind of JSON that a text begins with;
    none where its first line is a header in brackets or braces.
    """
    first = text.split(b"\n", 1)[0].strip()
    if first.startswith(b"[") and (
        first == b"[" or re.match(rb"\[\s*[{\[]", first) or _is_json(first)
    ):
        return f"is a JSON array. {CONVERT}"
    if first.startswith(b"{"):
        # a line longer than what was read
        if _is_json(first) or (len(text) == len(first) and re.match(rb'\{\s*"', first)):
            return f"is newline-delimited JSON (one object a line). {CONVERT}"
        if first == b"{":
            return f"is a JSON document. {CONVERT}"
    return None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _first_text(head: bytes) -> str | None:
    """First line, where the bytes are text at all."""
    first = head.split(b"\n", 1)[0].rstrip(b"\r")
    try:
        return first.decode("utf-8")[:80] if first and b"\0" not in head else None
    except UnicodeDecodeError:
        return None
