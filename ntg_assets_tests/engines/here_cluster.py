"""A cluster of this process, for tests of kernels."""

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
from ntg_assets.storage.run import run

N_BLOCKS = 3


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
