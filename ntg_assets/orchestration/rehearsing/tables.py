"""Tables of one rehearsal: each is stored when a step first reads it, and what an earlier rehearsal
made of the same tables is taken over.
"""

from collections.abc import Collection, Iterable, Mapping

import polars as pl

from ntg_assets.sql import Query, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, run

Tables = dict[Table, pl.DataFrame]


class RehearsalTables:
    """What is given and made, in a database in memory.

    Args:
        connection: The database.
        given: Tables that no step makes.
        before: Tables of an earlier rehearsal; none: nothing is taken over.
    """

    def __init__(
        self,
        connection: Connection,
        given: Mapping[Table, pl.DataFrame],
        before: Mapping[Table, pl.DataFrame],
    ) -> None:
        self._connection = connection
        self._waiting = dict(given)  # not stored yet
        self._before = before
        self._same = {table for table, rows in given.items() if self._is_same(table, rows)}

    def lay_out(self, tables: Iterable[Table]) -> None:
        """Store the tables of these that are known and not stored yet."""
        for table in tables:
            if (rows := self._waiting.pop(table, None)) is not None:
                self._store(table, Query("select * from incoming", {"incoming": rows}))

    def keep(self, table: Table, rows: Query) -> pl.DataFrame:
        """Store what a step made, and return it."""
        self._store(table, rows)
        stored = run(Query("select * from stored", {"stored": table}), self._connection)
        if self._is_same(table, stored):
            self._same.add(table)
        return stored

    def take_over(self, results: Collection[Table], *, of: Collection[Table]) -> Tables | None:
        """Return what was made before of tables that are all the same; None where one is not."""
        if not (self._same.issuperset(of) and self._before.keys() >= {*results}):
            return None
        same = {table: self._before[table] for table in results}
        self._waiting |= same
        self._same |= same.keys()
        return same

    def _is_same(self, table: Table, rows: pl.DataFrame) -> bool:
        return table in self._before and rows.equals(self._before[table])

    def _store(self, table: Table, rows: Query) -> None:
        self._connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
        with bound(self._connection, rows):
            statement = f"create table {table.quoted} as {rows.text}"
            self._connection.execute(statement, dict(rows.parameters) or None)
