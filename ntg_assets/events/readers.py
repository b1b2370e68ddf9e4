"""How DuckDB reads the files: one reader for all files of the same layout, columns found by name, nothing guessed.

CSV columns are read as text with a fixed dialect under names of our own (`c0`, `c1`, ...) in the order of the file's
header; a line that does not fit the dialect is skipped, and the reconciliation accounts for it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.events.conversion import Column
from ntg_assets.events.files import SourceFile, read_literally
from ntg_assets.sql import quote_identifier

CSV_DIALECT = "auto_detect = false, header = true, quote = '\"', escape = '\"', nullstr = '', strict_mode = true, null_padding = false"


@dataclass(frozen=True)
class Layout:
    """Files with the same columns in the same order and of the same types.

    Attributes:
        index: Place among the layouts of a source; it makes the parameter names unique.
        files: The files, by number.
        types: DuckDB type of each column of the files, by name, in order.
        stores_rejects: Whether lines that do not fit the dialect go to DuckDB's table of rejects.
    """

    index: int
    files: tuple[SourceFile, ...]
    types: Mapping[str, str]
    delimiter: str = ","
    stores_rejects: bool = False

    @property
    def is_csv(self) -> bool:
        return self.files[0].format == "csv"

    def column(self, name: str) -> Column:
        """The column of that name as SQL sees it.

        A CSV column comes as `coalesce(c0, '')` because DuckDB 2.0 moves a bare `try_cast(c0 as double)` into its CSV
        reader, which then drops, with `ignore_errors`, each row where the cast fails.
        """
        expression = f"coalesce(c{list(self.types).index(name)}, '')" if self.is_csv else quote_identifier(name)
        return Column(expression, self.types[name], f"{self.files[0].name}, column {name!r}")

    @property
    def reader(self) -> str:
        """Table function that reads the files; see `parameters`."""
        if self.is_csv:
            rejects = "store_rejects = true, rejects_limit = 0" if self.stores_rejects else "ignore_errors = true"
            return (
                f"read_csv($files_{self.index}, columns = $columns_{self.index}, delim = $delimiter_{self.index}, {CSV_DIALECT}, {rejects})"
            )
        return f"read_parquet($files_{self.index})"

    @property
    def number(self) -> str:
        """Expression for the number of the file that a row comes from."""
        if len(self.files) == 1:
            return f"cast($numbers_{self.index}[1] as bigint)"
        return f"cast($numbers_{self.index}[cast(file_index as bigint) + 1] as bigint)"

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the reader's parameters."""
        given: dict[str, Any] = {
            f"files_{self.index}": [read_literally(file.path) for file in self.files],
            f"numbers_{self.index}": [file.number for file in self.files],
        }
        if self.is_csv:
            given[f"columns_{self.index}"] = {f"c{position}": "VARCHAR" for position in range(len(self.types))}
            given[f"delimiter_{self.index}"] = self.delimiter
        return given


def find_layouts(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile], *, mapping: Mapping[str, str], delimiter: str
) -> list[Layout]:
    """Group files by their columns, and make sure that each has the configured ones.

    Args:
        connection: Sandboxed, may read the files.
        files: Of one format; copies of others left out.
        mapping: Configuration key (`ingest.events.user_id`) with the column it names.
        delimiter: Of CSV files.

    Raises:
        SourceError: a file cannot be read, or lacks a column.
    """
    grouped: dict[tuple[tuple[str, str], ...], list[SourceFile]] = {}
    for file in files:
        types = [(name, "VARCHAR") for name in file.header] if file.format == "csv" else _parquet_types(connection, file)
        require_columns(file, [name for name, _ in types], mapping)
        grouped.setdefault(tuple(types), []).append(file)
    return [
        Layout(index, tuple(same), dict(types) if len(dict(types)) == len(types) else _distinct(types), delimiter)
        for index, (types, same) in enumerate(grouped.items())
    ]


def require_columns(file: SourceFile, found: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Compare a file's columns with the configured ones, by name."""
    missing = {key: name for key, name in mapping.items() if name not in found}
    if missing:
        told = " and ".join(f"{name!r} ({key})" for key, name in missing.items())
        hints = [
            f"{near!r} for {name!r}" for name, near in _nearest(missing.values(), [one for one in found if one not in mapping.values()])
        ]
        hint = f" Did you mean {', '.join(hints)}?" if hints else ""
        raise SourceError(
            f"{file.name}: no column {told}; columns found: {', '.join(map(repr, found))}.{hint} Set the names in the configuration."
        )
    folded = [name.casefold() for name in found]
    for key, name in mapping.items():
        if folded.count(name.casefold()) > 1:
            raise SourceError(
                f"{file.name}: several columns are called {name!r} (upper and lower case do not count); {key} needs one. Rename them."
            )


def _nearest(wanted: Iterable[str], free: list[str]) -> Iterator[tuple[str, str]]:
    """Pair wanted names with the most alike ones that no other name has taken."""
    for name in wanted:
        if near := get_close_matches(name, free, n=1, cutoff=0.4):
            free.remove(near[0])
            yield name, near[0]


def count_parquet_rows(connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> dict[int, int]:
    """Rows that each Parquet file says it holds, by file number."""
    text = "select cast(num_rows as bigint) from parquet_file_metadata($file)"
    return {file.number: connection.execute(text, {"file": read_literally(file.path)}).fetchall()[0][0] for file in files}


def parse_record(line: str, delimiter: str) -> list[str]:
    """Fields of one CSV record, in our dialect."""
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True), [""])


def _distinct(types: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Column types by name where names repeat (none of them is a configured one): later ones get their place as name."""
    named: dict[str, str] = {}
    for position, (name, type_) in enumerate(types):
        named[name if name not in named else f"{name}\n{position}"] = type_
    return named


def _parquet_types(connection: duckdb.DuckDBPyConnection, file: SourceFile) -> list[tuple[str, str]]:
    try:
        rows = connection.execute("describe select * from read_parquet($file)", {"file": read_literally(file.path)}).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0].replace(f" '{file.path}'", "").replace(str(file.path), file.name)
        raise SourceError(f"{file.name}: is no whole Parquet file ({first_line}). Was its copy interrupted? Deliver it again.") from None
    return [(name, type_) for name, type_, *_ in rows]
