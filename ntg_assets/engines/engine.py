"""The few methods between an asset and whatever runs its queries and keeps its tables.

An asset never runs anything: it takes tables by name, and returns rows, a `Query` or a `Stream`.
Six things happen to them, and an engine is who does these six:

- `write` stores what an asset returned (the IO manager asks for it): contract first, all or
  nothing, and says what was written (`Written`: rows, content hash, types, numbers, a sample);
- `read` answers a `Query` with rows (`project.read`);
- `blocks` yields columns of a stored table (`project.columns`);
- `apply` runs a `Kernel` over a stored table (`project.apply`): matrix work that no SQL says;
- `file_workers` offers workers to whoever reads source files (`project.file_workers`);
- `version` names what a stored table holds (the memory of runs compares it), none: no such table.

`DuckDBEngine` is `storage/` as it stands. `SparkEngine` keeps the tables whose contract says
`grows_with_events` on a cluster, runs there whatever names one of them, and hands every other
result to this process's DuckDB. Every method is given the open warehouse, which stays the one
truth: it holds the small tables themselves, and of each table on the cluster a view of the version
that counts. So existence, types, samples, lineage and publication need no second way.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import polars as pl

from ntg_assets.contracts import Contract, IdTypes
from ntg_assets.engines.kernel import FileWorkers, Kernel
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.tables import Written

Made = TypeVar("Made")


class Engine(Protocol):
    """What runs queries and keeps tables. `connection` is always the open warehouse."""

    def begin(self, connection: Connection) -> None:
        """Make ready for a run: what another engine left in the warehouse is not this one's.

        Raises:
            EngineError: the engine cannot be reached, or not be used as it is configured.
        """

    def write(
        self,
        connection: Connection,
        table: Table,
        rows: Query | Stream,
        model: type[Contract],
        *,
        ids: IdTypes,
    ) -> Written:
        """Replace a table by rows that keep its contract, or leave it as it was.

        Raises:
            BrokenContractError: they do not.
            EngineError: the engine failed on the way.
        """

    def read(self, connection: Connection, query: Query) -> pl.DataFrame:
        """Answer a question; the column types are those that DuckDB gives it."""

    def blocks(
        self, connection: Connection, table: Table, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Yield columns of a stored table, frame by frame (at least one)."""

    def apply(self, connection: Connection, table: Table, kernel: Kernel[Made]) -> Made:
        """Run a kernel over a stored table; every engine gives the same bits."""

    def file_workers(self, connection: Connection) -> AbstractContextManager[FileWorkers | None]:
        """Offer workers that see the source files, while the block runs; none: this process reads
        them itself.
        """

    def version(self, connection: Connection, table: Table) -> str | None:
        """Name what a stored table holds: equal for equal rows, within one engine; none: there is
        no such table, or not where this engine keeps it.
        """

    def close(self) -> None:
        """Let go of what was opened."""
