"""Hold a version against its contract where it lies."""

from pathlib import Path
from typing import NamedTuple

from ntg_assets.contracts import Contract, IdTypes, key_of, schema_of
from ntg_assets.engines.spark.placed import Placed
from ntg_assets.engines.versions import rows_of
from ntg_assets.sql import Query, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.extreme_values import are_enough, witnesses_of
from ntg_assets.storage.row_checks import BrokenContractError, doubled_keys, validate_all_rows
from ntg_assets.violations import violations

HASH_BITS = 64


class Counted(NamedTuple):
    """What a pass over a version counted."""

    n_rows: int
    content_hash: str


def validate(
    placed: Placed, table: Table, folder: Path, model: type[Contract], *, ids: IdTypes
) -> None:
    """Refuse a version whose rows do not keep the contract.

    Values are judged by their extremes, and keys counted, on the cluster. What they cannot clear
    is read here batch by batch, so that the message names the rows.

    Args:
        placed: The queries of this write.
        table: Where the rows are meant to go.
        folder: The version, shown as `candidate` here.
        model: The contract.
        ids: How the source writes ids.

    Raises:
        BrokenContractError: a type or value is wrong, a key is not unique.
    """
    types = shape_of(placed.connection, folder)
    candidate = placed.shown(folder, types)
    there = Placed(placed.cluster, placed.connection, {candidate: folder}, placed.undo)
    schema, key = schema_of(model, ids), key_of(model)
    name = f"{table.schema}.{table.name}"
    is_cleared = are_enough(schema) and not violations(
        there.rows(witnesses_of(candidate, schema)), schema
    )
    try:
        if not is_cleared:
            validate_all_rows(placed.connection, candidate, schema)
    except BrokenContractError as broken:
        raise BrokenContractError(name, broken.violations) from None
    if key and count_doubled(there, candidate, key):
        doubled = doubled_keys(placed.connection, candidate, key)
        raise BrokenContractError(name, [doubled] if doubled else [])


def count_doubled(placed: Placed, table: Table, key: list[str]) -> int:
    """Count the keys that stand for more than one row."""
    columns = ", ".join(quote_identifier(name) for name in key)
    text = (
        f"with doubled as (select {columns} from written group by {columns} having count(*) > 1)"
        " select count(*) as n from doubled"
    )
    return int(placed.rows(Query(text, {"written": table})).item())


def count(placed: Placed, folder: Path) -> Counted:
    """Count the rows of a version, and hash them as a multiset: equal for equal rows in any order,
    within one kind of engine (a hash of nulls alone is none, so it is told where they are).
    """
    frame = placed.cluster.read_folder(folder)
    names = [f"`{name}`" for name in frame.columns]
    hashed = ", ".join([*names, *(f"{name} is null" for name in names)])
    counts = frame.selectExpr(
        "count(*) as n_rows",
        f"coalesce(sum(cast(xxhash64({hashed}) as decimal(38, 0))), 0) as total",
    )
    with placed.cluster.explained(str(folder)):
        [row] = counts.toArrow().to_pylist()
    total = int(row["total"]) % 2**HASH_BITS
    return Counted(int(row["n_rows"]), f"{row['n_rows']:x}-{total:016x}")


def shape_of(connection: Connection, folder: Path) -> dict[str, str]:
    """Return the columns of a version with the types that DuckDB reads them with."""
    described = connection.execute(f"describe select * from {rows_of(folder)}").fetchall()
    return {name: type_ for name, type_, *_ in described}
