"""Two makings of one table held against each other, column by column."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl


class Difference(NamedTuple):
    """One column that two makings of a table do not share, or its rows (`rows`).

    Attributes:
        column: The column; `ROWS` where one making has rows that the other lacks.
        n_rows: Rows that differ.
        example: The first of them, by key.
    """

    column: str
    n_rows: int
    example: str


ROWS = "rows"
MADE, AGAIN = "made", "again"


def differences(
    made: pl.DataFrame,
    again: pl.DataFrame,
    *,
    key: Sequence[str],
    columns: Collection[str] | None = None,
    same_rows: bool = True,
) -> list[Difference]:
    """Find the columns in which two makings of one table differ, to the last bit.

    Args:
        made: One making.
        again: The other one, with the same columns.
        key: What identifies a row; none: rows are held against each other in their order as sets.
        columns: Columns that are compared; none: all.
        same_rows: Whether both must have the same rows; else only those that both have are asked.
    """
    if made.schema == again.schema and made.equals(again):  # numbers of two types may be equal
        return []
    compared = [name for name in made.columns if columns is None or name in columns]
    if not key:
        return _of_sets(made.select(compared), again.select(compared))
    if other_types := [
        Difference(name, made.height, f"{MADE} {made.schema[name]}, {AGAIN} {again.schema[name]}")
        for name in compared
        if made.schema[name] != again.schema[name]
    ]:
        return other_types
    unlike_columns = []
    if same_rows and (lone := _lone_rows(made, again, key)).height:
        unlike_columns.append(Difference(ROWS, lone.height, _shown(lone.row(0), key)))
    both = made.join(again, on=list(key), how="inner", suffix=f"_{AGAIN}").sort(key)
    for name in compared:
        if name in key:
            continue
        unlike = both.filter(~pl.col(name).eq_missing(pl.col(f"{name}_{AGAIN}")))
        if unlike.height:
            first = unlike.select(*key, name, f"{name}_{AGAIN}").row(0)
            unlike_columns.append(
                Difference(name, unlike.height, _shown(first, [*key, MADE, AGAIN]))
            )
    return unlike_columns


def moved_columns(made: pl.DataFrame, again: pl.DataFrame) -> set[str]:
    """Return the columns whose values are not the same ones in another making."""
    return {
        name
        for name in made.columns
        if made.height != again.height or not made[name].sort().equals(again[name].sort())
    }


def _of_sets(made: pl.DataFrame, again: pl.DataFrame) -> list[Difference]:
    first, second = made.sort(made.columns), again.sort(again.columns)
    if first.height != second.height:
        return [
            Difference(
                ROWS, abs(first.height - second.height), f"{first.height} and {second.height}"
            )
        ]
    return [
        Difference(name, int(unlike.sum()), f"{first[name].filter(unlike)[0]}")
        for name in first.columns
        if (unlike := first[name].ne_missing(second[name])).any()
    ]


def _lone_rows(made: pl.DataFrame, again: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    keys = list(key)
    return pl.concat(
        [
            made.select(keys).join(again.select(keys), on=keys, how="anti", nulls_equal=True),
            again.select(keys).join(made.select(keys), on=keys, how="anti", nulls_equal=True),
        ]
    ).sort(keys)


def _shown(values: Sequence[object], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
