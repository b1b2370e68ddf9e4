"""Write a table so that it is whole, keeps its contract and can be recognised again;
read it back.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandera.polars as pa
import polars as pl

from ntg_assets.contracts import (
    Contract,
    IdTypes,
    Violation,
    column_names,
    describe_violations,
    file_of,
    key_of,
    schema_of,
    violations,
)
from ntg_assets.errors import ContractError
from ntg_assets.sql import Query, Stream, Table, quote_identifier
from ntg_assets.storage.describe import measure_table, sample_table
from ntg_assets.storage.extreme_values import acquit, are_enough
from ntg_assets.storage.run import bound

CHECKED_ROWS_AT_ONCE = 1_000_000  # a contract then costs the memory of one batch, not of the table
SORTED_KEYS_AT_ONCE = 12_500_000  # 100 MB of hashes; more are sorted part by part
EXAMPLES = 3
SHAPE_DIGITS = 8


class BrokenContractError(ContractError):
    """A write was refused; `violations` holds every broken rule."""

    def __init__(self, table: str, broken: list[Violation]) -> None:
        super().__init__(describe_violations(table, broken))
        self.violations = broken


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Attributes:
        n_rows: Rows of the table.
        content_hash: The same for the same rows in any order (comparable within one DuckDB
        version).
        column_types: DuckDB type of each column, in order.
        measures: Numbers that describe the content, by name.
        sample: First rows in the table's own order, in the columns that its contract shows.
    """

    n_rows: int
    content_hash: str
    column_types: dict[str, str]
    measures: dict[str, float]
    sample: pl.DataFrame


def write_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: Query | Stream,
    model: type[Contract],
    *,
    ids: IdTypes,
) -> Written:
    """Replace a table by the rows of a query or of a stream of frames, or leave it as it was.

    One transaction, however many frames: the new rows are stored by column name, held against the
    contract, and only then committed. A failure at any point, the end of the process included,
    leaves the old table.

    Raises:
        BrokenContractError: a column is missing or unknown, a type or value is wrong, the key is
            not unique.
    """
    connection.begin()
    try:
        connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
        if isinstance(rows, Stream):
            _store_frames(connection, table, rows, model)
        else:
            _store(connection, table, rows, model)
        _check_rows(connection, table, schema_of(model, ids), key_of(model))
        written = _describe(connection, table, model)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return written


def table_exists(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the store holds the table."""
    try:  # the catalogue's own list describes every table of the store for each question: 3 ms
        connection.execute(f"describe {table.quoted}").fetchall()
    except duckdb.CatalogException:
        return False
    return True


def batches(connection: duckdb.DuckDBPyConnection, table: Table) -> Iterator[pl.DataFrame]:
    """Yield a stored table in frames of at most `CHECKED_ROWS_AT_ONCE` rows
    (one empty frame for an empty table).
    """
    reader = connection.sql(f"select * from {table.quoted}").to_arrow_reader(CHECKED_ROWS_AT_ONCE)
    empty = True
    for batch in reader:
        empty = False
        yield pl.from_arrow(batch)  # type: ignore[misc]  # a record batch always gives a frame
    if empty:
        yield connection.sql(f"select * from {table.quoted} limit 0").pl()


def content_hash(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Hash a table's rows as a multiset: equal for equal rows in any order,
    sensitive to every value.
    """
    columns = column_types_of(connection, table)
    values = ", ".join(quote_identifier(name) for name in columns)
    n_rows, total = connection.execute(
        f"select count(*), coalesce(sum(hash({values})), 0) from {table.quoted}"
    ).fetchall()[0]
    return f"{n_rows:x}-{int(total) % 2**64:016x}"


def version_of(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    """Hash a table's rows, and the names and types of its columns: what a reader of it may see;
    none where there is no such table.
    """
    try:
        column_types = column_types_of(connection, table)
    except duckdb.CatalogException:  # asking for it first costs more than hashing most tables
        return None
    return version_name(content_hash(connection, table), column_types)


def version_written(written: Written) -> str:
    """Name the version of a table that was just written, as `version_of` does."""
    return version_name(written.content_hash, written.column_types)


def version_name(hashed: str, column_types: Mapping[str, str]) -> str:
    """Name a version by the hash of its rows, and by the names and types of its columns."""
    shape = hashlib.sha256(json.dumps(column_types).encode()).hexdigest()[:SHAPE_DIGITS]
    return f"{hashed}-{shape}"


def _store(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: Query, model: type[Contract]
) -> None:
    with bound(connection, rows):
        bound_values = dict(rows.parameters) or None
        found = [
            name
            for name, *_ in connection.execute(f"describe {rows.text}", bound_values).fetchall()
        ]
        check_columns(table, found, model, maker=rows.origin)
        statement = (
            f"create or replace table {table.quoted} as select {_columns(model)} from"
            f" (\n{rows.text}\n)"
        )
        connection.execute(statement, bound_values)


def _store_frames(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: Stream, model: type[Contract]
) -> None:
    is_made = False
    for frame in rows.frames:
        check_columns(table, frame.columns, model, maker="its stream")
        # not `register`: a transaction holds what was registered in it until its end
        incoming = connection.from_arrow(
            frame.select(column_names(model)).to_arrow(compat_level=pl.CompatLevel.newest())
        )
        if is_made:
            incoming.insert_into(table.quoted)
        else:
            connection.execute(f"drop table if exists {table.quoted}")
            incoming.create(table.quoted)
        is_made = True
    if not is_made:
        raise ContractError(
            f"{table.schema}.{table.name}: not stored, no frame came, so its columns are unknown."
            " Yield an empty one."
        )


def _columns(model: type[Contract]) -> str:
    return ", ".join(quote_identifier(name) for name in column_names(model))


def check_columns(table: Table, found: list[str], model: type[Contract], *, maker: str) -> None:
    """Refuse rows whose columns are not those of the contract.

    Args:
        table: Where the rows are meant to go.
        found: Their columns.
        model: The contract.
        maker: What made them, for the message.

    Raises:
        BrokenContractError: a column is missing or unknown.
    """
    wanted = column_names(model)
    broken = [Violation(name, "column is missing", 0, "") for name in wanted if name not in found]
    broken += [
        Violation(name, "column is not in the contract", 0, "")
        for name in found
        if name not in wanted
    ]
    if broken:
        told = "; ".join(f"{v.column}: {v.check}" for v in broken)
        error = BrokenContractError(table.name, broken)
        text = (
            f"{table.schema}.{table.name}: not stored, its contract is broken: {told}. Rows come"
            f" from {maker}, columns must be those of {model.__name__} in {file_of(model)}."
        )
        error.args = (text,)
        raise error


def _check_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema, key: list[str]
) -> None:
    n_rows = int(connection.execute(f"select count(*) from {table.quoted}").fetchall()[0][0])
    is_large = n_rows > CHECKED_ROWS_AT_ONCE
    if not (is_large and are_enough(schema) and acquit(connection, table, schema)):
        judge_all_rows(connection, table, schema)
    if key and is_large and _key_hashes_differ(connection, table, key, n_rows):
        return
    if key and (doubled := doubled_keys(connection, table, key)):
        raise BrokenContractError(f"{table.schema}.{table.name}", [doubled])


def judge_all_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema
) -> None:
    """Hold every row of a table against its contract, batch by batch; its key is not asked.

    Raises:
        BrokenContractError: a row breaks it.
    """
    for batch in batches(connection, table):
        if broken := violations(batch, schema):
            raise BrokenContractError(f"{table.schema}.{table.name}", broken)


