"""Ask a large table for the few values that decide whether it keeps its contract.

What holds for the smallest and the largest value of a column holds for all between them; `isin` is
broken by a value that is not allowed, `str_length` by the shortest or the longest text. One pass in
SQL finds these witnesses, and Pandera judges them like any other rows, so the rules are written
once. Witnesses can only clear a table: where they do not, or where a rule is of another kind, all
rows are judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl

from ntg_assets.sql import Query, Source, Table, quote_identifier
from ntg_assets.storage.run import run
from ntg_assets.violations import violations

RANGES = frozenset(
    {"greater_than_or_equal_to", "greater_than", "less_than_or_equal_to", "less_than"}
)
ALLOWED = "isin"
LENGTH = "str_length"
KNOWN = RANGES | {ALLOWED, LENGTH}


def are_enough(schema: pa.DataFrameSchema) -> bool:
    """Whether witnesses can speak for every rule of a contract (its key apart,
    which the store asks by itself).
    """
    columns = schema.columns.values()
    return not schema.checks and not any(
        column.unique or {check.name for check in column.checks} - KNOWN for column in columns
    )


def extremes_keep_contract(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema
) -> bool:
    """Whether the witnesses of a stored table keep its contract; then all its rows do.

    Args:
        connection: Holds the table.
        table: The table, with the columns of the contract.
        schema: The contract; witnesses must be enough for it.
    """
    return not violations(find_witnesses(connection, table, schema), schema)


def find_witnesses(
    connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema
) -> pl.DataFrame:
    """Return a handful of rows, put together from values of a table,
    that break a contract if any row of the table does.

    Returns:
        The columns of the contract; a column that holds a null shows one. No rows for an empty
        table.
    """
    return run(witnesses_of(table, schema), connection)


def witnesses_of(table: Source, schema: pa.DataFrameSchema) -> Query:
    """Make the question whose answer is the witnesses of a table; see `find_witnesses`."""
    columns = [
        _Asked.of(number, name, found)
        for number, (name, found) in enumerate(schema.columns.items())
    ]
    asked = ",\n    ".join(part for column in columns for part in column.questions)
    n_rows = max(len(column.answers) for column in columns)
    rows = "\nunion all\n".join(
        f"select {', '.join(column.answer(place) for column in columns)} from asked where"
        " n_rows > 0"
        for place in range(n_rows)
    )
    text = (
        f"with asked as (\nselect\n    count(*) as n_rows,\n    {asked}\nfrom written\n)\n\n{rows}"
    )
    return Query(
        text,
        {"written": table},
        {name: values for column in columns for name, values in column.parameters.items()},
    )


@dataclass(frozen=True)
class _Asked:
    """What is asked of one column, and how the answers are called."""

    name: str
    questions: list[str]
    answers: list[str]
    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, number: int, name: str, column: pa.Column) -> "_Asked":
        rules = {check.name: check.statistics for check in column.checks}
        parameters = (
            {f"allowed_{number}": list(rules[ALLOWED]["allowed_values"])}
            if ALLOWED in rules
            else {}
        )
        values = _witnesses(
            quote_identifier(name),
            f"$allowed_{number}",
            rules,
            is_float=column.dtype.type.is_float(),
        )
        questions = [f"{value} as c{number}_{place}" for place, value in enumerate(values)]
        questions.append(f"count({quote_identifier(name)}) as c{number}_known")
        answers = [f"c{number}_{place}" for place in range(len(values))]
        answers.append(f"case when c{number}_known = n_rows then c{number}_0 end")
        return cls(quote_identifier(name), questions, answers, parameters)

    def answer(self, place: int) -> str:
        return f"{self.answers[place % len(self.answers)]} as {self.name}"


def _witnesses(column: str, allowed: str, rules: Mapping[str, Any], *, is_float: bool) -> list[str]:
    """SQL of the values that speak for a column: each is null only when the column holds nothing
    else.
    """
    values = [f"any_value({column})"]
    # not a number (NaN) is the largest of all, here as in polars
    if RANGES & rules.keys() or is_float:
        values += [f"min({column})", f"max({column})"]
    if LENGTH in rules:
        values += [f"arg_min({column}, length({column}))", f"arg_max({column}, length({column}))"]
    if ALLOWED in rules:
        values.append(
            f"coalesce(any_value(case when not list_contains({allowed}, {column}) then {column}"
            f" end), any_value({column}))"
        )
    return values
