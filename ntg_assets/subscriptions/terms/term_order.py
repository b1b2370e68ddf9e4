"""The terms of a contract beside one another: which cannot be, which follow, which end because the
next begins.
"""

import polars as pl

from ntg_assets.subscriptions.terms.contracts import CANCELLED, NOT_CONVERTED
from ntg_assets.subscriptions.terms.row_problems import (
    Problem,
    with_first_problem,
)


def validate_in_order(rows: pl.DataFrame, *, longest_gap_days: int) -> pl.DataFrame:
    """Judge the terms of each contract against one another; add what follows each.

    A term that starts while the one before it runs without an end closes it. One that starts before
    the stated end of the one before, or on the same day, is refused; but of terms that end on the
    day they start nothing is left where the contract has others (a plan changed on the same day):
    they are marked `is_superseded`.
    """
    usable = rows.filter(pl.col("reason").is_null()).sort("subscription_id", "started_on", "place")
    is_superseded = _is_superseded(usable)
    good = usable.filter(~is_superseded)
    judged = with_first_problem(_with_terms_before(good), _beside_others())
    refused = judged.filter(pl.col("reason").is_not_null())
    before = rows.filter(pl.col("reason").is_not_null())
    kept = _with_next(judged.filter(pl.col("reason").is_null()), longest_gap_days=longest_gap_days)
    superseded = usable.filter(is_superseded).with_columns(is_superseded=pl.lit(value=True))
    judged_ = pl.concat([kept, refused, before, superseded], how="diagonal")
    return judged_.with_columns(pl.col("is_superseded").fill_null(value=False))


def _is_superseded(rows: pl.DataFrame) -> pl.Series:
    """Whether each term lasted no day and its contract has one that did, or an earlier such one."""
    momentary = (rows["ended_on"] == rows["started_on"]).fill_null(value=False)
    if not momentary.any():
        return momentary
    lasting = rows.filter(~momentary)["subscription_id"].unique()
    again = rows["subscription_id"].is_in(lasting.implode()) | (
        rows["subscription_id"] == rows["subscription_id"].shift(1)
    ).fill_null(value=False)
    return momentary & again


def with_first_trials(rows: pl.DataFrame) -> pl.DataFrame:
    """Forget the trial of a term that starts after it where the contract has earlier ones: a file
    may repeat what was said of the first term.
    """
    is_past = (pl.col("trial_on") < pl.col("started_on")).fill_null(value=False)
    repeated = rows.filter(is_past).select("subscription_id").unique()
    if repeated.is_empty():
        return rows
    firsts = (
        rows.join(repeated, on="subscription_id", how="semi")
        .group_by("subscription_id")
        .agg(first_on=pl.col("started_on").min())
    )
    later = rows.join(firsts, on="subscription_id", how="left", maintain_order="left")
    is_repeated = (is_past & (pl.col("started_on") > pl.col("first_on"))).fill_null(value=False)
    return later.with_columns(trial_on=pl.when(~is_repeated).then("trial_on")).drop("first_on")


def _beside_others() -> list[Problem]:
    """What cannot be beside the contract's terms before, in rows that lie by contract and start."""
    same = pl.col("subscription_id") == pl.col("subscription_id").shift(1)
    started, before_on = pl.col("started_on"), pl.when(same).then(pl.col("started_on").shift(1))
    is_other = pl.col("user_id") != pl.col("owner")
    stated = "lies before the stated end of the term before"
    return [
        Problem("user", "is not that of the contract's first term", pl.col("listed_id"), is_other),
        Problem("start", "is that of another term of the contract", started, started == before_on),
        Problem("start", stated, started, started < pl.col("stated_end_on")),
    ]


def _with_next(kept: pl.DataFrame, *, longest_gap_days: int) -> pl.DataFrame:
    """Add of each term when and how the contract's next one begins."""
    goes_on = pl.col("subscription_id") == pl.col("subscription_id").shift(-1)
    next_start = pl.when(goes_on).then(pl.col("started_on").shift(-1))
    gap = (next_start - pl.col("ended_on")).dt.total_days()
    following = {"plan": "plan", "price": "price_minor", "currency": "currency"}
    return kept.with_columns(
        next_start_on=next_start,
        next_known_on=pl.when(goes_on).then(pl.coalesce("known_on", "started_on").shift(-1)),
        is_closed_by_next=pl.col("ended_on").is_null() & next_start.is_not_null(),
        is_interrupted=(gap > longest_gap_days).fill_null(value=False),
        **{
            f"next_{name}": pl.when(goes_on).then(pl.col(column).shift(-1))
            for name, column in following.items()
        },
    )


def _with_terms_before(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `owner` (user of the contract's first term) and `stated_end_on` (the latest stated end of
    the terms before), by contracts as they lie.

    A window over a million contracts costs minutes: only contracts of several terms are looked at.
    """
    same = (pl.col("subscription_id") == pl.col("subscription_id").shift(1)).fill_null(value=False)
    is_part = same | same.shift(-1).fill_null(value=False)
    marked = rows.with_columns(is_part=is_part, owner=pl.when(~same).then("user_id").forward_fill())
    several = marked.filter("is_part").select(
        "place",
        stated_end_on=pl.col("ended_on").cum_max().shift(1).over("subscription_id"),
    )
    return marked.drop("is_part").join(several, on="place", how="left", maintain_order="left")


def close_terms(kept: pl.DataFrame) -> pl.DataFrame:
    """End open terms where the next one starts; say when each end was known, and of which kind it
    is.

    Without a word for it, a contract that ends by the end of its trial was not converted, and any
    other was cancelled. That a term ended because the next one started was known when that one was.
    """
    kept = kept.sort("subscription_id", "started_on")
    ended = pl.coalesce("ended_on", pl.when("is_closed_by_next").then("next_start_on"))
    closed = kept.with_columns(ended_on=ended)
    end_known = pl.coalesce(
        "end_known_on", pl.when("is_closed_by_next").then("next_known_on"), "ended_on"
    )
    return closed.with_columns(
        known_on=pl.coalesce("known_on", "started_on"),
        end_known_on=pl.when(pl.col("ended_on").is_not_null()).then(end_known),
        trial_end_on="trial_on",
        end_kind=pl.when(pl.col("ended_on").is_not_null()).then(_kind_of_end()),
    )


def _kind_of_end() -> pl.Expr:
    """How a term ended, in rows that lie by contract and start: by its trial's end, by its word, or
    cancelled.
    """
    same = pl.col("subscription_id") == pl.col("subscription_id").shift(1)
    no_trial = pl.when(~same.fill_null(value=False)).then(pl.date(1, 1, 1))
    trial = pl.coalesce("trial_on", no_trial).forward_fill()  # of the contract, whatever its term
    in_trial = (pl.col("ended_on") <= trial).fill_null(value=False)
    said = pl.col("end_kind").fill_null(CANCELLED)
    return pl.when(in_trial).then(pl.lit(NOT_CONVERTED)).otherwise(said)
