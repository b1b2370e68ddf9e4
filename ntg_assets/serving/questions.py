"""Questions in SQL to the published store, which no question can change or leave."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from ntg_assets.errors import QueryError

BATCH_ROWS = 10_000


def show_rows(
    connection: duckdb.DuckDBPyConnection,
    question: str,
    *,
    n_rows: int,
    width: int,
    values: Mapping[str, object] | None = None,
) -> None:
    """Print the first rows of a question as a table (of several, those of the last).

    Raises:
        QueryError: it cannot be answered as it is written.
    """
    with _explained():
        rows = connection.sql(question, params=dict(values) if values else None)
        if rows is not None:  # a statement without rows
            rows.show(max_rows=n_rows, max_width=width)


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
