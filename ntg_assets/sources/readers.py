"""How DuckDB reads the files: one reader for all files of the same layout,
columns found by name, nothing guessed.

CSV columns are read as text with a fixed dialect under names of our own (`c0`, `c1`, ...) in the
order of the file's header; a line that does not fit the dialect is skipped, and the reconciliation
accounts for it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, NamedTuple

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.conversion import Column
from ntg_assets.sources.delimiters import tell_other_delimiter
from ntg_assets.sources.file_names import read_literally
from ntg_assets.sources.files import SourceFile
from ntg_assets.sources.partitions import value_of
from ntg_assets.sql import quote_identifier, read_sql
from ntg_assets.storage.parquet import verify_pages

CSV_DIALECT = (
    "auto_detect = false, header = true, quote = '\"', escape = '\"', nullstr = '', strict_mode ="
    " true, null_padding = false"
)


@dataclass(frozen=True)
class Layout:
    """Files with the same columns in the same order and of the same types.

    Attributes:
        index: Place among the layouts of a source; it makes the parameter names unique.
        files: The files, by number.
        types: DuckDB type of each column of the files, by name, in order.
        said: Keys of the files' folders that are read as columns, each with a value for every file.
        stores_rejects: Whether lines that do not fit the dialect go to DuckDB's table of rejects.
    """

    index: int
    files: tuple[SourceFile, ...]
    types: Mapping[str, str]
    said: tuple[str, ...] = ()
    delimiter: str = ","
    stores_rejects: bool = False

    @property
    def is_csv(self) -> bool:
        return self.files[0].format == "csv"

    def column(self, name: str) -> Column:
        """The column of that name as SQL sees it.

        A CSV column comes as `coalesce(c0, '')` because DuckDB 2.0 moves a bare `try_cast(c0 as
        double)` into its CSV reader, which then drops, with `ignore_errors`, each row where the
        cast fails.
        """
        if name not in self.types:
            return Column(
                self.per_file(f"said_{self.index}_{self.said.index(name)}"),
                "VARCHAR",
                f"folder {name!r}",
            )
        expression = (
            f"coalesce(c{list(self.types).index(name)}, '')"
            if self.is_csv
            else quote_identifier(name)
        )
        return Column(expression, self.types[name], f"{self.files[0].name}, column {name!r}")

    @property
    def reader(self) -> str:
        """Table function that reads the files; see `parameters`."""
        if self.is_csv:
            rejects = (
                "store_rejects = true, rejects_limit = 0"
                if self.stores_rejects
                else "ignore_errors = true"
            )
            packing = "gzip" if self.files[0].is_packed else "none"
            options = (
                f"{CSV_DIALECT}, {rejects}, compression = '{packing}', hive_partitioning = false"
            )
            return (
                f"read_csv($files_{self.index}, columns = $columns_{self.index}, delim ="
                f" $delimiter_{self.index}, {options})"
            )
        return f"read_parquet($files_{self.index}, hive_partitioning = false)"

    @property
    def number(self) -> str:
        """Expression for the number of the file that a row comes from."""
        return f"cast({self.per_file(f'numbers_{self.index}')} as bigint)"

    def per_file(self, parameter: str) -> str:
        """Expression for the value of a list parameter that belongs to the file of a row."""
        return (
            f"${parameter}[1]"
            if len(self.files) == 1
            else f"${parameter}[cast(file_index as bigint) + 1]"
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the reader's parameters."""
        given: dict[str, Any] = {
            f"files_{self.index}": [read_literally(file.path) for file in self.files],
            f"numbers_{self.index}": [file.number for file in self.files],
        }
        for place, key in enumerate(self.said):
            given[f"said_{self.index}_{place}"] = [
                value_of(file.partition, key, name=file.name) for file in self.files
            ]
        if self.is_csv:
            given[f"columns_{self.index}"] = {
                f"c{position}": "VARCHAR" for position in range(len(self.types))
            }
            given[f"delimiter_{self.index}"] = self.delimiter
        return given


