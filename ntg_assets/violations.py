"""What a table did not keep of its contract, rule by rule."""

from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

# a message names this many offenders; the whole table goes to the run's metadata
MAX_SHOWN_FAILURES = 3


class Violation(NamedTuple):
    """One broken rule of a contract: which check of which column, how often,
    with first examples.
    """

    column: str
    check: str
    n_rows: int
    examples: str


def violations(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> list[Violation]:
    """List the broken rules of an eager frame; uniqueness of the key is not asked here
    (the store asks it in SQL).
    """
    try:
        _without_unique(schema).validate(frame, lazy=True)
    except SchemaErrors as error:
        return list(_group_failures(error.failure_cases))
    return []


def describe_violations(table: str, broken: list[Violation]) -> str:
    """Say in one sentence what a table did not keep."""
    sentences = "; ".join(
        f"{v.column}: {v.check} fails for {v.n_rows} rows (such as {v.examples})" for v in broken
    )
    return f"{table}: not stored, its contract is broken: {sentences}."


def _without_unique(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    relaxed = copy(schema)
    relaxed.unique = None
    return relaxed


def _group_failures(cases: pl.DataFrame) -> Iterator[Violation]:
    grouped = cases.group_by("column", "check", maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("failure_case").cast(pl.String).head(MAX_SHOWN_FAILURES).alias("examples"),
    )
    for column_name, check, n_rows, examples in grouped.iter_rows():
        yield Violation(
            str(column_name), str(check), n_rows, ", ".join(str(example) for example in examples)
        )
