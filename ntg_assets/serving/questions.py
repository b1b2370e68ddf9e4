"""Questions in SQL to the published store, which no question can change or leave."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from ntg_assets.errors import QueryError
from ntg_assets.sql import quote_identifier

BATCH_ROWS = 10_000
SHOWN_DIGITS = 6  # of a fraction, where a person reads it
FRACTIONS = frozenset({"DOUBLE", "FLOAT"})


def show_rows(
    connection: duckdb.DuckDBPyConnection,
    question: str,
    *,
    n_rows: int,
    width: int,
    values: Mapping[str, object] | None = None,
) -> None:
    """Print the first rows of a question as a table (of several, those of the last), fractions
    with `SHOWN_DIGITS` digits.

    Args:
        connection: Where.
        question: SQL.
        n_rows: Most rows that are shown.
        width: Characters of a line.
        values: Parameters of the question.

    Raises:
        QueryError: it cannot be answered as it is written.
    """
    with _explained():
        rows = connection.sql(question, params=dict(values) if values else None)
        if rows is not None:  # a statement without rows
            rows.project(_shown(rows)).show(max_rows=n_rows, max_width=width)


def _shown(rows: duckdb.DuckDBPyRelation) -> str:
    """Select every column, fractions rounded; all as they are where two have one name."""
    if len(set(rows.columns)) < len(rows.columns):
        return "*"
    names = [quote_identifier(name) for name in rows.columns]
    return ", ".join(
        f"case when {name} = 0 or not isfinite({name}) then {name} else round({name}, greatest(0,"
        f" {SHOWN_DIGITS - 1} - cast(floor(log10(abs({name}))) as integer))) end as {name}"
        if str(kind) in FRACTIONS
        else name
        for name, kind in zip(names, rows.types, strict=True)
    )


def all_rows(
    connection: duckdb.DuckDBPyConnection, question: str
) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    """Return the columns of a question, and its rows batch by batch.

    Raises:
        QueryError: it cannot be answered as it is written; also while the rows are taken.
    """
    with _explained():
        ran = connection.execute(question)
        return [name for name, *_ in ran.description or []], _batches(ran)


def _batches(ran: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    with _explained():
        while batch := ran.fetchmany(BATCH_ROWS):
            yield from batch


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(
            f"{str(error).strip()} (`from answers.dictionary` says what there is)"
        ) from None
