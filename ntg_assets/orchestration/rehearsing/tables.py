"""Tables of one rehearsal: rows stay in memory as they are given and made, a query finds those that
it names stored, and what an earlier rehearsal made of the same tables is taken over.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from ntg_assets.declared_reads import require_declared
from ntg_assets.sql import Query, Source, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, run

Tables = dict[Table, pl.DataFrame]


@dataclass
class RehearsalTables:
    """What is given and made, with a database in memory for queries.

    Attributes:
        connection: The database.
        given: Tables that no step makes.
        before: Tables of an earlier rehearsal; none: nothing is taken over.
    """

    connection: Connection
    given: Mapping[Table, pl.DataFrame]
    before: Mapping[Table, pl.DataFrame]
    _made: Tables = field(default_factory=dict)
    _stored: set[Table] = field(default_factory=set)
    _same: set[Table] = field(init=False)

    def __post_init__(self) -> None:
        self._same = {table for table, rows in self.given.items() if self._is_same(table, rows)}

    def rows(self, table: Table) -> pl.DataFrame:
        """Read a table as a step takes it: with the types that the database gives.

        Raises:
            UndeclaredReadError: the step that runs was not issued it.
        """
        require_declared(table)
        if table not in self._made:
            self._made[table] = run(_all_of(self.given[table]), self.connection)
        return self._made[table]

    def read(self, given: Query) -> pl.DataFrame:
        """Run a query over the tables.

        Raises:
            UndeclaredReadError: the step that runs was not issued one that it names.
        """
        require_declared(given)
        for table in _stored_in(given):
            self._store(table)
        return run(given, self.connection)

    def keep(self, table: Table, rows: Query) -> pl.DataFrame:
        """Make a table by a query, and return its rows."""
        made = self._made[table] = self.read(rows)
        if self._is_same(table, made):
            self._same.add(table)
        return made

    def take_over(self, results: Collection[Table], *, of: Collection[Table]) -> Tables | None:
        """Return what was made before of tables that are all the same; None where one is not."""
        if not (self._same.issuperset(of) and self.before.keys() >= {*results}):
            return None
        same = {table: self.before[table] for table in results}
        self._made |= same
        self._same |= same.keys()
        return same

    def _is_same(self, table: Table, rows: pl.DataFrame) -> bool:
        before = self.before.get(table)  # numbers of two types may be equal
        return before is not None and rows.schema == before.schema and rows.equals(before)

    def _store(self, table: Table) -> None:
        """Store a table that is there and not stored yet; a query says of any other what it is."""
        if table in self._stored or not (table in self._made or table in self.given):
            return
        rows = _all_of(self._made[table] if table in self._made else self.given[table])
        schema = quote_identifier(table.schema)
        self.connection.execute(f"create schema if not exists {schema}")
        with bound(self.connection, rows):
            self.connection.execute(f"create table {table.quoted} as {rows.text}")
        self._stored.add(table)


def _all_of(rows: pl.DataFrame) -> Query:
    return Query("select * from incoming", {"incoming": rows})


def _stored_in(source: Source) -> Iterator[Table]:
    """Yield the tables of a query, however deep."""
    if isinstance(source, Table):
        yield source
    elif isinstance(source, Query):
        for part in source.tables.values():
            yield from _stored_in(part)
