"""Other futures of the planted world, and another past: each says what changes and what stays.

A future begins at an instant; what happened before is the same to the last byte. Where nothing is
added the last event of the log stays, so that the log ends where it ended.
"""

from dataclasses import replace
from datetime import date, datetime

import polars as pl

from ntg_assets.evaluation.leakage.later_knowledge import (
    nothing_later,
    other_earlier,
    other_later,
)
from ntg_assets.evaluation.leakage.planted_world.left_behind import earlier_nights, later_nights
from ntg_assets.evaluation.leakage.planted_world.log import N_USERS, ZONE
from ntg_assets.evaluation.leakage.planted_world.world import World
from ntg_assets.local_days import day_of
from ntg_assets.randomness import random_stream

STRANGER = 1_000_000  # ids from here are of users and items that nobody has seen before
ABSURD = 7.0
N_LONGER = 20  # events after the last one


def rewritten(world: World, begins_at: datetime) -> World:
    """Let other people do other things at the same instants, for other amounts; what is known of
    items and of contacts later is another version.
    """
    before, after = _divided(world.events, begins_at)
    rng = random_stream(1, "rewritten")
    other = after.with_columns(
        user_id=pl.Series(rng.permutation(after["user_id"].to_numpy()) % N_USERS + 1),
        item_id=pl.Series(rng.permutation(after["item_id"].to_numpy())),
        event_type=pl.lit("finish"),
        value=(pl.col("value") * ABSURD + 1).round(2),
        weight=pl.lit(3.0),
    )
    return _later_versions(world.with_events(pl.concat([before, other])), begins_at)


def added(world: World, begins_at: datetime) -> World:
    """Let known and unknown users take known and unknown items besides, three times as often, and
    every known user something at the very instant; the log goes on for some days longer.
    """
    before, after = _divided(world.events, begins_at)
    rng = random_stream(2, "added")
    crowd = pl.concat([after] * 3)
    crowded = crowd.with_columns(
        user_id=pl.Series(rng.integers(1, N_USERS + 1, crowd.height)),
        item_id=pl.Series(rng.permutation(crowd["item_id"].to_numpy())),
    )
    strangers = after.with_columns(
        user_id=pl.Series(STRANGER + rng.integers(0, N_USERS, after.height)),
        item_id=pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then(pl.col("item_id"))
        .otherwise(pl.col("item_id") + STRANGER),
    )
    at_once = before.unique("user_id", keep="last", maintain_order=True).with_columns(
        event_at=pl.lit(begins_at, pl.Datetime("us"))
    )
    longer = after.tail(N_LONGER).with_columns(pl.col("event_at").dt.offset_by("3d"))
    more = pl.concat([before, after, crowded, strangers, at_once, longer])
    return _later_versions(world.with_events(more), begins_at)


def stirred(world: World, begins_at: datetime) -> World:
    """Change whatever can be changed at once: other people do other things, and much is added."""
    return added(rewritten(world, begins_at), begins_at)


def deleted(world: World, begins_at: datetime) -> World:
    """Let hardly anything happen: one event in forty is left."""
    before, after = _divided(world.events, begins_at)
    few = after.filter((pl.int_range(pl.len()) % 40 == 0) | _is_last(after))
    left = later_nights(world.left, begins_at)
    return replace(
        world.with_events(pl.concat([before, few])),
        left=left,
        known=nothing_later(world.known, begins_at),
    )


def same_labels(world: World, begins_at: datetime) -> World:
    """Change everything after an inner cut but what its labels are: which known user then took
    which item.

    Instants are exchanged (the first stays: it is the cut), amounts and kinds are others, an item
    that is taken again is another of those, and users without a past are other users who
    take other things. There are as many events as before, so the cut stays where it was.
    """
    before, after = _divided(world.events, begins_at)
    rng = random_stream(3, "same labels")
    inside, beyond = _divided(after, world.train_end)
    is_known = inside["user_id"].is_in(before["user_id"].unique().implode())
    regulars, strangers = inside.filter(is_known), inside.filter(~is_known)
    regulars = _other_repeats(regulars)
    strangers = strangers.with_columns(
        user_id=pl.col("user_id") + STRANGER,
        item_id=pl.Series(rng.integers(1, 21, strangers.height)),
    )
    columns = world.events.columns
    mixed = pl.concat([regulars.select(columns), strangers.select(columns)]).sort("event_at")
    mixed = mixed.with_columns(
        event_type=pl.lit("finish"),
        value=(pl.col("value") * ABSURD + 1).round(2),
        weight=pl.lit(3.0),
    )
    first, rest = mixed.head(1), mixed.slice(1)
    rest = rest.with_columns(
        event_at=pl.Series(rng.permutation(rest["event_at"].to_numpy())).cast(pl.Datetime("us"))
    )
    other = world.with_events(pl.concat([before, first, rest, beyond]))
    return rewritten(other, world.train_end)


