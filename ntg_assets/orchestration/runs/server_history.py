"""Take people out of a history of runs that lies in PostgreSQL, as in the container stack."""

from collections.abc import Collection
from contextlib import closing
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log import (
    ConsolidatedSqliteEventLogStorage,
    SqliteEventLogStorage,
)

from ntg_assets.errors import StorageError
from ntg_assets.orchestration.runs.run_history import clean_entry, spellings

URL = "postgres_url"  # of Dagster's storage for PostgreSQL
IN_FILES = (SqliteEventLogStorage, ConsolidatedSqliteEventLogStorage)
PLACE: sa.ColumnElement[Any] = sa.literal_column("ctid", sa.Text)  # of a row, with or without a key
NOT_CLEANED = "the history of runs lies in {kind}, which NTG cannot rewrite: it still names them"


def remove_from_server_history(
    instance: dg.DagsterInstance, ids: Collection[str]
) -> tuple[dict[str, int], str | None]:
    """Rewrite what names people in Dagster's tables, by the rules of `clean_entry`, and vacuum.

    Args:
        instance: The history; one in SQLite files is left to `remove_from_run_history`.
        ids: Who, as the log writes ids.

    Returns:
        Entries that were changed, by table; and what could not be rewritten, in words.

    Raises:
        StorageError: the server cannot be reached, or refuses.
    """
    events = instance.event_log_storage
    url = getattr(events, URL, None)
    if url is None:
        is_cleaned = isinstance(events, IN_FILES)
        return {}, None if is_cleaned else NOT_CLEANED.format(kind=type(events).__name__)
    try:
        return clean_server(url, ids), None
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise StorageError(
            f"the history of runs cannot be rewritten: {reason}. All else is done; call"
            " `ntg forget` again, which completes it."
        ) from None


def clean_server(url: str, ids: Collection[str]) -> dict[str, int]:
    """Rewrite each text of each table of a database that names one of `ids`.

    Args:
        url: Address of the database, as SQLAlchemy takes it.
        ids: Who.

    Returns:
        Entries that were changed, by table.
    """
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    tables = sa.MetaData()
    tables.reflect(engine)
    changed = {}
    with closing(engine.connect()) as connection:
        for table in tables.sorted_tables:
            with connection.begin():
                n_changed = sum(_clean(connection, column, ids) for column in _texts(table))
            if n_changed:
                changed[table.name] = n_changed
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in changed:  # else what was there stays in dead rows
            connection.execute(sa.text(f"vacuum full {_quoted(engine, name)}"))
    return changed


def _texts(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, sa.String)]


def _clean(connection: sa.Connection, column: sa.Column[Any], ids: Collection[str]) -> int:
    names_one = sa.or_(*(sa.func.strpos(column, user) > 0 for user in sorted(spellings(ids))))
    rows = connection.execute(sa.select(PLACE, column).where(names_one)).all()
    n_changed = 0
    for place, text in rows:
        cleaned = clean_entry(text, ids)
        if cleaned != text:
            mend = sa.update(column.table).where(sa.cast(PLACE, sa.Text) == place)
            connection.execute(mend.values({column: cleaned}))
            n_changed += 1
    return n_changed


def _quoted(engine: sa.Engine, name: str) -> str:
    return engine.dialect.identifier_preparer.quote_identifier(name)
