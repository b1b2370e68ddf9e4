"""Records written once more, one a line: those of JSON documents, and the elements of lists inside
of records.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.exploding import Exploded, Lists, place_column
from ntg_assets.sources.files.exploding_csv import exploded_rows
from ntg_assets.sources.files.json.json_documents import LINE_ENDS, records_of
from ntg_assets.sources.files.packing import open_unpacked
from ntg_assets.sources.files.staging.decoding import decoded, lines_of
from ntg_assets.sources.files.staging.staged_files import Staged, staged_path, writing


def stage_records(
    path: Path, source: FileSource, *, name: str, sha256: str, folder: Path
) -> Staged:
    """Write the records of a JSON document, one a line, each as it is written there.

    Args:
        path: The file.
        source: Where its records lie.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.

    Raises:
        SourceError: the document is no JSON, or holds no array of records where it should.
    """
    target = staged_path(folder, sha256, "records", source.encoding, source.records)
    with open_unpacked(path) as opened:
        text = "".join(decoded(opened, source.encoding, name=name))
    with writing(target) as written:
        for record in records_of(text.removeprefix("\ufeff"), source.records, name=name):
            written.write(record.translate(LINE_ENDS).encode() + b"\n")
    return Staged(target, 0)


def stage_exploded(
    path: Path,
    source: FileSource,
    *,
    wanted: Collection[str],
    is_document: bool,
    name: str,
    sha256: str,
    folder: Path,
) -> Staged:
    """Write the elements of lists inside of records of JSON, one a line, with the fields around
    them (see `exploding`).

    Args:
        path: The file.
        source: Where its records lie, and which lists.
        wanted: Columns that are read.
        is_document: Whether it is one document (or several), not one record a line.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.

    Raises:
        SourceError: the document is no JSON, or no record holds such a list.
    """
    recipe = (source.encoding, source.records, source.explode, sorted(wanted))
    target = staged_path(folder, sha256, "exploded", *recipe)
    exploded = Exploded(Lists.of(source.explode), wanted)
    with open_unpacked(path) as opened, writing(target) as written:
        text = decoded(opened, source.encoding, name=name)
        records = (
            records_of(
                "".join(text).removeprefix("\ufeff"), source.records, name=name, may_be_lone=True
            )
            if is_document
            else (line.strip(" \t\r\n\ufeff") for line in lines_of(text))
        )
        for record in filter(None, records):
            for element in _elements_of(record, exploded):
                written.write(element.translate(LINE_ENDS).encode() + b"\n")
        exploded.raise_if_no_lists(name=name)
    return Staged(target, 0, exploded.n_records)


def stage_exploded_csv(staged: Path, source: FileSource, *, name: str, folder: Path) -> Staged:
    """Write the records of a CSV text, as it is staged, with a line for each element of their
    lists, and a column for its place.

    Args:
        staged: The text, whose name says what it is.
        source: How it is written, and which columns are lists.
        name: The file in messages.
        folder: Where what is written lies.
    """
    dialect, n_before = Dialect.of(source), 0
    recipe = (source.explode, source.explode_separator, dialect.delimiter, source.columns)
    target = staged_path(folder, staged.name, "exploded", *recipe, dialect.quote, dialect.escape)
    with staged.open(encoding="utf-8", newline="") as text, writing(target) as written:
        records = dialect.records(text)
        header = source.columns
        if header is None:
            header = next(records, ("", [""]))[1]
            named = [*header, place_column(source.explode)]
            written.write(f"{dialect.write(named)}\n".encode())

        def counted() -> Iterator[tuple[str, list[str]]]:
            nonlocal n_before
            for record in records:
                n_before += 1
                yield record

        for row in exploded_rows(counted(), header, source, name=name):
            line = row if isinstance(row, str) else dialect.write(row)
            written.write(f"{line}\n".encode())
    return Staged(target, 0, n_before)


def _elements_of(record: str, exploded: Exploded) -> list[str]:
    """Texts of the records that a line holds; of one that is no JSON itself."""
    try:
        return list(exploded.records_of(record))
    except (json.JSONDecodeError, RecursionError, IndexError):
        return [record]  # the reader quarantines it
