"""What the text of a file holds: its lines, its quotes, its header; written once more where no
reader takes it as it is.
"""

import csv
import io
from dataclasses import replace
from pathlib import Path

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.delimiters import describe_other_delimiter
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.exploding import place_column
from ntg_assets.sources.files.file_kinds import (
    HEAD_BYTES,
    head_text,
    json_kind,
)
from ntg_assets.sources.files.json.json_keys import keys_of_records
from ntg_assets.sources.files.other_kinds import raise_if_other_kinds
from ntg_assets.sources.files.packing import is_padded, open_unpacked
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.files.staging.staged_files import Staged
from ntg_assets.sources.files.staging.staged_records import (
    stage_exploded,
    stage_exploded_csv,
    stage_records,
)
from ntg_assets.sources.files.staging.staged_texts import needs_staging, stage_text
from ntg_assets.sources.files.text_bytes import TextCounts, ends_in_returns

CHUNK_BYTES = 8 << 20


def staged_text(file: SourceFile, described: Described, *, folder: Path) -> SourceFile:
    """Write a text file once more where no reader takes it as it is."""
    source = described.source
    with open_unpacked(file.path) as opened:
        head = opened.read(HEAD_BYTES)
    raise_if_other_kinds(head, name=file.name, source=source)
    text = head_text(head, source.encoding)
    named = {"name": file.name, "sha256": file.sha256}
    is_document = source.records is not None or json_kind(text) == "json"
    if source.explode and file.format == "json":
        wanted = described.mapping.values()
        staged = stage_exploded(
            file.path, source, wanted=wanted, is_document=is_document, folder=folder, **named
        )
        return _as_staged(file, staged)
    if file.format == "json" and is_document:
        return _as_staged(file, stage_records(file.path, source, folder=folder, **named))
    if not (needs_staging(source) or source.explode) and not is_padded(file.path):
        return file
    has_bare_returns = ends_in_returns(text)
    staged = stage_text(
        file.path, source, folder=folder, has_bare_returns=has_bare_returns, **named
    )
    if source.explode:
        rows = stage_exploded_csv(staged.path, source, name=file.name, folder=folder)
        staged = staged._replace(path=rows.path, n_before=rows.n_before)
    return _as_staged(file, staged)


def inspect_text(file: SourceFile, described: Described, *, folder: Path) -> SourceFile:
    """Count the lines of a text file and read its header, after lines of other ends are mended.

    Args:
        file: As its bytes are known.
        described: What the configuration says of its source.
        folder: Where what must be written once more lies.
    """
    counts = _count_text(file, described.source)
    is_mended = file.n_before is not None
    has_strays = counts.has_stray_returns and file.format == "csv"
    if not is_mended and (counts.has_bare_returns or has_strays):
        file = _with_one_line_end(file, described.source, folder=folder, has_bare_returns=True)
        counts = _count_text(file, described.source)
    if counts.has_mixed_ends and file.staged is None:  # the reader takes the first kind for all
        file = _with_one_line_end(file, described.source, folder=folder)
    keys = keys_of_records(file.read_path) if file.format == "json" else None
    header, n_header_lines = (
        _read_header(file, described.source) if keys is None else (keys.names, 0)
    )
    return replace(
        file,
        n_lines=counts.n_lines,
        n_blank_lines=counts.n_blank_lines,
        has_quotes=counts.has_quotes,
        repeats_header=n_header_lines > 0 and counts.repeats_first,
        header=header,
        odd_keys=keys.odd if keys is not None else frozenset(),
        n_header_lines=n_header_lines,
    )


def _with_one_line_end(
    file: SourceFile, source: FileSource, *, folder: Path, has_bare_returns: bool = False
) -> SourceFile:
    """Write a file once more, with one kind of line end."""
    staged = stage_text(
        file.path,
        source,
        name=file.name,
        sha256=file.sha256,
        folder=folder,
        has_bare_returns=has_bare_returns,
    )
    return _as_staged(file, staged)


def _as_staged(file: SourceFile, staged: Staged) -> SourceFile:
    """A file that is read where it was written once more."""
    n_skipped = staged.n_skipped_lines
    return replace(
        file,
        staged=staged.path,
        n_skipped_lines=n_skipped,
        n_before=staged.n_before,
        n_last_lines=staged.n_last_lines,
        packing="none",
    )


def _count_text(file: SourceFile, source: FileSource) -> TextCounts:
    quote = (source.quote or "").encode()
    counts = TextCounts(file.name, quote=quote, first_line=file.n_skipped_lines)
    with open_unpacked(file.read_path) as opened:
        for chunk in iter(lambda: opened.read(CHUNK_BYTES), b""):
            counts.add(chunk)
    counts.finish()
    return counts


def _read_header(file: SourceFile, source: FileSource) -> tuple[tuple[str, ...], int]:
    if source.columns is not None:
        added = [place_column(source.explode)] if source.explode else []
        return (*source.columns, *added), 0
    dialect = Dialect.of(source)
    with (
        open_unpacked(file.read_path) as opened,
        io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as text,
    ):
        try:
            names, n_lines = _first_record(text, dialect)
        except csv.Error as error:
            text.seek(0)
            hint = (
                describe_other_delimiter(text.readline().rstrip("\r\n"), dialect.delimiter)
                or "Mend the first line."
            )
            raise SourceError(f"{file.name}: its header cannot be read ({error}). {hint}") from None
    if not names:
        raise SourceError(
            f"{file.name}: its first line is empty, a header with column names was expected."
            " Remove the empty line, or set `skip_lines`."
        )
    names[0] = names[0].lstrip("\ufeff")  # of a text that was marked twice
    return tuple(names), n_lines


def _first_record(text: io.TextIOWrapper, dialect: Dialect) -> tuple[list[str], int]:
    """Fields of the first record, and the lines that it takes."""
    if len(dialect.delimiter) > 1:
        return dialect.parse(text.readline()), 1
    reader = dialect.reader(text)
    return next(reader, []), reader.line_num
