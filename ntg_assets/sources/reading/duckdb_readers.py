"""How DuckDB reads the files of one layout: one reader for all of them.

CSV columns are read as text with a fixed dialect under names of our own (`c0`, `c1`, ...) in the
order of the file's header; a line that does not fit the dialect is skipped, and the reconciliation
accounts for it. JSON is read by the same reader as lines of one column, from which the wanted keys
are taken, so that its records are accounted for like lines.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.file_names import read_literally
from ntg_assets.sources.files.json.json_keys import key_path
from ntg_assets.sources.files.partitions import value_of
from ntg_assets.sources.reading.binary_texts import BYTES, as_text_of_bytes
from ntg_assets.sources.reading.inner_values import inner_columns, inner_parameters
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sql import quote_identifier

CSV_READER = "auto_detect = false, nullstr = '', strict_mode = true, null_padding = false"
# one column of whole lines: no JSON holds this character
JSON_LINES = Dialect(delimiter="\x01", quote="", escape="", has_header=False)


def _inner_columns(layout: Layout, written: Mapping[str, str], record: str = "") -> str:
    values = list(dict(layout.inner).values())
    return inner_columns(values, written, record=record, index=layout.index)


def reader_of(layout: Layout) -> str:
    """What a query selects from; its values: `parameters_of`."""
    if layout.format == "parquet":
        return _parquet_reader(layout)
    lines = _lines_reader(layout)
    if layout.format == "csv" and layout.inner:
        written = {name: f"c{place}" for place, name in enumerate(layout.types)}
        return f"(select *, file_index{_inner_columns(layout, written)} from {lines})"  # noqa: S608  # our own text, values are bound
    if layout.format == "csv":
        return lines
    is_object = "json_valid(c0) and json_type(c0) = 'OBJECT'"
    inner = _inner_columns(layout, {}, f"case when {is_object} then cast(c0 as json) end")
    return (
        f"(select c0, file_index, case when {is_object} then json_extract_string(c0,"  # noqa: S608  # as above
        f" $paths_{layout.index}) end as fields{inner} from {lines} where c0 is not null)"
    )


def _parquet_reader(layout: Layout) -> str:
    columns = [
        f"{_parquet_value(layout, name)} as p{place}"
        for place, name in enumerate(layout.types)
        if name not in dict(layout.inner)
    ]
    outer = {inner.column for _, inner in layout.inner if inner.column}
    inner = _inner_columns(layout, {name: quote_identifier(name) for name in outer})
    files = f"read_parquet($files_{layout.index}, hive_partitioning = false)"
    return (
        f"(select {', '.join([*columns, 'file_row_number', 'file_index'])}{inner}"  # noqa: S608  # our own text, names are quoted
        f" from {files})"
    )


def _parquet_value(layout: Layout, name: str) -> str:
    column = parquet_column(name, nested=name in layout.nested)
    return as_text_of_bytes(column) if layout.types[name] == BYTES else column


def _lines_reader(layout: Layout) -> str:
    rejects = (
        "store_rejects = true, rejects_limit = 0"
        if layout.stores_rejects
        else "ignore_errors = true"
    )
    values = ", ".join(
        f"{option} = ${name}_{layout.index}"
        for option, name in (
            ("columns", "columns"),
            ("delim", "delimiter"),
            ("quote", "quote"),
            ("escape", "escape"),
        )
    )
    has_header = str(_line_dialect(layout).has_header).lower()
    return (
        f"read_csv($files_{layout.index}, {values}, header = {has_header}, {CSV_READER},"
        f" {rejects}, compression = '{layout.files[0].packing}', hive_partitioning = false)"
    )


def _line_dialect(layout: Layout) -> Dialect:
    return layout.dialect if layout.format == "csv" else JSON_LINES


def parameters_of(layout: Layout) -> dict[str, Any]:
    """Values of the reader's parameters."""
    values: dict[str, Any] = {
        f"files_{layout.index}": [read_literally(file.read_path) for file in layout.files],
        f"numbers_{layout.index}": [file.number for file in layout.files],
    }
    for place, key in enumerate(layout.said):
        values[f"said_{layout.index}_{place}"] = [
            value_of(file.partition, key, name=file.name)
            if key in dict(file.partition)
            else layout.stated.get(key)
            for file in layout.files
        ]
    values |= inner_parameters(list(dict(layout.inner).values()), index=layout.index)
    if layout.has_lines:
        values |= _line_parameters(layout)
    if layout.format == "json":
        values[f"paths_{layout.index}"] = [key_path(name) for name in layout.types]
    return values


def _line_parameters(layout: Layout) -> dict[str, Any]:
    """Values of the reader of lines."""
    n_columns = len(layout.types) if layout.format == "csv" else 1
    values: dict[str, Any] = {
        f"columns_{layout.index}": {f"c{place}": "VARCHAR" for place in range(n_columns)},
        f"delimiter_{layout.index}": _line_dialect(layout).delimiter,
        f"quote_{layout.index}": _line_dialect(layout).quote,
        f"escape_{layout.index}": _line_dialect(layout).escape,
    }
    if layout.n_read is not None:
        counts = [layout.n_read[file.number] for file in layout.files]
        values[f"offsets_{layout.index}"] = [0, *accumulate(counts[:-1])]
    return values


def parquet_column(name: str, *, nested: bool) -> str:
    """A column of a Parquet file, or a field of a struct (`user.id`), as SQL."""
    return ".".join(map(quote_identifier, name.split("."))) if nested else quote_identifier(name)
