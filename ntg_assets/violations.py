"""What a table did not keep of its contract, rule by rule."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any, NamedTuple

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

# a message names this many offenders; the whole table goes to the run's metadata
MAX_SHOWN_FAILURES = 3
ANY_LENGTH = (0, 2**32 - 1)


def _length_fits(value: pl.Expr, limits: Mapping[str, Any]) -> pl.Expr:
    if (exact := limits.get("exact_value")) is not None:
        return value.str.len_chars() == exact
    least, most = (
        default if limits.get(name) is None else limits[name]
        for name, default in zip(("min_value", "max_value"), ANY_LENGTH, strict=True)
    )
    return value.str.len_chars().is_between(least, most)


def _matches(value: pl.Expr, limits: Mapping[str, Any]) -> pl.Expr:
    pattern = str(getattr(limits["pattern"], "pattern", limits["pattern"]))
    return value.str.contains(pattern if pattern.startswith("^") else f"^{pattern}")


# Pandera's rules as polars says them; a null breaks none
Rule = Callable[[pl.Expr, Mapping[str, Any]], pl.Expr]
RULES: dict[str, Rule] = {
    "greater_than_or_equal_to": lambda value, limits: value >= limits["min_value"],
    "greater_than": lambda value, limits: value > limits["min_value"],
    "less_than_or_equal_to": lambda value, limits: value <= limits["max_value"],
    "less_than": lambda value, limits: value < limits["max_value"],
    "isin": lambda value, limits: value.is_in(list(limits["allowed_values"])),
    "str_length": _length_fits,
    "str_matches": _matches,
}


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
    return [] if surely_keeps(frame, schema) else validate_rules(frame, schema)


def validate_rules(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> list[Violation]:
    """Let Pandera judge every rule, uniqueness of the key apart."""
    try:
        _without_unique(schema).validate(frame, lazy=True)
    except SchemaErrors as error:
        return list(_group_failures(error.failure_cases))
    return []


def surely_keeps(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> bool:
    """Whether one pass over a frame shows that it keeps every rule (uniqueness of the key apart).

    False convicts nobody: where a rule is broken, or is of a kind that is not known here, Pandera
    judges, and names the rows. Nearly all tables are cleared, at a tenth of its cost.
    """
    columns = schema.columns
    if schema.checks or frame.columns != list(columns):
        return False
    conditions: list[pl.Expr] = []
    for (name, dtype), column in zip(frame.schema.items(), columns.values(), strict=True):
        known = [RULES.get(str(check.name)) for check in column.checks]
        if column.unique or None in known or column.dtype is None or dtype != column.dtype.type:
            return False
        value = pl.col(name)
        if not column.nullable:
            conditions.append(value.null_count() == 0)
        if dtype.is_float():  # Pandera takes one that is no number for a null
            conditions.append(value.is_nan().any().not_())
        conditions += [
            rule(value, check.statistics).all()
            for rule, check in zip(known, column.checks, strict=True)
            if rule is not None
        ]
    return not conditions or bool(frame.select(pl.all_horizontal(conditions)).item())


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
