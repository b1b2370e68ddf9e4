"""Columns of the planted world's tables, as the contracts have them, with the ids of its log."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import polars as pl

from ntg_assets.contracts import IdTypes, contract_of, schema_of

INTEGER_IDS = IdTypes("integer", "integer")


@cache
def types_of(table: str) -> Mapping[str, pl.DataType]:
    """Type of each column of a table, in the contract's order.

    Args:
        table: Its name, of whatever stage.
    """
    columns = schema_of(contract_of(table), INTEGER_IDS).columns
    return MappingProxyType({name: column.dtype.type for name, column in columns.items()})


def no_rows(table: str) -> pl.DataFrame:
    """Make a table without rows.

    Args:
        table: Its name.
    """
    return pl.DataFrame(schema=types_of(table))
