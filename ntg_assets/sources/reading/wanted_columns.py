"""Columns that the configuration names, held against those of a file."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.delimiters import describe_other_delimiter
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.inner_values import inner_values_of

DATUM = re.compile(r"-?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*")


def require_columns(
    file: SourceFile, columns: Sequence[str], mapping: Mapping[str, str], *, delimiter: str
) -> None:
    """Compare a file's columns with the configured ones, by name.

    Args:
        file: The file.
        columns: Its columns, and what stands for missing ones.
        mapping: Column of each setting.
        delimiter: The configured one, for advice.
    """
    missing = {key: name for key, name in mapping.items() if name not in columns}
    if missing:
        _raise_missing(file, missing, columns, mapping, delimiter=delimiter)
    folded = [name.casefold() for name in columns] if file.format != "json" else []
    for key, name in mapping.items():
        if folded.count(name.casefold()) > 1:
            raise SourceError(
                f"{file.name}: several columns are called {name!r} (upper and lower case do not"
                f" count); {key} needs one. Rename them."
            )


def _raise_missing(
    file: SourceFile,
    missing: Mapping[str, str],
    columns: Sequence[str],
    mapping: Mapping[str, str],
    *,
    delimiter: str,
) -> NoReturn:
    """Name the columns that a file lacks and those that it has, with the likeliest reason."""
    shown_missing = " and ".join(f"{name!r} ({key})" for key, name in missing.items())
    shown = ", ".join(map(repr, columns)) or "none"
    why = (
        _describe_blanks(missing.values(), columns)
        or _describe_fields(missing.values(), file)
        or _other_delimiter(file, delimiter, mapping.values())
        or _why_missing(file, mapping.values())
        or _describe_alike(
            missing.values(), [name for name in columns if name not in mapping.values()]
        )
    )
    raise SourceError(f"{file.name}: no column {shown_missing}; columns found: {shown}. {why}")


def _other_delimiter(file: SourceFile, delimiter: str, wanted: Collection[str]) -> str:
    """Say which delimiter divides the header of a CSV file better."""
    if file.format != "csv":
        return ""
    return describe_other_delimiter(delimiter.join(file.header), delimiter, wanted)


def _describe_alike(wanted: Iterable[str], free: list[str]) -> str:
    """Ask whether columns with names like the wanted ones are meant."""
    advice = "Set the names in the configuration."
    hints = [f"{near!r} for {name!r}" for name, near in _nearest(wanted, free)]
    return f"Did you mean {', '.join(hints)}? {advice}" if hints else advice


def _describe_blanks(wanted: Iterable[str], columns: Sequence[str]) -> str:
    """Say that columns are called as they are wanted, but for blanks around their names."""
    stripped = {name.strip(): name for name in columns}
    around = [stripped[name] for name in wanted if stripped.get(name, name) != name]
    if not around:
        return ""
    return (
        f"There are blanks around {' and '.join(map(repr, around))}: set the names with them, or"
        " mend the header."
    )


def _describe_fields(wanted: Iterable[str], file: SourceFile) -> str:
    """Say that the texts of a column hold no such key."""
    types = dict.fromkeys(file.header, "")
    place = next((place for name in wanted for place in inner_values_of(name, types)), None)
    if place is None or file.format == "parquet":
        return ""
    return (
        f"No record has JSON with {'.'.join(place.keys)!r} in the text of {place.column!r}: correct"
        " the name."
    )


def _why_missing(file: SourceFile, wanted: Collection[str]) -> str:
    """What else a file may be that lacks columns: one without a header, or a document of JSON."""
    is_other = file.format == "csv" and not set(wanted).intersection(file.header)
    if is_other and any(DATUM.fullmatch(name) for name in file.header):
        return (
            "Its first line seems to hold values: where there is no header, name the columns with"
            " `columns`."
        )
    if file.format == "json" and not file.header:
        return (
            "Its records are no JSON objects: write them as objects with keys, such as"
            ' {"user_id": 7}.'
        )
    if file.format == "json":
        inside = sorted({name.split(".0.")[0] for name in file.header if ".0." in name})
        if inside:
            return (
                "It is JSON; where its records lie in an array inside the document, set"
                f" `records: {inside[0]}`."
            )
        if file.misnamed:
            return f"It {file.misnamed}: name its keys in the configuration."
    return ""


def _nearest(wanted: Iterable[str], free: list[str]) -> Iterator[tuple[str, str]]:
    """Pair wanted names with the most alike ones that no other name has taken."""
    for name in wanted:
        if near := get_close_matches(name, free, n=1, cutoff=0.4):
            free.remove(near[0])
            yield name, near[0]
