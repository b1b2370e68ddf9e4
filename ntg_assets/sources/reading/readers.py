"""Which files are read together: those that have the same columns, of which none contradicts its
folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.file_kinds import Format
from ntg_assets.sources.files.packing import Packing
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.duckdb_readers import parameters_of, reader_of
from ntg_assets.sources.reading.file_columns import columns_of
from ntg_assets.sources.reading.inner_values import InnerValue
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sources.reading.wanted_columns import require_columns
from ntg_assets.sql import read_sql
from ntg_assets.storage.parquet import verify_pages


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
    for file in files:
        shape = _shape_of(connection, file, described)
        if file.format == "parquet" and file.staged is None:
            verify_pages(file.path, columns=shape.top_columns, name=file.name)
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
            shape.inner,
            described.joined,
        )
        for index, (shape, same) in enumerate(grouped.items())
    )
    for layout in layouts:
        raise_if_contradictions(connection, layout, described.mapping)
    return layouts


def raise_if_contradictions(
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
        broken = connection.execute(_stated_values(judged, name), parameters_of(judged)).fetchall()
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
    stated = f"select {layout.number} as load_file, {values} from {reader_of(layout)}"  # noqa: S608  # our own text, values are bound
    text = read_sql("sources.reading", "folder_contradictions")
    return f"with stated_values as not materialized (\n{stated}\n)\nselect * from (\n{text}\n)"


class _Shape(NamedTuple):
    """What files of one layout share: format, columns with types, columns that they do not hold,
    packing.
    """

    format: Format
    types: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    nested: tuple[str, ...]
    inner: tuple[tuple[str, InnerValue], ...]
    packing: Packing

    @property
    def top_columns(self) -> list[str]:
        """Columns of a Parquet file that hold the wanted ones."""
        outer = {inner.column for _, inner in self.inner if inner.column}
        names = {
            name.split(".")[0] if name in self.nested else name
            for name, _ in self.types
            if name not in dict(self.inner)
        }
        return sorted(names | outer)


def _shape_of(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, described: Described
) -> _Shape:
    mapping = described.mapping
    wanted = list(dict.fromkeys(mapping.values()))
    result = columns_of(connection, file, wanted)
    by_place = [key for key, _ in file.partition]
    said = [name for name in wanted if name not in result.named]
    absent = described.absent_parts({*result.known, *by_place})
    stated = {*by_place, *described.defaults, *absent}
    require_columns(
        file,
        [*result.known, *(name for name in said if name in stated)],
        mapping,
        delimiter=described.source.delimiter,
    )
    types = result.types(wanted)
    inner = tuple(result.inner.items())
    return _Shape(file.format, types, tuple(said), result.nested, inner, file.packing)
