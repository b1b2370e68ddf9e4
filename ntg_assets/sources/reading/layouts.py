"""How DuckDB reads the files: one reader for all files of the same layout,
columns found by name, nothing guessed.

CSV columns are read as text with a fixed dialect under names of our own (`c0`, `c1`, ...) in the
order of the file's header; a line that does not fit the dialect is skipped, and the reconciliation
accounts for it. JSON is read by the same reader as lines of one column, from which the wanted keys
are taken, so that its records are accounted for like lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ntg_assets.sources.files.derived_columns import Joined
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.file_kinds import Format
from ntg_assets.sources.files.file_names import read_literally
from ntg_assets.sources.files.json.json_keys import key_path
from ntg_assets.sources.files.partitions import value_of
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.binary_texts import BYTES, as_text_of_bytes
from ntg_assets.sources.reading.inner_values import InnerValue, inner_columns, inner_parameters
from ntg_assets.sources.values.columns import Column
from ntg_assets.sql import quote_identifier

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
        inner: Columns that lie inside of a value, each with where.
        n_read: Rows that the reader finds in each file, by its number; then rows can be numbered
            file by file in one reading of all.
        joined: Columns that are made from several, with these.
        stores_rejects: Whether lines that do not fit the dialect go to DuckDB's table of rejects.
    """

    index: int
    files: tuple[SourceFile, ...]
    types: Mapping[str, str]
    said: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    stated: Mapping[str, str] = field(default_factory=dict)
    nested: tuple[str, ...] = ()
    inner: tuple[tuple[str, InnerValue], ...] = ()
    joined: Mapping[str, Joined] = field(default_factory=dict)
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
        if name in self.joined:
            return self._joined(name)
        if name in dict(self.inner):
            label = f"{self.files[0].name}, column {name!r}"
            return Column(self.inner_column(name), "VARCHAR", label, is_json=True)
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
        type_ = "VARCHAR" if self.types[name] == BYTES else self.types[name]
        return Column(expression, type_, label, self.format == "json")

    def inner_column(self, name: str) -> str:
        """The text of a value that lies inside of another one, empty where there is none."""
        return f"coalesce(inner_{list(dict(self.inner)).index(name)}, '')"

    def _inner_columns(self, written: Mapping[str, str], record: str = "") -> str:
        values = list(dict(self.inner).values())
        return inner_columns(values, written, record=record, index=self.index)

    def _joined(self, name: str) -> Column:
        """The first of several columns that is not empty, or all of them, as text."""
        kind, names = self.joined[name]
        parts = [self.column(part) for part in names]
        texts = [f"nullif(trim(cast({part.expression} as varchar)), '')" for part in parts]
        label = f"{self.files[0].name}, {name}"
        together = (
            f"case when {texts[0]} is null then '' else concat_ws(' ', {', '.join(texts)}) end"
        )
        expression = f"coalesce({', '.join(texts)}, '')" if kind == "first_of" else together
        return Column(expression, "VARCHAR", label, parts[0].is_json)

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
            return self._parquet_reader()
        lines = self._lines_reader()
        if self.format == "csv" and self.inner:
            written = {name: f"c{place}" for place, name in enumerate(self.types)}
            return f"(select *, file_index{self._inner_columns(written)} from {lines})"  # noqa: S608  # our own text, values are bound
        if self.format == "csv":
            return lines
        is_object = "json_valid(c0) and json_type(c0) = 'OBJECT'"
        inner = self._inner_columns({}, f"case when {is_object} then cast(c0 as json) end")
        return (
            f"(select c0, file_index, case when {is_object} then json_extract_string(c0,"  # noqa: S608  # as above
            f" $paths_{self.index}) end as fields{inner} from {lines} where c0 is not null)"
        )

    def _parquet_reader(self) -> str:
        columns = [
            f"{self._parquet_value(name)} as p{place}"
            for place, name in enumerate(self.types)
            if name not in dict(self.inner)
        ]
        outer = {inner.column for _, inner in self.inner if inner.column}
        inner = self._inner_columns({name: quote_identifier(name) for name in outer})
        files = f"read_parquet($files_{self.index}, hive_partitioning = false)"
        return (
            f"(select {', '.join([*columns, 'file_row_number', 'file_index'])}{inner}"  # noqa: S608  # our own text, names are quoted
            f" from {files})"
        )

    def _parquet_value(self, name: str) -> str:
        column = parquet_column(name, nested=name in self.nested)
        return as_text_of_bytes(column) if self.types[name] == BYTES else column

    def _lines_reader(self) -> str:
        rejects = (
            "store_rejects = true, rejects_limit = 0"
            if self.stores_rejects
            else "ignore_errors = true"
        )
        values = ", ".join(
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
            f"read_csv($files_{self.index}, {values}, header = {has_header}, {CSV_READER},"
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
        values: dict[str, Any] = {
            f"files_{self.index}": [read_literally(file.read_path) for file in self.files],
            f"numbers_{self.index}": [file.number for file in self.files],
        }
        for place, key in enumerate(self.said):
            values[f"said_{self.index}_{place}"] = [
                value_of(file.partition, key, name=file.name)
                if key in dict(file.partition)
                else self.stated.get(key)
                for file in self.files
            ]
        values |= inner_parameters(list(dict(self.inner).values()), index=self.index)
        if self.has_lines:
            values |= self._line_parameters
        if self.format == "json":
            values[f"paths_{self.index}"] = [key_path(name) for name in self.types]
        return values

    @property
    def _line_parameters(self) -> dict[str, Any]:
        """Values of the reader of lines."""
        n_columns = len(self.types) if self.format == "csv" else 1
        values: dict[str, Any] = {
            f"columns_{self.index}": {f"c{place}": "VARCHAR" for place in range(n_columns)},
            f"delimiter_{self.index}": self._line_dialect.delimiter,
            f"quote_{self.index}": self._line_dialect.quote,
            f"escape_{self.index}": self._line_dialect.escape,
        }
        if self.n_read is not None:
            counts = [self.n_read[file.number] for file in self.files]
            values[f"offsets_{self.index}"] = [0, *accumulate(counts[:-1])]
        return values


def parquet_column(name: str, *, nested: bool) -> str:
    """A column of a Parquet file, or a field of a struct (`user.id`), as SQL."""
    return ".".join(map(quote_identifier, name.split("."))) if nested else quote_identifier(name)
