"""How DuckDB reads the files: one reader for all files of the same layout,
columns found by name, nothing guessed.

CSV columns are read as text with a fixed dialect under names of our own (`c0`, `c1`, ...) in the
order of the file's header; a line that does not fit the dialect is skipped, and the reconciliation
accounts for it. JSON is read by the same reader as lines of one column, from which the wanted keys
are taken, so that its records are accounted for like lines.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import accumulate
from typing import Any, NamedTuple

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.conversion import Column
from ntg_assets.sources.delimiters import tell_other_delimiter
from ntg_assets.sources.derived_columns import Described
from ntg_assets.sources.dialects import Dialect
from ntg_assets.sources.file_kinds import Format
from ntg_assets.sources.file_names import read_literally
from ntg_assets.sources.files import SourceFile
from ntg_assets.sources.json_keys import key_path
from ntg_assets.sources.packing import Packing
from ntg_assets.sources.partitions import value_of
from ntg_assets.sql import quote_identifier, read_sql
from ntg_assets.storage.parquet import verify_pages

DATUM = re.compile(r"-?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*")
CSV_READER = "auto_detect = false, nullstr = '', strict_mode = true, null_padding = false"
# one column of whole lines: no JSON holds this character
JSON_LINES = Dialect(delimiter="\x01", quote="", escape="", has_header=False)


@dataclass(frozen=True)
class Layout:
    """Files with the same columns in the same order and of the same types.

    Attributes:
        index: Place among the layouts of a source; it makes the parameter names unique.
        files: The files, by number.
        types: DuckDB type of each column of the files, by name, in order (CSV); of the wanted ones
            (JSON, Parquet).
        said: Columns that are not in the files: keys of their folders, what their names say, what
            stands where a column is missing; each has a value for every file.
        dialect: How CSV lines are divided.
        stated: What stands for a missing column.
        nested: Columns that are fields of structs.
        n_read: Rows that the reader finds in each file, by its number; then rows can be numbered
            file by file in one reading of all.
        stores_rejects: Whether lines that do not fit the dialect go to DuckDB's table of rejects.
    """

    index: int
    files: tuple[SourceFile, ...]
    types: Mapping[str, str]
    said: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    stated: Mapping[str, str] = field(default_factory=dict)
    nested: tuple[str, ...] = ()
    stores_rejects: bool = False
    n_read: Mapping[int, int] | None = None

    @property
    def format(self) -> Format:
        return self.files[0].format

    @property
    def has_lines(self) -> bool:
        """Whether the files are read line by line, not as Parquet."""
        return self.format != "parquet"

    @property
    def keeps_blank_lines(self) -> bool:
        """Whether an empty line is a record: in CSV with one column."""
        return self.format == "csv" and len(self.types) == 1

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
        place = list(self.types).index(name)
        expression = {
            "csv": f"coalesce(c{place}, '')",
            "json": f"coalesce(fields[{place + 1}], '')",
            "parquet": f"p{place}",
        }[self.format]
        label = f"{self.files[0].name}, column {name!r}"
        return Column(expression, self.types[name], label, self.format == "json")

    @property
    def row_number(self) -> str:
        """Expression for the place of a row among those of its file that can be read, from 1."""
        if self.format == "parquet":
            return "file_row_number + 1"
        if self.n_read is None:
            return "cast(null as bigint)"
        return f"row_number() over () - {self.per_file(f'offsets_{self.index}')}"

    @property
    def reader(self) -> str:
        """What a query selects from; see `parameters`."""
        if self.format == "parquet":
            columns = ", ".join(
                f"{_parquet_column(name, nested=name in self.nested)} as p{place}"
                for place, name in enumerate(self.types)
            )
            files = f"read_parquet($files_{self.index}, hive_partitioning = false)"
            return f"(select {columns or 'null'}, file_row_number, file_index from {files})"  # noqa: S608  # our own text, names are quoted
        lines = self._lines_reader()
        if self.format == "csv":
            return lines
        is_object = "json_valid(c0) and json_type(c0) = 'OBJECT'"
        return (
            f"(select c0, file_index, case when {is_object} then json_extract_string(c0,"  # noqa: S608  # as above
            f" $paths_{self.index}) end as fields from {lines} where c0 is not null)"
        )

    def _lines_reader(self) -> str:
        rejects = (
            "store_rejects = true, rejects_limit = 0"
            if self.stores_rejects
            else "ignore_errors = true"
        )
        given = ", ".join(
            f"{option} = ${name}_{self.index}"
            for option, name in (
                ("columns", "columns"),
                ("delim", "delimiter"),
                ("quote", "quote"),
                ("escape", "escape"),
            )
        )
        has_header = str(self._line_dialect.has_header).lower()
        return (
            f"read_csv($files_{self.index}, {given}, header = {has_header}, {CSV_READER},"
            f" {rejects}, compression = '{self.files[0].packing}', hive_partitioning = false)"
        )

    @property
    def _line_dialect(self) -> Dialect:
        return self.dialect if self.format == "csv" else JSON_LINES

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
            f"files_{self.index}": [read_literally(file.read_path) for file in self.files],
            f"numbers_{self.index}": [file.number for file in self.files],
        }
        for place, key in enumerate(self.said):
            given[f"said_{self.index}_{place}"] = [
                value_of(file.partition, key, name=file.name)
                if key in dict(file.partition)
                else self.stated[key]
                for file in self.files
            ]
        if self.has_lines:
            n_columns = len(self.types) if self.format == "csv" else 1
            given[f"columns_{self.index}"] = {f"c{place}": "VARCHAR" for place in range(n_columns)}
            given[f"delimiter_{self.index}"] = self._line_dialect.delimiter
            given[f"quote_{self.index}"] = self._line_dialect.quote
            given[f"escape_{self.index}"] = self._line_dialect.escape
        if self.has_lines and self.n_read is not None:
            counts = [self.n_read[file.number] for file in self.files]
            given[f"offsets_{self.index}"] = [0, *accumulate(counts[:-1])]
        if self.format == "json":
            given[f"paths_{self.index}"] = [key_path(name) for name in self.types]
        return given


def _parquet_column(name: str, *, nested: bool) -> str:
    """A column of a Parquet file, or a field of a struct (`user.id`), as SQL."""
    return ".".join(map(quote_identifier, name.split("."))) if nested else quote_identifier(name)


def find_layouts(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    described: Described,
) -> tuple[Layout, ...]:
    """Group files by their columns, and make sure that each has the configured ones.

    Args:
        connection: Sandboxed, may read the files.
        files: Copies of others left out.
        described: What the configuration says of them.

    Raises:
        SourceError: a file cannot be read, or lacks a column.
    """
    grouped: dict[_Shape, list[SourceFile]] = {}
    mapping = described.mapping
    for file in files:
        shape = _shape_of(connection, file, described)
        if file.format == "parquet":
            wanted = {
                name.split(".")[0] if name in shape.nested else name for name, _ in shape.types
            }
            verify_pages(file.path, columns=sorted(wanted), name=file.name)
        grouped.setdefault(shape, []).append(file)
    layouts = tuple(
        Layout(
            index,
            tuple(same),
            dict(shape.types),
            shape.said,
            Dialect.of(described.source),
            described.defaults,
            shape.nested,
        )
        for index, (shape, same) in enumerate(grouped.items())
    )
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
    """What files of one layout share: format, columns with types, columns that they do not hold,
    packing.
    """

    format: Format
    types: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    nested: tuple[str, ...]
    packing: Packing


def _shape_of(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, described: Described
) -> _Shape:
    mapping = described.mapping
    wanted = list(dict.fromkeys(mapping.values()))
    found = _columns_of(connection, file, wanted)
    by_place = [key for key, _ in file.partition]
    said = [name for name in wanted if name not in found.named]
    given = {*by_place, *described.defaults}
    require_columns(
        file,
        [*found.known, *(name for name in said if name in given)],
        mapping,
        delimiter=described.source.delimiter,
    )
    types = found.types(wanted)
    return _Shape(file.format, types, tuple(said), found.nested, file.packing)


class _Columns(NamedTuple):
    """Columns of one file: all as the file names them, and the types of those that are wanted."""

    file: SourceFile
    known: tuple[str, ...]
    named: Mapping[str, str]
    nested: tuple[str, ...] = ()

    def types(self, wanted: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Names and types that the layout needs. Of CSV every place counts, but names only where
        they are wanted: files that differ in other columns are read together.
        """
        if self.file.format == "csv":
            return tuple(
                (name if name in wanted else f"\n{place}", "VARCHAR")
                for place, name in enumerate(self.file.header)
            )
        return tuple((name, self.named[name]) for name in wanted if name in self.named)


