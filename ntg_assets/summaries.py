"""What a table says of itself where people look at it: numbers over time, and rows worth seeing.

A contract may say more of its table than what it promises:

    @contract("churn_scores")
    @summary(
        measures={"mean_churn_probability": "avg(churn_probability)"},
        columns=("user_id", "churn_probability", "reason_1"),
        order=("churn_probability desc",),
    )
    class ChurnScores(Contract): ...

What it does not say is derived from its columns, so a new table has numbers from its first day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from ntg_assets.contracts import Contract, Model, column_names, key_of
from ntg_assets.sql import quote_identifier

MOST_DERIVED = 8
COUNTED = 3  # a mean of no rows is no number; these are, on any night
MOST_COLUMNS = 8
FIRST_IN_ORDER = ("rank", "position", "day")


@dataclass(frozen=True)
class Summary:
    """What a contract says of how its table is shown.

    `{table}` in a measure or a condition is the table.

    Attributes:
        measures: SQL aggregates over the table by their names, which stay: they are plotted over
            runs.
        where: Rows that the measures look at; none: all.
        columns: Columns of the sample.
        order: Terms of the sample's `order by`.
    """

    measures: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    columns: Sequence[str] = ()
    order: Sequence[str] = ()


_SUMMARIES: dict[type[Contract], Summary] = {}


def summary(
    *,
    measures: Mapping[str, str] | None = None,
    where: str = "true",
    columns: Sequence[str] = (),
    order: Sequence[str] = (),
) -> Callable[[Model], Model]:
    """Say which numbers describe the decorated contract's table, and which rows and columns show
    it.

    Args:
        measures: SQL aggregates by name; none: derived from the columns.
        where: Rows that they look at.
        columns: Columns of the sample, at most eight; none: the first of the contract.
        order: Terms of `order by`; none: by rank or position, then the key.
    """

    def register(model: Model) -> Model:
        _SUMMARIES[model] = Summary(measures or {}, where, tuple(columns), tuple(order))
        return model

    return register


def measures_of(model: type[Contract]) -> dict[str, str]:
    """SQL aggregates that describe a table, by name: what its contract says, else how many
    different values three of its columns hold (to about 2%; keys first), means of its numbers and
    shares of its flags.
    """
    stated = _SUMMARIES.get(model, Summary()).measures
    if stated:
        return dict(stated)
    columns, key = model.to_schema().columns, key_of(model)
    means = {
        _derived_name(name, column.dtype): f"avg(cast({quote_identifier(name)} as double))"
        for name, column in columns.items()
        if _is_number(column.dtype) and not _is_label(name, column, key)
    }
    return dict(list({**counts_of(model), **means}.items())[:MOST_DERIVED])


def counts_of(model: type[Contract]) -> dict[str, str]:
    """SQL aggregates that have a value on any rows, none included: how many different values the
    first columns hold, those that say which row it is before words before numbers.
    """
    columns, key = model.to_schema().columns, key_of(model)
    labels = [name for name, column in columns.items() if _is_label(name, column, key)]
    words = [name for name, column in columns.items() if not _is_number(column.dtype)]
    return {
        f"distinct_{name}": f"approx_count_distinct({quote_identifier(name)})"
        for name in [*dict.fromkeys([*labels, *words, *columns])][:COUNTED]
    }


def measured_rows(model: type[Contract]) -> str:
    """SQL condition on the rows that the measures look at."""
    return _SUMMARIES.get(model, Summary()).where


def sample_columns(model: type[Contract]) -> list[str]:
    """Columns that a sample of the table shows."""
    stated = _SUMMARIES.get(model, Summary()).columns
    return list(stated or column_names(model))[:MOST_COLUMNS]


def sample_order(model: type[Contract]) -> list[str]:
    """Terms of the `order by` of a sample."""
    if stated := _SUMMARIES.get(model, Summary()).order:
        return list(stated)
    names = column_names(model)
    first = [name for name in FIRST_IN_ORDER if name in names]
    rest = [name for name in key_of(model) if name not in first]
    return [quote_identifier(name) for name in [*first, *rest]]


def user_columns(model: type[Contract]) -> set[str]:
    """Columns that name a person."""
    return {
        name
        for name, column in model.to_schema().columns.items()
        if (column.metadata or {}).get("id") == "user"
    }


def _dtype(dtype: object) -> pl.DataType | type[pl.DataType] | None:
    return getattr(dtype, "type", None)


def _is_number(dtype: object) -> bool:
    polars_type = _dtype(dtype)
    return polars_type is not None and (polars_type == pl.Boolean or bool(polars_type.is_numeric()))


def _is_label(name: str, column: object, key: Sequence[str]) -> bool:
    """Whether a number only says which row it is."""
    metadata = getattr(column, "metadata", None) or {}
    return name in key or "id" in metadata or name in FIRST_IN_ORDER


def _derived_name(name: str, dtype: object) -> str:
    if _dtype(dtype) == pl.Boolean:
        return f"share_{name.removeprefix('is_')}"
    return name if name.startswith(("mean_", "median_")) else f"mean_{name}"
