"""What a kernel may ask of a cluster that holds the log."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ntg_assets.engines.spark.placed import Placed, write_folder
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
            write_folder(_summed(frame, pair_block.counter(n_items), pair_block.SCHEMA), folder)
        counts = placed.shown(folder, pair_block.TYPES)
        reader = placed.connection.sql(
            f"select item, other, n_users from {counts.quoted} order by item, other"
        ).to_arrow_reader(ROWS_AT_ONCE)
        for batch in reader:
            yield pl.from_arrow(batch)  # type: ignore[misc]  # a record batch always gives a frame


def _summed(frame: Any, count: Any, schema: str) -> Any:
    """Count in blocks of whole users, and add up what the blocks counted."""
    from pyspark.sql.connect import functions as sf  # noqa: PLC0415  # of the extra [spark]

    blocks = frame.repartition("user_id").mapInArrow(count, schema)
    return blocks.groupBy("item", "other").agg(sf.sum("n_users").alias("n_users"))