def _columns_of(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, wanted: Sequence[str]
) -> _Columns:
    if file.format == "parquet":
        known = dict(_parquet_types(connection, file))
        deeper = _struct_fields(connection, file, wanted, known)
        return _Columns(file, (*known, *deeper), {**known, **deeper}, tuple(deeper))
    if file.format == "csv":
        return _Columns(file, file.header, dict.fromkeys(file.header, "VARCHAR"))
    said = dict(file.partition)
    rare = [name for name in wanted if name not in file.header and name not in said]
    later = _keys_that_occur(connection, file, rare) if rare else []
    known_keys = tuple(dict.fromkeys([*file.header, *later]))
    return _Columns(file, known_keys, dict.fromkeys(known_keys, "VARCHAR"))


def _keys_that_occur(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, names: Sequence[str]
) -> list[str]:
    """Keys that some record of a JSON file has, of those that its first records lack."""
    layout = Layout(0, (file,), dict.fromkeys(names, "VARCHAR"))
    counts = ", ".join(f"count(fields[{place + 1}])" for place in range(len(names)))
    found = connection.execute(
        f"select {counts} from {layout.reader}",  # noqa: S608  # our own text, values are bound
        {key: value for key, value in layout.parameters.items() if not key.startswith("numbers")},
    ).fetchall()[0]
    return [name for name, count in zip(names, found, strict=True) if count]


