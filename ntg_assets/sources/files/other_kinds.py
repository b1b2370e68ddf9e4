"""What nobody could load, named by its first bytes before a reader guesses at it: pictures,
archives, web pages, pointers to files that are elsewhere.
"""

import re
from pathlib import Path

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import HEAD_BYTES, PARQUET, head_text, json_kind
from ntg_assets.sources.files.packing import MARKS
from ntg_assets.sources.files.text_bytes import NATIVE

TAR, TAR_PLACE = b"ustar", 257
DUCKDB, DUCKDB_PLACE = b"DUCK", 8


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
    b"FEA1": f"is a Feather file. {CONVERT}",
    b"\x89HDF\r\n": f"is an HDF5 file. {CONVERT}",
    b"\x93NUMPY": f"is a NumPy array. {CONVERT}",
    b"\x80\x04\x95": f"is a Python pickle. {CONVERT}",
    b"\x80\x05\x95": f"is a Python pickle. {CONVERT}",
    b"$FL2": f"is an SPSS file. {CONVERT}",
    b"$FL3": f"is an SPSS file. {CONVERT}",
    b"<stata_dta>": f"is a Stata file. {CONVERT}",
    bytes(12) + b"\xc2\xea\x81\x60": f"is a SAS file. {CONVERT}",
    b"RDX2\n": f"is a workspace of R. {CONVERT}",
    b"RDX3\n": f"is a workspace of R. {CONVERT}",
    b"X\n\0\0\0": f"is an object of R (RDS). {CONVERT}",
    b"\0\x01\0\0Standard ": f"is an Access database. {CONVERT}",
    b"PGDMP": "is a dump of PostgreSQL. Restore it (`pg_restore`), and export the table as CSV.",
    b"bplist0": f"is a binary property list of Apple. {CONVERT}",
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
    (
        rb"<[A-Za-z][\w:.-]*(\s[^<>]*)?/?>",
        "is XML, which is not read. Write its records as CSV, or one JSON object a line.",
    ),
    (
        rb"(---\s*\n\s*)?- [\w\"'-]+: |---\s*\n\s*\w+:",
        "is YAML, which is not read. Write its records as CSV, or one JSON object a line.",
    ),
    (
        rb"//[^\n]*\n\s*[\[{]|/\*|[A-Za-z_$][\w.$]*\(\s*[\[{]|\)\]\}'",
        (
            "is JavaScript around JSON. Remove what stands before its first bracket, and behind its"
            " last one."
        ),
    ),
    (rb"\{\\rtf", "is a document (RTF). Name the data, not a report of them."),
    (rb"BEGIN:V(CALENDAR|CARD)", "is a calendar or an address book. Export a table as CSV."),
    (rb"-----BEGIN PGP", "is encrypted (PGP). Decrypt it."),
    (
        (
            rb"(?i)(--\s*)*(insert into|create table|copy [^\n]{1,200} from stdin;|"
            rb"(my|postgre|maria)\w*( database)? dump|pragma \w+ *=|begin transaction;"
            rb"|set statement_timeout)"
        ),
        "is a dump of a database in SQL. Load it there, and export the table as CSV.",
    ),
    (
        rb"(window\.|var |let |const )[^\n=]{1,80}=\s*[\[{]",
        "is JavaScript around JSON. Remove what stands before its first bracket.",
    ),
    (
        rb"(?i)sep=.\r?\n",
        "begins with a `sep=` line for Excel. Set `skip_lines: 1`, and that `delimiter`.",
    ),
)


def raise_if_other_kinds(head: bytes, *, name: str, source: FileSource) -> None:
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


def raise_if_binary_kinds(head: bytes, *, name: str) -> None:
    """Raise when first bytes are those of an archive, a workbook, a picture, a database."""
    if sentence := _binary_kind(head):
        raise SourceError(f"{name}: {sentence}")


def raise_if_no_parquet(path: Path, *, name: str, source: FileSource) -> None:
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
    raise_if_other_kinds(head, name=name, source=source)
    if first := _first_text(head):
        raise SourceError(
            f"{name}: is text, not Parquet (first line: {first!r}). Name it .csv, or set `format:"
            " csv`."
        )


def _binary_kind(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        is_excel = any(member in head for member in EXCEL_MEMBERS)
        return BINARY_KINDS[b"\xd0\xcf\x11\xe0"] if is_excel else f"is a zip archive. {UNPACK}"
    if head.startswith(PARQUET):
        return (
            "begins like a Parquet file but does not end like one. Was its copy interrupted?"
            " Deliver it again."
        )
    if head[DUCKDB_PLACE : DUCKDB_PLACE + len(DUCKDB)] == DUCKDB:
        return f"is a DuckDB database. {CONVERT}"
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


def _first_text(head: bytes) -> str | None:
    """First line, where the bytes are text at all."""
    first = head.split(b"\n", 1)[0].rstrip(b"\r")
    try:
        return first.decode("utf-8")[:80] if first and b"\0" not in head else None
    except UnicodeDecodeError:
        return None
