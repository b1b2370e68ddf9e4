"""What a kernel may ask of a cluster that holds the log, and of workers that see its files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.engines.folders import remove
from ntg_assets.engines.kernel import Note, UserWork
from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.engines.spark.placed import Placed, write_folder
from ntg_assets.engines.spark.shipped_code import ship_code
from ntg_assets.engines.user_parts import rows_of_files
from ntg_assets.engines.work_file import WorkFile, write_work
from ntg_assets.errors import EngineError
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
        tables = _worked(
            placed.cluster,
            work,
            placed.none_of(rows),
            lambda: _by_user(placed, placed.frame(rows)),
            note=note,
        )
        if tables is None:  # no rows, or none of them made any
            [step] = work.maker(work.frames, work.facts)(placed.none_of(rows))
            return [iter([frame]) for frame in step]
        return tables


class ClusterFiles:
    """Workers that see the source files by the paths by which they are seen here.

    Attributes:
        placed: The queries of this use.
        least_bytes: See `FileWorkers`.
        shared: As there.
    """

    def __init__(self, placed: Placed, *, least_bytes: int) -> None:
        self.placed, self.least_bytes = placed, least_bytes
        self.shared = placed.cluster.lent_folder()

    def ask(self, query: Query) -> pl.DataFrame:
        return self.placed.rows(query)

    def by_files(
        self, files: pl.DataFrame, work: UserWork, *, note: Note
    ) -> Sequence[Iterator[pl.DataFrame]]:
        """Give each file a task of its own: who is free takes the next one."""
        tasks = files.with_columns(task=pl.int_range(pl.len(), dtype=pl.Int64))
        rows = Query("select * from tasks", {"tasks": tasks})
        tables = _worked(
            self.placed.cluster,
            work,
            files.clear(),
            lambda: self.placed.frame(rows).repartitionByRange(files.height, "task").drop("task"),
            note=note,
        )
        if tables is None:
            raise EngineError(
                f"{work.maker.__name__} on the workers: they made nothing; run again."
            )
        return tables


def _worked(
    cluster: Cluster, work: UserWork, empty: pl.DataFrame, divided: Callable[[], Any], *, note: Note
) -> list[Iterator[pl.DataFrame]] | None:
    """Let workers write what they make into a folder that goes with the engine.

    Args:
        cluster: Theirs.
        work: The work.
        empty: No rows, with the columns and types of those that it takes.
        divided: Makes the rows, as a frame of the cluster whose parts hold whole users or files.
        note: Is told what the workers are given.

    Returns:
        The rows of each table, read as they are asked for; none: no file was made.
    """
    folder = cluster.lent_folder()
    try:
        file = write_work(work, empty, folder / "work")
        code = ship_code(cluster.storage)
        note(
            f"{work.maker.__name__} on the workers: they are given {file.n_bytes:,} bytes,"
            f" SHA-256 {file.sha256}; code {code.name}"
        )
        made = _made(cluster, divided(), file, code, what=work.maker.__name__)
    except BaseException:
        remove(folder)
        raise
    if made.is_empty():
        return None
    tables = [made.filter(pl.col("made") == table) for table in range(work.n_tables)]
    return [rows_of_files(folder, table) for table in tables]


def _made(cluster: Cluster, rows: Any, file: WorkFile, code: Path, *, what: str) -> pl.DataFrame:
    """Run work on the workers; return which files they have made."""
    from pyspark import cloudpickle  # noqa: PLC0415  # of the extra [spark]

    from ntg_assets.engines.spark import user_block  # noqa: PLC0415  # sent to the workers

    cloudpickle.register_pickle_by_value(user_block)
    run = user_block.worker(str(code), str(file.path), file.sha256)
    with cluster.explained(f"{what} on the workers"):
        made = rows.mapInArrow(run, user_block.SCHEMA).toArrow()
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
