"""Which exposures count, and how each strategy's lists meet them: the weight of each exposure under
each strategy.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.off_policy.impressions import FATES
from ntg_assets.off_policy.reward_model import RewardModel

HELD_OUT, EARLIER, BEYOND = "held_out", "before_cutoff", "beyond_list"
EARLIER_REASON = "shown before the cutoff; teaches the reward model only"
PLACE = ["item_id", "position"]


class Slots(NamedTuple):
    """Exposures by what they are good for.

    Attributes:
        held_out: Shown at or after the cutoff: what estimates are made of, in an order of their
            own. One row is one *slot*: a place of a list shown to a user.
        earlier: Shown before: they may teach a reward model, and nothing else.
        fates: `fate`, `reason`, `n_rows` of all rows.
    """

    held_out: pl.DataFrame
    earlier: pl.DataFrame
    fates: pl.DataFrame


class Match(NamedTuple):
    """How one strategy's lists meet the slots, one value per slot.

    Attributes:
        weight: Probability that the strategy fills the slot with the item that was shown, divided
        by the logged probability.
        filled: 1 where the strategy has an item for the slot, else 0 (an empty place earns
        nothing).
        forecast: What a reward model says of the strategy's own item; None: there is no model.
        supported: Share of what the strategy would show in the slot that the log has ever shown (in
            this place).
    """

    weight: Floats
    filled: Floats
    forecast: Floats | None
    supported: Floats


def divide_slots(rows: pl.DataFrame, *, cutoff_at: datetime, list_length: int) -> Slots:
    """Divide exposures by the cutoff of TRAIN: lists made from TRAIN can only be judged by what
    came later.

    Args:
        rows: Of `read_shown`.
        cutoff_at: First instant that TRAIN does not hold.
        list_length: Places of a list that are looked at.
    """
    is_beyond = (pl.col("position") > list_length).fill_null(value=False)
    near = rows.filter(~is_beyond).sort(rows.columns, nulls_last=True)
    is_later = pl.col("shown_at") >= cutoff_at
    held_out, earlier = near.filter(is_later), near.filter(~is_later)
    counted = [
        (HELD_OUT, "", held_out.height),
        (EARLIER, EARLIER_REASON, earlier.height),
        (BEYOND, f"at a place after the first {list_length}", rows.height - near.height),
    ]
    fates = pl.DataFrame(counted, schema=FATES, orient="row")
    return Slots(held_out, earlier, fates.filter(pl.col("n_rows") > 0))


def lists_shown(
    lists: pl.DataFrame,
    default_list: pl.DataFrame,
    *,
    slots: pl.DataFrame,
    train_users: pl.DataFrame,
    list_length: int,
) -> pl.DataFrame:
    """Return what one strategy would show the users of the slots: their list,
    or the default one to users whom TRAIN does not know.

    Args:
        lists: `user_id`, `rank`, `item_id` of the strategy.
        default_list: `rank`, `item_id`.
        slots: Exposures.
        train_users: `user_id` of TRAIN.
        list_length: Places that are looked at.

    Returns:
        `user_id`, `position`, `item_id`.
    """
    users = slots.select("user_id").unique()
    own = lists.join(
        users.join(train_users, on="user_id", how="semi"), on="user_id", how="semi"
    ).select("user_id", "rank", "item_id")
    new = users.join(train_users, on="user_id", how="anti").join(
        default_list.select("rank", "item_id"), how="cross"
    )
    both = pl.concat([own, new.select(own.columns)]).filter(pl.col("rank") <= list_length)
    return both.select("user_id", pl.col("rank").cast(pl.Int64).alias("position"), "item_id").sort(
        "user_id", "position"
    )


def match_by_place(slots: pl.DataFrame, shown: pl.DataFrame, *, model: RewardModel | None) -> Match:
    """Match place by place: the strategy fills place l of a user's list with one item,
    with certainty.

    `weight = 1{item shown at place l is the strategy's item at place l} / propensity`. The
    item-position model: what an item earns in a place depends on user, item and place, not on what
    else is on the list. Source: Horvitz and Thompson 1952; Li, Abbasi-Yadkori, Kveton,
    Muthukrishnan, Vinay, Wen 2018 (item-position click model).

    Args:
        slots: Exposures, in a fixed order.
        shown: Of `lists_shown`.
        model: Of the reward; None: there is none.
    """
    target = shown.rename({"item_id": "target"})
    rows = slots.join(target, on=["user_id", "position"], how="left", maintain_order="left")
    offered = slots.select(target="item_id", position="position").unique()
    offered = offered.with_columns(is_offered=pl.lit(1.0))
    rows = rows.join(offered, on=["target", "position"], how="left", maintain_order="left")
    is_match = (pl.col("target") == pl.col("item_id")).fill_null(value=False)
    rows = rows.with_columns(
        weight=is_match.cast(pl.Float64) / pl.col("propensity"),
        filled=pl.col("target").is_not_null(),
    )
    targets = rows.select(item_id="target", position="position")
    return _match(rows, None if model is None else model.forecast(targets))


def match_any_place(
    slots: pl.DataFrame, shown: pl.DataFrame, *, model: RewardModel | None
) -> Match:
    """Match without places: the strategy fills a slot with any of the items of the user's list,
    each as likely as the others.

    `weight = 1{item shown is on the list} / (items on the list) / propensity`. What is estimated is
    the mean over the list of what its items earn in a slot of the log's; an item must earn the same
    in every place.
    """
    listed = shown.select("user_id", "item_id").with_columns(is_listed=pl.lit(1.0))
    rows = slots
    for facts, on in (
        (shown.group_by("user_id").agg(n_listed=pl.len()), ["user_id"]),
        (listed, ["user_id", "item_id"]),
        (_list_means(slots, shown, model), ["user_id"]),
    ):
        rows = rows.join(facts, on=on, how="left", maintain_order="left")
    weight = (pl.col("is_listed") / pl.col("n_listed") / pl.col("propensity")).fill_null(0.0)
    rows = rows.with_columns(weight=weight, filled=pl.col("n_listed").is_not_null())
    return _match(rows, None if model is None else rows["forecast"])


def _list_means(
    slots: pl.DataFrame, shown: pl.DataFrame, model: RewardModel | None
) -> pl.DataFrame:
    """Average over each user's list whether the log could have shown an item, and its forecast."""
    offered = slots.select("item_id").unique().with_columns(is_offered=pl.lit(1.0))
    means = shown.join(offered, on="item_id", how="left", maintain_order="left").with_columns(
        pl.col("is_offered").fill_null(0.0)
    )
    no_place = pl.lit(None, pl.Int64).alias("position")
    means = means.with_columns(
        forecast=pl.lit(0.0) if model is None else model.forecast(means.select("item_id", no_place))
    )
    return (
        means.sort("user_id", "position")
        .group_by("user_id", maintain_order=True)
        .agg(pl.col("is_offered", "forecast").mean())
    )


def _match(rows: pl.DataFrame, forecast: pl.Series | None) -> Match:
    filled = rows["filled"].cast(pl.Float64).to_numpy()
    supported = rows["is_offered"].fill_null(0.0).to_numpy()
    expected = None if forecast is None else forecast.fill_null(0.0).to_numpy() * filled
    return Match(
        weight=rows["weight"].to_numpy(), filled=filled, forecast=expected, supported=supported
    )


def by_strategy(lists: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each strategy's lists, by name."""
    for strategy in lists["strategy"].unique().sort():
        yield strategy, lists.filter(pl.col("strategy") == strategy)