def _key_hashes_differ(
    connection: duckdb.DuckDBPyConnection, table: Table, key: list[str], n_rows: int
) -> bool:
    """Whether all keys have different 64-bit hashes,
    which proves them different: a quarter of the cost of grouping them.
    """
    hashed = (
        f"select hash({', '.join(quote_identifier(name) for name in key)}) as hashed from"
        f" {table.quoted}"
    )
    n_parts = -(-n_rows // SORTED_KEYS_AT_ONCE)
    for part in range(n_parts):  # equal keys fall into the same part
        chosen = (
            hashed
            if n_parts == 1
            else f"select hashed from ({hashed}) where hashed % {n_parts} = {part}"
        )
        reader = connection.sql(chosen).to_arrow_reader(CHECKED_ROWS_AT_ONCE)
        hashes = np.concatenate(
            [np.empty(0, np.uint64), *(batch.column(0).to_numpy() for batch in reader)]
        )
        hashes.sort()
        if bool((hashes[1:] == hashes[:-1]).any()):
            return False
    return True


def doubled_keys(
    connection: duckdb.DuckDBPyConnection, table: Table, key: list[str]
) -> Violation | None:
    """Return how many keys of a table stand for more than one row, with examples; none: no key."""
    columns = ", ".join(quote_identifier(name) for name in key)
    grouped = (
        f"select {columns}, count(*) as n from {table.quoted} group by {columns} having"
        " count(*) > 1"
    )
    n_doubled = connection.execute(f"select count(*) from ({grouped})").fetchall()[0][0]
    if not n_doubled:
        return None
    examples = connection.execute(
        f"select {columns} from ({grouped}) order by {columns} limit {EXAMPLES}"
    ).fetchall()
    return Violation(
        ", ".join(key), "unique", n_doubled, ", ".join(str(example) for example in examples)
    )


def _describe(
    connection: duckdb.DuckDBPyConnection, table: Table, model: type[Contract]
) -> Written:
    hashed = content_hash(connection, table)
    return Written(
        n_rows=int(hashed.split("-")[0], 16),
        content_hash=hashed,
        column_types=column_types_of(connection, table),
        measures=measure_table(connection, table, model),
        sample=sample_table(connection, table, model),
    )


def column_types_of(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """Return the DuckDB type of each column of a stored table, in order."""
    return {
        name: type_ for name, type_, *_ in connection.execute(f"describe {table.quoted}").fetchall()
    }