def other_past(world: World) -> World:
    """Rewrite everything before TRAIN's end: what does not move then was never looked at."""
    past, future = _divided(world.events, world.train_end)
    rng = random_stream(4, "past")
    start = world.day(1)
    kept = past.filter(
        (pl.col("event_on") >= start) & (pl.Series(rng.random(past.height)) < 0.7)  # noqa: PLR2004  # most
    )
    other = kept.with_columns(
        user_id=(pl.col("user_id") * 3) % N_USERS + 1,
        item_id=pl.Series(rng.permutation(kept["item_id"].to_numpy()) % 90 + 1),
        event_type=pl.when(pl.col("event_type") == "view")
        .then(pl.lit("finish"))
        .otherwise(pl.lit("view")),
        value=(pl.col("value") * 1.7 + 0.3).round(2),
        weight=pl.lit(1.5),
        load_file=pl.lit(2, pl.Int64),
    )
    return replace(
        world.with_events(pl.concat([other, future])),
        items=world.items.with_columns(
            title=pl.col("title") + " anew",
            categories=pl.concat_str(pl.lit("kind "), (pl.col("item_id") % 4).cast(pl.String)),
        ),
        left=earlier_nights(world.left, world.train_end),
        known=other_earlier(world.known, world.train_end),
        excluded=world.excluded.with_columns(pl.col("listed_id") + "0", origin=pl.lit("anew.csv")),
        user_lists=_thinned(world.user_lists).with_columns(
            file_name=pl.lit("others.csv"),
            contacted_on=pl.col("contacted_on").dt.offset_by("-3d"),
        ),
        trial_log=_thinned(world.trial_log).with_columns(
            is_treated=~pl.col("is_treated"),
            assigned_on=pl.col("assigned_on").dt.offset_by("-9d"),
            propensity=pl.lit(0.4),
        ),
    )


def _thinned(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out every third row."""
    return rows.filter(pl.int_range(pl.len()) % 3 > 0)


def _divided(events: pl.DataFrame, at: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    return events.filter(pl.col("event_at") < at), events.filter(pl.col("event_at") >= at)


def _is_last(events: pl.DataFrame) -> pl.Expr:
    return pl.col("event_at") == events["event_at"].max()


def _other_repeats(taken: pl.DataFrame) -> pl.DataFrame:
    """Let each repetition be of another item that the user takes here: no label comes or goes,
    whether or not items that a user has had count.
    """
    is_first = pl.struct("user_id", "item_id").is_first_distinct()
    other = pl.col("item_id").min().over("user_id")
    return taken.with_columns(item_id=pl.when(is_first).then("item_id").otherwise(other))


def _later_versions(world: World, begins_at: datetime) -> World:
    """Change what the tables beside the log say of later: items that nobody had yet, contacts and
    trial days that had not come, what later nights left behind.
    """
    taken_before = world.events.filter(pl.col("event_at") < begins_at)["item_id"].unique()
    day = day_of(begins_at, ZONE)
    return replace(
        world,
        items=_other_items(world.items, taken_before),
        left=later_nights(world.left, begins_at),
        known=other_later(world.known, begins_at),
        user_lists=world.user_lists.with_columns(contacted_on=_other_day("contacted_on", day)),
        trial_log=world.trial_log.with_columns(
            is_treated=pl.when(pl.col("assigned_on") >= day)
            .then(~pl.col("is_treated"))
            .otherwise("is_treated"),
            assigned_on=_other_day("assigned_on", day),
        ),
    )


def _other_items(items: pl.DataFrame, taken_before: pl.Series) -> pl.DataFrame:
    is_known = pl.col("item_id").is_in(taken_before.implode())
    later = items.filter(~is_known)
    other = later.filter(pl.int_range(pl.len()) % 2 == 0).with_columns(
        title=pl.lit("renamed"), categories=pl.lit("taste 0|taste 1|unheard")
    )
    new = later.with_columns(item_id=pl.col("item_id") + STRANGER, categories=pl.lit("taste 2"))
    return pl.concat([items.filter(is_known), other, new]).sort("item_id")


def _other_day(column: str, begins_on: date) -> pl.Expr:
    later = pl.col(column).dt.offset_by("5d")
    return pl.when(pl.col(column) >= begins_on).then(later).otherwise(column)
