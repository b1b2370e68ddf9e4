"""What a kernel may ask of a cluster that holds the log."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.engines.folders import remove
from ntg_assets.engines.kernel import Note, UserWork
from ntg_assets.engines.spark.placed import Placed, write_folder
from ntg_assets.engines.spark.shipped_code import ship_code
from ntg_assets.engines.user_parts import rows_of_files
from ntg_assets.engines.work_file import WorkFile, write_work
from ntg_assets.sql import Query, Source

ROWS_AT_ONCE = 2_000_000  # rows of counts that come home at once


class ClusterLog:
    """The log on a cluster, and what a kernel keeps there until it is done."""

    def __init__(self, placed: Placed) -> None:
        self.placed = placed

    def ask(self, query: Query) -> pl.DataFrame:
        return self.placed.rows(query)

    def keep(self, query: Query) -> Source:
        """Write what a query makes into a handed folder: it is used more than once."""
        placed = self.placed
        folder = placed.undo.enter_context(placed.cluster.handed_folder())
        frame, types = placed.frame(query), placed.types(query)
        with placed.cluster.explained(query.origin):
            write_folder(frame, folder)
        table = placed.shown(folder, types)
        placed.keep(table, folder)
        return table

    def pair_counts(self, pairs: Source, *, n_items: int) -> Iterator[pl.DataFrame]:
        from pyspark import cloudpickle  # noqa: PLC0415  # of the extra [spark]

        from ntg_assets.engines.spark import pair_block  # noqa: PLC0415  # sent to the workers

        # the workers need not have NTG: the module itself is sent
        cloudpickle.register_pickle_by_value(pair_block)
        placed = self.placed
        frame = placed.frame(Query("select user_id, item from pairs", {"pairs": pairs}))
        folder = placed.undo.enter_context(placed.cluster.handed_folder())
        with placed.cluster.explained("counting pairs of items"):
            users = _by_user(placed, frame)
            write_folder(_summed(users, pair_block.counter(n_items), pair_block.SCHEMA), folder)
        counts = placed.shown(folder, pair_block.TYPES)
        reader = placed.connection.sql(
            f"select item, other, n_users from {counts.quoted} order by item, other"
        ).to_arrow_reader(ROWS_AT_ONCE)
        for batch in reader:
            yield pl.from_arrow(batch)  # type: ignore[misc]  # a record batch always gives a frame

    def by_users(
        self, rows: Query, work: UserWork, *, note: Note
    ) -> Sequence[Iterator[pl.DataFrame]]:
        """Let workers write what they make into a folder that goes with the engine; the files of a
        table are removed as they are read.
        """
        placed = self.placed
        folder = placed.cluster.lent_folder()
        try:
            empty = placed.none_of(rows)
            file = write_work(work, empty, folder / "work")
            code = ship_code(placed.cluster.storage)
            note(
                f"{work.maker.__name__} on the workers: {file.n_bytes:,} bytes of the item side,"
                f" SHA-256 {file.sha256}; code {code.name}"
            )
            made = _made(placed, rows, file, code, what=work.maker.__name__)
        except BaseException:
            remove(folder)
            raise
        tables = [made.filter(pl.col("made") == table) for table in range(work.n_tables)]
        if made.is_empty():  # no rows, or none of them made any
            [step] = work.maker(work.frames, work.facts)(empty)
            return [iter([frame]) for frame in step]
        return [rows_of_files(folder, table) for table in tables]


def _made(placed: Placed, rows: Query, file: WorkFile, code: Path, *, what: str) -> pl.DataFrame:
    """Run work on the workers; return which files they have made."""
    from pyspark import cloudpickle  # noqa: PLC0415  # of the extra [spark]

    from ntg_assets.engines.spark import user_block  # noqa: PLC0415  # sent to the workers

    cloudpickle.register_pickle_by_value(user_block)
    run = user_block.worker(str(code), str(file.path), file.sha256)
    frame = placed.frame(rows)
    with placed.cluster.explained(f"{what} on the workers"):
        made = _by_user(placed, frame).mapInArrow(run, user_block.SCHEMA).toArrow()
    return pl.DataFrame(pl.from_arrow(made)).sort("made", "file")


def _by_user(placed: Placed, frame: Any) -> Any:
    """Divide rows into parts of whole users. Their number is given where the server says one
    (Sail does not): Spark would join parts whose bytes are few, and leave cores without any.
    """
    n_parts = placed.cluster.session.conf.get("spark.sql.shuffle.partitions", "")
    return frame.repartition(*([int(n_parts)] if n_parts else []), "user_id")


def _summed(users: Any, count: Any, schema: str) -> Any:
    """Count in blocks of whole users, and add up what the blocks counted."""
    from pyspark.sql.connect import functions as sf  # noqa: PLC0415  # of the extra [spark]

    blocks = users.mapInArrow(count, schema)
    return blocks.groupBy("item", "other").agg(sf.sum("n_users").alias("n_users"))
