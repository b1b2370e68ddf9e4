"""SQL as values: a query text from a file, the tables it reads, the values bound to it.

A `Query` returned by an asset runs inside the store, so its rows never pass through Python. The
same query over frames runs in memory (`run`), which is how the computation is used and tested
without Dagster. What SQL cannot make and memory should not hold comes as a `Stream`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # who asks a store need not wait for them
    import polars as pl
    import pyarrow as pa

    Source: TypeAlias = "Table | Query | Rows | pl.DataFrame | pl.LazyFrame | pa.Table"
else:
    Source = object

COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True)
class Table:
    """A stored table, by name: a handle that reads nothing."""

    schema: str
    name: str

    @property
    def quoted(self) -> str:
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"


@dataclass(frozen=True)
class Rows:
    """Rows on their way to a table: Parquet files in a folder of the engine, kept until a run ends.

    Attributes:
        folder: Holds at least one file; all have the same columns.
    """

    folder: Path

    @property
    def quoted(self) -> str:
        escaped = str(self.folder).replace("'", "''")
        return f"read_parquet('{escaped}/*.parquet')"


@dataclass(frozen=True)
class Query:
    """One `select`: its text, what each table name in it stands for,
    the values of its `$parameters`.

    Attributes:
        origin: File of the text, for a person to open.
        is_whole: Whether a query over this one must name each of its columns: a feature that is
        added here cannot be forgotten there.
    """

    text: str
    tables: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    origin: str = "a query made in code"
    is_whole: bool = False


@dataclass(frozen=True)
class Stream:
    """Rows of one table that come frame by frame (at least one,
    all with the same columns), so that no one holds them all.
    """

    frames: "Iterable[pl.DataFrame]"


def query(package: str, name: str, tables: Mapping[str, Source], **parameters: Any) -> Query:
    """Make a query from the file `<name>.sql` of a package of `ntg_assets`.

    Args:
        package: Package that holds the file, below `ntg_assets` and dotted (`experiments.data`).
        name: File stem, which is the name of the table it makes.
        tables: Table names used in the text, with what they stand for (a stored table, a frame,
        another query).
        parameters: Values of the `$parameters` of the text.
    """
    return Query(read_sql(package, name), dict(tables), parameters, file_of_query(package, name))


def whole(rows: Query) -> Query:
    """Hold every query over this one to all of its columns; see `Query.is_whole`."""
    return replace(rows, is_whole=True)


def file_of_query(package: str, name: str) -> str:
    """Where the text of a query stands, below the project's folder."""
    return "/".join(("ntg_assets", *package.split("."), f"{name}.sql"))


def columns_left_out(outer: Query, made: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Find the columns of whole queries that a query over them does not name.

    Args:
        outer: The query over others.
        made: Columns of each of its nested queries, by the name that `outer` gives it.

    Returns:
        The columns that vanish, by nested query; empty when nothing does.
    """
    text = COMMENT.sub("", outer.text)
    left_out = {
        name: [column for column in made[name] if not _is_named(column, name, text)]
        for name, source in outer.tables.items()
        if isinstance(source, Query) and source.is_whole
    }
    return {name: columns for name, columns in left_out.items() if columns}


def _is_named(column: str, table: str, text: str) -> bool:
    qualified = rf"\b{table}\." if re.search(rf"\b{table}\.", text) else r"\b"
    return bool(re.search(rf"{qualified}(?:{re.escape(column)}\b|\*)", text))


@cache
def read_sql(package: str, name: str) -> str:
    """Text of one SQL file of a package."""
    return (
        resources.files("ntg_assets")
        .joinpath(*package.split("."), f"{name}.sql")
        .read_text(encoding="utf-8")
    )


def quote_identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
