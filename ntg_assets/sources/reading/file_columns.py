"""The columns of one file: all as it names them, and the types of those that are wanted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_names import read_literally
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.binary_texts import BYTES, raise_if_no_texts
from ntg_assets.sources.reading.duckdb_readers import parameters_of, parquet_column, reader_of
from ntg_assets.sources.reading.inner_values import (
    InnerValue,
    inner_values_of,
    inner_values_of_record,
)
from ntg_assets.sources.reading.layouts import Layout


class _Columns(NamedTuple):
    """Columns of one file: all as the file names them, and the types of those that are wanted."""

    file: SourceFile
    known: tuple[str, ...]
    named: Mapping[str, str]
    nested: tuple[str, ...] = ()
    inner: Mapping[str, InnerValue] = {}

    def types(self, wanted: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Names and types that the layout needs. Of CSV every place counts, but names only where
        they are wanted: files that differ in other columns are read together.
        """
        if self.file.format == "csv":
            read = {*wanted, *(inner.column for inner in self.inner.values())}
            return tuple(
                (name if name in read else f"\n{place}", "VARCHAR")
                for place, name in enumerate(self.file.header)
            )
        return tuple((name, self.named[name]) for name in wanted if name in self.named)


def columns_of(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, wanted: Sequence[str]
) -> _Columns:
    """Find the columns of a file; of JSON also wanted keys that only later records have, and values
    that lie inside of other ones.
    """
    if file.format == "parquet":
        return _parquet_columns(connection, file, wanted)
    if file.format == "csv":
        types = dict.fromkeys(file.header, "VARCHAR")
        inner = _inner_values(connection, file, wanted, types)
        return _Columns(file, (*file.header, *inner), types | _texts(inner), inner=inner)
    said = dict(file.partition)
    names = [name for name in file.header if name not in file.odd_keys]
    rare = [name for name in wanted if name not in names and name not in said]
    later = _keys_that_occur(connection, file, rare) if rare else []
    inner = _inner_values(connection, file, [name for name in rare if name not in later], {})
    known_keys = tuple(dict.fromkeys([*file.header, *later, *inner]))
    return _Columns(file, known_keys, _texts(known_keys), inner=inner)


def _texts(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _parquet_columns(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, wanted: Sequence[str]
) -> _Columns:
    existing = dict(_parquet_types(connection, file))
    deeper = _struct_fields(connection, file, wanted, existing)
    rest = [name for name in wanted if name not in deeper]
    inner = _inner_values(connection, file, rest, existing)
    types = {**existing, **deeper, **_texts(inner)}
    bytes_ = {
        name: parquet_column(name, nested=name in deeper)
        for name in wanted
        if types.get(name) == BYTES
    }
    raise_if_no_texts(connection, file, bytes_)
    return _Columns(file, (*existing, *deeper, *inner), types, tuple(deeper), inner)


def _inner_values(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    wanted: Sequence[str],
    types: Mapping[str, str],
) -> dict[str, InnerValue]:
    """Wanted values that no column holds but some record has inside of one (see `inner_values`)."""
    said = dict(file.partition)
    result: dict[str, InnerValue] = {}
    for name in wanted:
        if name in types or name in said:
            continue
        places = (
            inner_values_of_record(name) if file.format == "json" else inner_values_of(name, types)
        )
        place = next((one for one in places if _occurs(connection, file, name, one, types)), None)
        if place is not None:
            result[name] = place
    return result


def _occurs(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    name: str,
    place: InnerValue,
    types: Mapping[str, str],
) -> bool:
    """Whether some record of a file has an inner value."""
    shown = types if file.format == "csv" else {name: "VARCHAR"}
    layout = Layout(0, (file,), shown, inner=((name, place),))
    column = layout.inner_column(name)
    return bool(
        _rows(connection, layout, f"1 from {reader_of(layout)} where {column} <> '' limit 1")
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, layout: Layout, selected: str
) -> list[tuple[object, ...]]:
    """Rows of a query over a layout of one file."""
    used = {
        key: value for key, value in parameters_of(layout).items() if not key.startswith("numbers")
    }
    return connection.execute(
        f"select {selected}", used
    ).fetchall()  # our own text, values are bound


def _keys_that_occur(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, names: Sequence[str]
) -> list[str]:
    """Keys that some record of a JSON file has, of those that its first records lack."""
    layout = Layout(0, (file,), dict.fromkeys(names, "VARCHAR"))
    counts = ", ".join(f"count(fields[{place + 1}])" for place in range(len(names)))
    result = _rows(connection, layout, f"{counts} from {reader_of(layout)}")[0]
    return [name for name, count in zip(names, result, strict=True) if count]


def _struct_fields(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    wanted: Sequence[str],
    types: Mapping[str, str],
) -> dict[str, str]:
    """Types of the wanted fields of structs (`user.id`), as far as they are there."""
    matches: dict[str, str] = {}
    for name in wanted:
        first = name.split(".")[0]
        if name in types or not types.get(first, "").startswith("STRUCT"):
            continue
        column = parquet_column(name, nested=True)
        description = (
            f"describe select {column} from read_parquet($file, hive_partitioning = false)"  # noqa: S608  # our own text, names are quoted
        )
        try:
            rows = connection.execute(
                description, {"file": read_literally(file.read_path)}
            ).fetchall()
        except duckdb.BinderException:
            continue  # no such field: told like a missing column
        matches[name] = rows[0][1]
    return matches


def count_parquet_rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]
) -> dict[int, int]:
    """Rows that each Parquet file says it holds, by file number."""
    text = "select cast(num_rows as bigint) from parquet_file_metadata($file)"
    return {
        file.number: connection.execute(text, {"file": read_literally(file.read_path)}).fetchall()[
            0
        ][0]
        for file in files
    }


def _parquet_types(
    connection: duckdb.DuckDBPyConnection, file: SourceFile
) -> list[tuple[str, str]]:
    try:
        described = "describe select * from read_parquet($file, hive_partitioning = false)"
        rows = connection.execute(described, {"file": read_literally(file.read_path)}).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0].replace(f" '{file.path}'", "")
        raise SourceError(
            f"{file.name}: is no whole Parquet file"
            f" ({first_line.replace(str(file.path), file.name)}). Was its copy interrupted?"
            " Deliver it again."
        ) from None
    return [(name, type_) for name, type_, *_ in rows]
