"""The audit of time over the stored tables of the back-test."""

from collections.abc import Mapping

import polars as pl

from ntg_assets.splits.boundaries import complete_until_day, cutoff_day, part_span, train_end
from ntg_assets.sql import Query, Source, query


def leakage_audit(tables: Mapping[str, Source], boundaries: pl.DataFrame) -> Query:
    """Count the rows that break a rule about time.

    Args:
        tables: The audited tables by name (those that `leakage_audit.sql` reads).
        boundaries: `split_boundaries` of the back-test.

    Returns:
        `leakage_audit`: one row per (table, rule); no violation anywhere means that nothing of the
            future is stored in what TRAIN made.
    """
    is_global = boundaries["strategy"][0] == "global_time"
    return query(
        "evaluation.gate",
        "leakage_audit",
        tables,
        train_end=train_end(boundaries),
        val_start=part_span(boundaries, "val")[0],
        test_start=part_span(boundaries, "test")[0],
        log_end=part_span(boundaries, "test")[1],
        cutoff_on=cutoff_day(boundaries),
        is_global=is_global,
        is_daily=is_global and complete_until_day(boundaries) == cutoff_day(boundaries),
    )
