"""What users went on to take after TRAIN: the pairs that lists are judged by."""

from typing import NamedTuple

import polars as pl


class HeldOut(NamedTuple):
    """One held-out part with what was known when it began.

    Attributes:
        split: `val` or `test`.
        events: Events of the part.
        before: Earlier held-out events: what was taken there is not new in this part.
    """

    split: str
    events: pl.DataFrame
    before: pl.DataFrame


def relevant_pairs(held: HeldOut, train: pl.DataFrame, *, allow_consumed: bool) -> pl.DataFrame:
    """Return the distinct (user, item) that lists could have been right about.

    Args:
        held: The held-out part.
        train: TRAIN events.
        allow_consumed: Whether lists may show what a user has had; else only first encounters
            count.

    Returns:
        `user_id`, `item_id`, by user and item.
    """
    pair = ["user_id", "item_id"]
    pairs = held.events.select(pair).unique()
    if not allow_consumed:
        before = pl.concat([train.select(pair), held.before.select(pair)])
        pairs = pairs.join(before, on=pair, how="anti")
    return pairs.sort(pair)