def find_layouts(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    *,
    mapping: Mapping[str, str],
    delimiter: str,
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
    grouped: dict[_Shape, list[SourceFile]] = {}
    for file in files:
        shape = _shape_of(connection, file, mapping)
        require_columns(
            file, [*(name for name, _ in shape.types), *shape.said], mapping, delimiter=delimiter
        )
        if file.format == "parquet":
            verify_pages(
                file.path,
                columns=[name for name, _ in shape.types if name in mapping.values()],
                name=file.name,
            )
        grouped.setdefault(shape, []).append(file)
    layouts = [
        Layout(index, tuple(same), _by_name(shape.types), shape.said, delimiter)
        for index, (shape, same) in enumerate(grouped.items())
    ]
    for layout in layouts:
        refuse_contradictions(connection, layout, mapping)
    return layouts


def refuse_contradictions(
    connection: duckdb.DuckDBPyConnection, layout: Layout, mapping: Mapping[str, str]
) -> None:
    """Raise when a configured column holds other values than a folder of the same name says: one of
    them is wrong.
    """
    for setting, name in mapping.items():
        files = tuple(
            file for file in layout.files if name in layout.types and name in dict(file.partition)
        )
        if not files:
            continue
        judged = replace(layout, files=files, said=(name,))
        broken = connection.execute(_stated_values(judged, name), judged.parameters).fetchall()
        for number, n_rows, in_file, in_folder in broken:
            file = next(file for file in files if file.number == number)
            raise SourceError(
                f"{file.name}: its folder says {name}={in_folder}, but its column {name!r}"
                f" ({setting}) holds {in_file or ''!r}; {n_rows:,} row(s) contradict the folder."
                " Move the file to where it belongs, or rename the folder or the column."
            )


def _stated_values(layout: Layout, name: str) -> str:
    column, folder = layout.column(name).expression, layout.per_file(f"said_{layout.index}_0")
    values = (
        f"nullif(trim(cast({column} as varchar)), '') as in_file, cast({folder} as varchar) as"
        " in_folder"
    )
    stated = f"select {layout.number} as load_file, {values} from {layout.reader}"  # noqa: S608  # our own text, values are bound
    text = read_sql("sources", "folder_contradictions")
    return f"with stated_values as not materialized (\n{stated}\n)\nselect * from (\n{text}\n)"


class _Shape(NamedTuple):
    """What files of one layout share: columns with types,
    keys that only their folders say, packing.
    """

    types: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    is_packed: bool


def _shape_of(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, mapping: Mapping[str, str]
) -> _Shape:
    types = (
        [(name, "VARCHAR") for name in file.header]
        if file.format == "csv"
        else _parquet_types(connection, file)
    )
    names, wanted = {name for name, _ in types}, set(mapping.values())
    said = dict.fromkeys(key for key, _ in file.partition if key in wanted - names)
    return _Shape(tuple(types), tuple(said), file.is_packed)


def require_columns(
    file: SourceFile, found: Sequence[str], mapping: Mapping[str, str], *, delimiter: str
) -> None:
    """Compare a file's columns with the configured ones, by name."""
    missing = {key: name for key, name in mapping.items() if name not in found}
    if missing:
        other = tell_other_delimiter(delimiter.join(file.header), delimiter, mapping.values())
        told = " and ".join(f"{name!r} ({key})" for key, name in missing.items())
        hints = [
            f"{near!r} for {name!r}"
            for name, near in _nearest(
                missing.values(), [one for one in found if one not in mapping.values()]
            )
        ]
        shown = ", ".join(map(repr, found))
        hint = (
            f"Did you mean {', '.join(hints)}? Set the names in the configuration."
            if hints
            else "Set the names in the configuration."
        )
        raise SourceError(f"{file.name}: no column {told}; columns found: {shown}. {other or hint}")
    folded = [name.casefold() for name in found]
    for key, name in mapping.items():
        if folded.count(name.casefold()) > 1:
            raise SourceError(
                f"{file.name}: several columns are called {name!r} (upper and lower case do not"
                f" count); {key} needs one. Rename them."
            )


def _nearest(wanted: Iterable[str], free: list[str]) -> Iterator[tuple[str, str]]:
    """Pair wanted names with the most alike ones that no other name has taken."""
    for name in wanted:
        if near := get_close_matches(name, free, n=1, cutoff=0.4):
            free.remove(near[0])
            yield name, near[0]


def count_parquet_rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]
) -> dict[int, int]:
    """Rows that each Parquet file says it holds, by file number."""
    text = "select cast(num_rows as bigint) from parquet_file_metadata($file)"
    return {
        file.number: connection.execute(text, {"file": read_literally(file.path)}).fetchall()[0][0]
        for file in files
    }


def parse_record(line: str, delimiter: str) -> list[str]:
    """Fields of one CSV record, in our dialect."""
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True), [""])


def _by_name(types: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Column types by name; where names repeat
    (none of them is a configured one) later ones get their place as name.
    """
    named: dict[str, str] = {}
    for position, (name, type_) in enumerate(types):
        named[name if name not in named else f"{name}\n{position}"] = type_
    return named


def _parquet_types(
    connection: duckdb.DuckDBPyConnection, file: SourceFile
) -> list[tuple[str, str]]:
    try:
        described = "describe select * from read_parquet($file, hive_partitioning = false)"
        rows = connection.execute(described, {"file": read_literally(file.path)}).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        first_line = (
            str(error)
            .splitlines()[0]
            .replace(f" '{file.path}'", "")
            .replace(str(file.path), file.name)
        )
        raise SourceError(
            f"{file.name}: is no whole Parquet file ({first_line}). Was its copy interrupted?"
            " Deliver it again."
        ) from None
    return [(name, type_) for name, type_, *_ in rows]
