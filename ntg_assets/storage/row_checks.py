"""Hold the stored rows of a table against its contract: every value, and that keys are unique."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pandera.polars as pa
import polars as pl

from ntg_assets.errors import ContractError
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.storage.extreme_values import are_enough, extremes_keep_contract
from ntg_assets.violations import Violation, describe_violations, violations

CHECKED_ROWS_AT_ONCE = 1_000_000  # a contract then costs the memory of one batch, not of the table
SORTED_KEYS_AT_ONCE = 12_500_000  # 100 MB of hashes; more are sorted part by part
FEW_ROWS = 10_000  # below, one frame is asked for all; above, sorting hashes of keys costs less
EXAMPLES = 3


class BrokenContractError(ContractError):
    """A write was refused; `violations` holds every broken rule."""

    def __init__(self, table: str, broken: list[Violation]) -> None:
        super().__init__(describe_violations(table, broken))
        self.violations = broken


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    schema: pa.DataFrameSchema,
    key: list[str],
    *,
    n_rows: int,
) -> None:
    """Hold stored rows against a schema and a key.

    Args:
        connection: Open store.
        table: Stored; read batch by batch.
        schema: Types and limits of each column.
        key: Columns that name a row; none: nothing is asked.
        n_rows: Rows of the table.

    Raises:
        BrokenContractError: a value breaks a rule, or the key is not unique.
    """
    if n_rows <= FEW_ROWS:
        keys_differ = _validate_at_once(connection, table, schema, key)
    else:
        is_large = n_rows > CHECKED_ROWS_AT_ONCE
        if not (
            is_large and are_enough(schema) and extremes_keep_contract(connection, table, schema)
        ):
            validate_all_rows(connection, table, schema)
        keys_differ = bool(key) and _key_hashes_differ(connection, table, key, n_rows)
    if key and not keys_differ and (doubled := doubled_keys(connection, table, key)):
        raise BrokenContractError(f"{table.schema}.{table.name}", [doubled])


def _validate_at_once(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema, key: list[str]
) -> bool:
    """Read a small table once, for its values and for its keys: whether all keys differ.

    Raises:
        BrokenContractError: a row breaks the contract.
    """
    rows = connection.sql(f"select * from {table.quoted}").pl()
    if broken := violations(rows, schema):
        raise BrokenContractError(f"{table.schema}.{table.name}", broken)
    return bool(key) and rows.select(key).n_unique() == rows.height


def validate_all_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema
) -> None:
    """Hold every row of a table against its contract, batch by batch; its key is not asked.

    Raises:
        BrokenContractError: a row breaks it.
    """
    for batch in batches(connection, table):
        if broken := violations(batch, schema):
            raise BrokenContractError(f"{table.schema}.{table.name}", broken)


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
