"""Whose silence the log cannot tell from days that it does not hold: no list asks for them.

Who was last seen before a hole of the log (`log_holes`) may have come on every day that is missing.
While more of the days since then are missing than not, nobody knows whether they are silent: a
contact that says so, or an offer that is meant for leavers, may go to somebody who came yesterday.
So the lists that go by silence leave them out, and so do those of people who pay and do not watch.
Everybody else, whose contract puts them at risk, or who was seen since, is asked for as before.
"""

from datetime import date

import polars as pl

from ntg_assets.revenue.contacts.contact_candidates import SILENCE

MOST_HIDDEN = 0.5  # of a silence: with more of it missing, the days that are not say too little
HIDDEN = "the log does not hold {} of the {} days since they were last seen"


def leave_out_hidden(
    candidates: pl.DataFrame, recency: pl.DataFrame, log_holes: pl.DataFrame, *, cutoff_on: date
) -> pl.DataFrame:
    """Leave those out whose silence a hole of the log may hide.

    Args:
        candidates: `contact_candidates`.
        recency: `user_id` and `recency_days` of `churn_scores`.
        log_holes: `log_holes`, of all that is known tonight.
        cutoff_on: The cutoff.

    Returns:
        The candidates; of those who are left out `is_at_risk_population` is false and `left_out`
        says why.
    """
    if log_holes.is_empty():
        return candidates
    named = candidates.join(
        recency.select("user_id", "recency_days"), on="user_id", how="left", maintain_order="left"
    ).with_columns(n_missing=_missing_days(log_holes, cutoff_on))
    silent_days = pl.col("recency_days") - 1  # the last active day is none of them
    by_silence = (pl.col("basis") == SILENCE) | pl.col("is_sleeper")
    is_hidden = (
        by_silence
        & pl.col("left_out").is_null()
        & (pl.col("n_missing") > MOST_HIDDEN * silent_days)
    ).fill_null(value=False)
    return named.with_columns(
        is_at_risk_population=pl.col("is_at_risk_population") & ~is_hidden,
        left_out=pl.when(is_hidden & pl.col("is_at_risk_population"))
        .then(pl.format(HIDDEN, "n_missing", silent_days))
        .otherwise("left_out"),
    ).select(candidates.columns)


def _missing_days(log_holes: pl.DataFrame, cutoff_on: date) -> pl.Expr:
    """Days of each user's silence that lie in a hole."""
    silent_from = pl.lit(cutoff_on) - pl.duration(days=pl.col("recency_days") - 1)
    return pl.sum_horizontal(
        (pl.lit(min(until_on, cutoff_on)) - pl.max_horizontal(silent_from, pl.lit(from_on)))
        .dt.total_days()
        .clip(lower_bound=0)
        for from_on, until_on in log_holes.select("from_on", "until_on").iter_rows()
    )


def describe_hidden(candidates: pl.DataFrame) -> str:
    """Say how many users the lists leave out for days that are missing; empty where none."""
    head = HIDDEN.split("{}", maxsplit=1)[0]
    hidden = candidates.filter(pl.col("left_out").str.starts_with(head).fill_null(value=False))
    if hidden.is_empty():
        return ""
    first = hidden.sort("revenue_at_risk", "user_id", descending=[True, False])
    return (
        f"{hidden.height:,} users are on no list tonight, since days of their silence are missing"
        f" from the log (first by revenue at risk: user {first['user_id'][0]},"
        f" {first['left_out'][0]}): load the days, and they are asked for again"
    )
