"""Files of one layout, and their columns as SQL sees them: found by name, nothing guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ntg_assets.sources.files.derived_columns import Joined
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.file_kinds import Format
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.binary_texts import BYTES
from ntg_assets.sources.reading.inner_values import InnerValue
from ntg_assets.sources.values.columns import Column


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