def _struct_fields(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    wanted: Sequence[str],
    known: Mapping[str, str],
) -> dict[str, str]:
    """Types of the wanted fields of structs (`user.id`), as far as they are there."""
    found: dict[str, str] = {}
    for name in wanted:
        first = name.split(".")[0]
        if name in known or not known.get(first, "").startswith("STRUCT"):
            continue
        column = _parquet_column(name, nested=True)
        asked = f"describe select {column} from read_parquet($file, hive_partitioning = false)"  # noqa: S608  # our own text, names are quoted
        try:
            rows = connection.execute(asked, {"file": read_literally(file.path)}).fetchall()
        except duckdb.BinderException:
            continue  # no such field: told like a missing column
        found[name] = rows[0][1]
    return found


def require_columns(
    file: SourceFile, found: Sequence[str], mapping: Mapping[str, str], *, delimiter: str
) -> None:
    """Compare a file's columns with the configured ones, by name."""
    missing = {key: name for key, name in mapping.items() if name not in found}
    if missing:
        other = (
            tell_other_delimiter(delimiter.join(file.header), delimiter, mapping.values())
            if file.format == "csv"
            else ""
        )
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
        why = _why_missing(file, mapping.values())
        raise SourceError(
            f"{file.name}: no column {told}; columns found: {shown}. {other or why or hint}"
        )
    folded = [name.casefold() for name in found] if file.format != "json" else []
    for key, name in mapping.items():
        if folded.count(name.casefold()) > 1:
            raise SourceError(
                f"{file.name}: several columns are called {name!r} (upper and lower case do not"
                f" count); {key} needs one. Rename them."
            )


def _why_missing(file: SourceFile, wanted: Collection[str]) -> str:
    """What else a file may be that lacks columns: one without a header, or a document of JSON."""
    is_other = file.format == "csv" and not set(wanted).intersection(file.header)
    if is_other and any(DATUM.fullmatch(name) for name in file.header):
        return (
            "Its first line seems to hold values: where there is no header, name the columns with"
            " `columns`."
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


def count_parquet_rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]
) -> dict[int, int]:
    """Rows that each Parquet file says it holds, by file number."""
    text = "select cast(num_rows as bigint) from parquet_file_metadata($file)"
    return {
        file.number: connection.execute(text, {"file": read_literally(file.path)}).fetchall()[0][0]
        for file in files
    }


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
