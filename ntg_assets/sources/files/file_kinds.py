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
from ntg_assets.sources.files.packing import MARKS, Packing, open_unpacked, unpacking
from ntg_assets.sources.files.staging import NATIVE

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
TAR, TAR_PLACE = b"ustar", 257
ENDS: dict[Packing, str] = {"gzip": ".gz", "zstd": ".zst"}
KNOWN_PARQUET = {"parquet", None}
SEP_LINE = rb"(?i)sep="
JSON_NAMES = {"json": "a JSON document", "ndjson": "newline-delimited JSON (one object a line)"}
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
    b"BZh": f"is packed with bzip2. {UNPACK}",
    b"\xfd7zXZ": f"is packed with xz. {UNPACK}",
    b"\x1f\x8b": f"is packed twice. {UNPACK}",
    b"\x28\xb5\x2f\xfd": f"is packed twice. {UNPACK}",
    b"\x04\x22\x4d\x18": f"is packed with lz4. {UNPACK}",
    b"\xff\x06\0\0sNaPpY": f"is packed with Snappy. {UNPACK}",
    b"\x1f\x9d": f"is packed with compress. {UNPACK}",
    b"Rar!": f"is a RAR archive. {UNPACK}",
    b"7z\xbc\xaf": f"is a 7z archive. {UNPACK}",
    b"SQLite format 3\0": f"is an SQLite database. {CONVERT}",
    b"ARROW1": f"is an Arrow file. {CONVERT}",
    b"Obj\x01": f"is an Avro file. {CONVERT}",
    b"ORC": f"is an ORC file. {CONVERT}",
    b"\x89PNG": "is a picture (PNG). Name the data.",
    b"\xff\xd8\xff": "is a picture (JPEG). Name the data.",
    b"GIF8": "is a picture (GIF). Name the data.",
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
        rb"(?i)<(!doctype html|(html|head|body|div|table|script|title|p|h1|pre)\b)",
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
        "begins with a `sep=` line for Excel. Set `skip_lines: 1`, and that `delimiter`.",
    ),
)


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
    return next(
        (format_ for suffix, format_ in SUFFIXES.items() if path.name.lower().endswith(suffix)),
        None,
    )


def head_text(head: bytes, encoding: str) -> bytes:
    """First bytes as UTF-8, whatever encoding is configured."""
    if encoding in NATIVE:
        return head.removeprefix(b"\xef\xbb\xbf").lstrip()
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return text.removeprefix("\ufeff").lstrip().encode()


def tell_misnamed(path: Path, *, format_: Format, packing: Packing) -> str | None:
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


def refuse_other_kinds(head: bytes, *, name: str, source: FileSource) -> None:
    """Raise when the first bytes of what should be text are those of something else.

    Args:
        head: First bytes of the (unpacked) file.
        name: The file in messages.
        source: How its text is written.
    """
    if source.encoding in NATIVE:
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                raise SourceError(
                    f"{name}: is {encoding} by its byte order mark. Set `encoding:"
                    f" {encoding.lower()}`."
                )
    if sentence := _binary_kind(head) or _text_kind(head_text(head, source.encoding), source):
        raise SourceError(f"{name}: {sentence}")


def refuse_no_parquet(path: Path, *, name: str, source: FileSource) -> None:
    """Raise when what should be a Parquet file does not begin like one,
    and say what it is instead.
    """
    with path.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if head.startswith(PARQUET):
        return
    if head.startswith(b"PARE"):
        raise SourceError(f"{name}: is an encrypted Parquet file. Decrypt it.")
    for mark, packing in MARKS.items():
        if head.startswith(mark):
            raise SourceError(
                f"{name}: is {packing}, not Parquet (which packs its own pages). Unpack it."
            )
    refuse_other_kinds(head, name=name, source=source)
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
    if head[TAR_PLACE : TAR_PLACE + len(TAR)] == TAR:
        return f"is a tar archive. {UNPACK}"
    return next((told for mark, told in BINARY_KINDS.items() if head.startswith(mark)), None)


def _text_kind(text: bytes, source: FileSource) -> str | None:
    for pattern, told in TEXT_KINDS:
        if re.match(pattern, text) and not (pattern.startswith(SEP_LINE) and source.skip_lines):
            return told
    if source.format == "csv" and (kind := json_kind(text)):
        return f"is {JSON_NAMES[kind]}, but `format: csv` is set. Leave it out, or set {kind!r}."
    return None


def json_kind(text: bytes) -> Literal["json", "ndjson"] | None:
    """Tell the kind of JSON that a text begins with: a document, or one object a line;
    none where its first line is a header in brackets or braces.
    """
    first = text.split(b"\n", 1)[0].strip()
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


def _first_text(head: bytes) -> str | None:
    """First line, where the bytes are text at all."""
    first = head.split(b"\n", 1)[0].rstrip(b"\r")
    try:
        return first.decode("utf-8")[:80] if first and b"\0" not in head else None
    except UnicodeDecodeError:
        return None
