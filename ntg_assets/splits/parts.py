"""The query that makes one part of the log from its boundaries."""

import polars as pl

from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.splits.boundaries import SHARE_TOLERANCE, part_span
from ntg_assets.sql import Query, Source, query

WHOLE_LOG = 2.0  # any share above 1: the last part has no upper end


def part_events(
    events: Source, boundaries: pl.DataFrame, *, part: str, settings: SplitSettings
) -> Query:
    """Select the events of one part.

    Args:
        events: `ingest.events`.
        boundaries: `split_boundaries` of the stage.
        part: `train`, `val` or `test`.
        settings: The shares of a per-user split.
    """
    if boundaries["strategy"][0] == "per_user":
        from_share, to_share = _shares(settings)[part]
        return query(
            "splits",
            "per_user_events",
            {"events": events},
            from_share=from_share,
            to_share=to_share,
        )
    start_at, end_at = part_span(boundaries, part)
    return query(
        "splits", "global_time_events", {"events": events}, start_at=start_at, end_at=end_at
    )


def _shares(settings: SplitSettings) -> dict[str, tuple[float, float]]:
    val_from, test_from = (
        1 - settings.val_share - settings.test_share - SHARE_TOLERANCE,
        1 - settings.test_share - SHARE_TOLERANCE,
    )
    return {"train": (0.0, val_from), "val": (val_from, test_from), "test": (test_from, WHOLE_LOG)}
