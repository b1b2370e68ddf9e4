"""What users disliked: events that say so against their user, by value or by kind."""

import polars as pl

from ntg_assets.configuration.ranking import DislikeSettings

MARK = "is_disliked"
SAME = 1e-9  # of the mean: sums of the same values differ by less, whatever their order


def history_columns(dislikes: DislikeSettings) -> tuple[str, ...]:
    """Name the columns of a log that its histories are made from."""
    more = [("value", dislikes.below_own_mean), ("event_type", bool(dislikes.event_types))]
    return ("user_id", "item_id", "event_at", *(name for name, is_read in more if is_read))


def mark_dislikes(events: pl.DataFrame, dislikes: DislikeSettings) -> pl.DataFrame:
    """Mark the events by which users dislike an item; the same frame where nothing says so.

    Args:
        events: One row per event with `history_columns`: of each user all that may be known, since
            the user's own mean is taken over these rows. A history given by hand may lack `value`
            or `event_type`, and then says nothing by it.
        dislikes: What counts.

    Returns:
        The events with `is_disliked`.
    """
    says = []
    if dislikes.below_own_mean and "value" in events.columns:
        mean = pl.col("value").mean().over("user_id")
        says.append(pl.col("value") < mean - SAME * (1 + mean.abs()))
    if dislikes.event_types and "event_type" in events.columns:
        says.append(pl.col("event_type").is_in(dislikes.event_types))
    return events.with_columns(pl.any_horizontal(says).alias(MARK)) if says else events
