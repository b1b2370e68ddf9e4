"""A cluster of this process, for tests of kernels and of what reads files."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import polars as pl
import pyarrow as pa

from ntg_assets.engines.kernel import Note, UserWork
from ntg_assets.engines.spark.pair_block import counter
from ntg_assets.engines.user_parts import rows_of_files, work_on_users
from ntg_assets.engines.work_file import read_work, write_work
from ntg_assets.sql import Query, Source
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

N_BLOCKS = 3


class HereFiles:
    """Workers of this process: each file is a part of its own, and goes the way of workers."""

    def __init__(self, shared: Path, *, least_bytes: int = 0) -> None:
        self.shared, self.least_bytes = shared, least_bytes
        self.asked: list[str] = []

    def ask(self, given: Query) -> pl.DataFrame:
        with connect(allowed=[self.shared]) as connection:
            return run(given, connection)

    def by_files(
        self, files: pl.DataFrame, work: UserWork, *, note: Note
    ) -> list[Iterator[pl.DataFrame]]:
        self.asked.append(work.maker.__name__)
        file = write_work(work, files.clear(), self.shared / f"work-{uuid4().hex}")
        note(file.sha256)
        on_files, schema = read_work(str(file.path), file.sha256)
        parts = [
            batch
            for row in files.iter_slices(1)
            for batch in work_on_users(
                iter(row.to_arrow().to_batches()), on_files, schema, self.shared
            )
        ]
        made = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(parts)))
        tables = [made.filter(pl.col("made") == table) for table in range(work.n_tables)]
        return [rows_of_files(self.shared, table) for table in tables]


class HereCluster:
    """A cluster of this process: queries in DuckDB, users counted in blocks as workers would."""

    n_pairs_asked = 0

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def ask(self, given: Query) -> pl.DataFrame:
        return run(given)

    def keep(self, given: Query) -> Source:
        return run(given)

    def pair_counts(self, pairs: Source, *, n_items: int) -> Iterator[pl.DataFrame]:
        self.n_pairs_asked += 1
        rows = run(Query("select user_id, item from pairs", {"pairs": pairs}))
        block = rows["user_id"].hash(7) % N_BLOCKS
        counted = [
            batch
            for number in range(N_BLOCKS)
            for batch in counter(n_items)(
                iter(rows.filter(block == number).to_arrow().to_batches())
            )
        ]
        parts = [
            part for batch in counted if isinstance(part := pl.from_arrow(batch), pl.DataFrame)
        ]
        total = pl.concat(parts).group_by("item", "other").agg(pl.col("n_users").sum())
        yield from total.sort("item", "other").iter_slices(7)

    def by_users(self, rows: Query, work: UserWork, *, note: Note) -> list[Iterator[pl.DataFrame]]:
        """Go the way of workers: the file of the work, blocks of users, files of rows."""
        assert self.folder is not None
        given = run(rows)
        file = write_work(work, given.clear(), self.folder / f"work-{uuid4().hex}")
        note(file.sha256)
        block = given["user_id"].hash(7) % N_BLOCKS
        parts = []
        for number in range(N_BLOCKS):
            part = given.filter(block == number).sample(fraction=1.0, shuffle=True, seed=1)
            batches = part.to_arrow().to_batches(11)
            on_users, schema = read_work(str(file.path), file.sha256)
            parts += list(work_on_users(iter(batches), on_users, schema, self.folder))
        made = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(parts)))
        tables = [made.filter(pl.col("made") == table) for table in range(work.n_tables)]
        return [rows_of_files(self.folder, table) for table in tables]
