"""What the bytes of source files say before any reader is trusted with them."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.delimiters import tell_other_delimiter
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.file_kinds import (
    HEAD_BYTES,
    Format,
    format_of,
    head_text,
    json_kind,
    refuse_no_parquet,
    refuse_other_kinds,
    tell_misnamed,
)
from ntg_assets.sources.files.file_names import SHOWN_NAMES, name_of
from ntg_assets.sources.files.json_keys import keys_of_records
from ntg_assets.sources.files.manifests import Manifests, refuse_other_content
from ntg_assets.sources.files.packing import Packing, open_unpacked, packing_of, unpacking
from ntg_assets.sources.files.partitions import partition_of
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.files.staging import (
    needs_staging,
    stage_records,
    stage_text,
    staging_folder,
)
from ntg_assets.sources.files.text_bytes import TextCounts, ends_in_returns

CHUNK_BYTES = 8 << 20


def inspect_files(
    paths: Sequence[Path],
    described: Described,
    *,
    home: Path,
    scratch: Path | None,
    first_number: int,
    mixed: bool = False,
) -> list[SourceFile]:
    """Look at each file's bytes: hash, size, lines, header, encoding;
    mark files whose content came before.

    Args:
        paths: The files.
        described: What the configuration says of them.
        home: Project folder.
        scratch: Folder for what must be written once more before it can be read.
        first_number: Number of the first file.
        mixed: Whether files of several formats may lie together.

    Raises:
        SourceError: a file is empty, damaged, no data, not of its encoding, holds NUL bytes, is not
            what its manifest says, or the files are of several kinds.
    """
    kinds = {path: _kind(path, name=name_of(path, home), source=described.source) for path in paths}
    if not mixed and len(set(kinds.values())) > 1:
        _refuse_mixed(kinds, home=home)
    manifests = Manifests(home)
    inspected: list[SourceFile] = []
    numbers: dict[str, int] = {}
    for number, path in enumerate(paths, start=first_number):
        name = name_of(path, home)
        file = _inspect(
            path, described, number=number, name=name, format_=kinds[path], scratch=scratch
        )
        stated = manifests.find(path, name=name, required=described.source.require_manifest)
        if stated is not None:
            refuse_other_content(stated, name=name, sha256=file.sha256)
            file = replace(file, n_stated_rows=stated.n_rows)
        file = replace(file, copy_of=numbers.get(file.identity))
        numbers.setdefault(file.identity, number)
        inspected.append(file)
    return inspected


def _refuse_mixed(kinds: dict[Path, Format], *, home: Path) -> None:
    shown = [
        next(path for path in kinds if kinds[path] == kind)
        for kind in dict.fromkeys(kinds.values())
    ]
    shown_files = ", ".join(
        f"{name_of(path, home)} ({kinds[path]})"
        for path in sorted({*list(kinds)[: SHOWN_NAMES - len(shown)], *shown})
    )
    words = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}
    named = " and ".join(words[kind] for kind in sorted(set(kinds.values())))
    raise SourceError(
        f"one source holds {named} files together: {shown_files}. Name files of one kind."
    )


def _kind(path: Path, *, name: str, source: FileSource) -> Format:
    try:
        if path.stat().st_size == 0:
            raise SourceError(
                f"{name}: is empty (0 bytes), at least a header was expected. Was its copy"
                " interrupted? Deliver it again or remove it."
            )
        return format_of(path, name=name, source=source)
    except PermissionError:
        raise SourceError(f"{name}: may not be read by this user. Grant read permission.") from None


def _inspect(
    path: Path,
    described: Described,
    *,
    number: int,
    name: str,
    format_: Format,
    scratch: Path | None,
) -> SourceFile:
    stat = path.stat()
    packing: Packing = "none" if format_ == "parquet" else packing_of(path)
    with path.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    file = SourceFile(
        number,
        path,
        name,
        format_,
        sha256,
        stat.st_size,
        stat.st_mtime_ns,
        partition=(*partition_of(name), *described.said_by_place(name)),
        packing=packing,
        misnamed=tell_misnamed(path, format_=format_, packing=packing),
    )
    if format_ == "parquet":
        refuse_no_parquet(path, name=name, source=described.source)
        return file
    with unpacking(name):
        folder = staging_folder(scratch)
        staged = _staged(file, described.source, folder=folder)
        return _inspect_text(staged, described, folder=folder)


def _staged(file: SourceFile, source: FileSource, *, folder: Path) -> SourceFile:
    """Write a text file once more where no reader takes it as it is."""
    with open_unpacked(file.path) as opened:
        head = opened.read(HEAD_BYTES)
    refuse_other_kinds(head, name=file.name, source=source)
    text = head_text(head, source.encoding)
    is_document = file.format == "json" and (
        source.records is not None or json_kind(text) == "json"
    )
    if not is_document and not needs_staging(source):
        return file
    named = {"name": file.name, "sha256": file.sha256}
    staged = (
        stage_records(file.path, source, folder=folder, **named)
        if is_document
        else stage_text(
            file.path, source, folder=folder, has_bare_returns=ends_in_returns(text), **named
        )
    )
    return replace(file, staged=staged.path, n_skipped_lines=staged.n_skipped_lines, packing="none")


def _inspect_text(file: SourceFile, described: Described, *, folder: Path) -> SourceFile:
    counts = _count_text(file, described.source)
    if counts.has_bare_returns:
        staged = stage_text(
            file.path,
            described.source,
            name=file.name,
            sha256=file.sha256,
            folder=folder,
            has_bare_returns=True,
        )
        n_skipped = staged.n_skipped_lines
        file = replace(file, staged=staged.path, n_skipped_lines=n_skipped, packing="none")
        counts = _count_text(file, described.source)
    if counts.has_mixed_ends and file.staged is None:  # the reader takes the first kind for all
        staged = stage_text(
            file.path, described.source, name=file.name, sha256=file.sha256, folder=folder
        )
        file = replace(file, staged=staged.path, n_skipped_lines=0, packing="none")
    header, n_header_lines = (
        (keys_of_records(file.read_path), 0)
        if file.format == "json"
        else _read_header(file, described.source)
    )
    return replace(
        file,
        n_lines=counts.n_lines,
        n_blank_lines=counts.n_blank_lines,
        has_quotes=counts.has_quotes,
        header=header,
        n_header_lines=n_header_lines,
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
        return tuple(source.columns), 0
    dialect = Dialect.of(source)
    with (
        open_unpacked(file.read_path) as opened,
        io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as text,
    ):
        try:
            if len(dialect.delimiter) > 1:
                names, n_lines = dialect.parse(text.readline()), 1
            else:
                reader = dialect.reader(text)
                names = next(reader, [])
                n_lines = reader.line_num
        except csv.Error as error:
            text.seek(0)
            hint = (
                tell_other_delimiter(text.readline().rstrip("\r\n"), dialect.delimiter)
                or "Mend the first line."
            )
            raise SourceError(f"{file.name}: its header cannot be read ({error}). {hint}") from None
        if not names:
            raise SourceError(
                f"{file.name}: its first line is empty, a header with column names was expected."
                " Remove the empty line, or set `skip_lines`."
            )
        return tuple(names), n_lines
