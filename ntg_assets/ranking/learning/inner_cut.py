"""Inner cuts: the labels that teach the blend come from inside TRAIN,
and everything else from before them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.randomness import unit_interval
from ntg_assets.zones import UTC_ZONE

MOST_SLICES = 8  # what lies further back says less of today, and every slice costs its graphs


class InnerSlice(NamedTuple):
    """One inner cut.

    Attributes:
        history: Events that may be used.
        labels: Events that are to be predicted: not before any event of the same user in `history`.
        cutoff_at: The instant from which ages are counted: that of the first label (per user: of
        the last event of the history).
        zone: Whose midnights divide the days.
    """

    history: pl.DataFrame
    labels: pl.DataFrame
    cutoff_at: datetime
    zone: str = UTC_ZONE


def inner_slices(
    events: pl.DataFrame,
    *,
    strategy: str,
    settings: RankingSettings,
    zone: str = UTC_ZONE,
    most: int | None = None,
) -> Iterator[InnerSlice]:
    """Cut TRAIN as the whole log is cut, once per slice, from the latest label window backwards.

    Args:
        events: TRAIN: `user_id`, `item_id`, `event_at`.
        strategy: `per_user` cuts shares of each user's own history; everything else cuts at one
        instant for all users.
        settings: Share of one label window, number of slices.
        zone: Whose midnights divide the days.
        most: Slices, in place of those of the settings; they are cut when they are asked for.
    """
    rest = events
    if events.is_empty():
        return
    for _ in range(settings.inner_slices if most is None else most):
        share = settings.inner_label_share * events.height / max(rest.height, 1)
        history, labels = _per_user(rest, share) if strategy == "per_user" else _global(rest, share)
        if history.is_empty() or labels.is_empty():
            return
        cutoff_at = (
            history["event_at"].max() if strategy == "per_user" else labels["event_at"].min()
        )
        yield InnerSlice(history, labels, cutoff_at, zone)  # type: ignore[arg-type]  # a datetime column
        rest = history


def sample_users(users: pl.Series, *, most: int, seed: int) -> pl.Series:
    """Return at most `most` users, chosen by a hash of their ids: the same ones in any order."""
    if len(users) <= most:
        return users.sort()
    place = pl.Series([unit_interval(f"inner:{seed}", user) for user in users], dtype=pl.Float64)
    return (
        pl.DataFrame({"user": users, "place": place})
        .sort("place", "user")
        .head(most)["user"]
        .sort()
    )


def _global(events: pl.DataFrame, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    at = events["event_at"].sort()
    cutoff = at[min(int(len(at) * (1 - share)), len(at) - 1)]
    return events.filter(pl.col("event_at") < cutoff), events.filter(pl.col("event_at") >= cutoff)


def _per_user(events: pl.DataFrame, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    before = (pl.col("event_at").rank("min").over("user_id") - 1) / pl.len().over("user_id")
    return events.filter(before < 1 - share), events.filter(before >= 1 - share)
