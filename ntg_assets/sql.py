"""SQL as values: a query text from a file, the tables it reads, the values bound to it.

A `Query` returned by an asset runs inside the store, so its rows never pass through Python. The
same query over frames runs in memory (`run`), which is how the computation is used and tested
without Dagster. What SQL cannot make and memory should not hold comes as a `Stream`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Union

import polars as pl
import pyarrow as pa

Source = Union["Table", "Query", pl.DataFrame, pl.LazyFrame, pa.Table]


@dataclass(frozen=True)
class Table:
    """A stored table, by name: a handle that reads nothing."""

    schema: str
    name: str

    @property
    def quoted(self) -> str:
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"


@dataclass(frozen=True)
class Query:
    """One `select`: its text, what each table name in it stands for,
    the values of its `$parameters`.
    """

    text: str
    tables: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Rows of one table that come frame by frame (at least one,
    all with the same columns), so that no one holds them all.
    """

    frames: Iterable[pl.DataFrame]


def query(package: str, name: str, tables: Mapping[str, Source], **parameters: Any) -> Query:
    """Make a query from the file `<name>.sql` of a package of `ntg_assets`.

    Args:
        package: Package that holds the file, below `ntg_assets` and dotted (`experiments.data`).
        name: File stem, which is the name of the table it makes.
        tables: Table names used in the text, with what they stand for (a stored table, a frame,
        another query).
        parameters: Values of the `$parameters` of the text.
    """
    return Query(read_sql(package, name), dict(tables), parameters)


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
