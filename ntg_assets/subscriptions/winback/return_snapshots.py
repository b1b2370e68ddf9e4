"""People who left, looked at from days of the past and from the cutoff."""

from datetime import date, timedelta

import polars as pl

from ntg_assets.sql import Query, Source, query


def return_snapshots(
    terms: pl.DataFrame,
    user_days: Source,
    days: list[date],
    *,
    win_back_days: int,
    most: int,
) -> Query:
    """Say who had left at each day, by what was known before it; see `return_snapshots.sql`.

    Args:
        terms: `known_terms`.
        user_days: Active days of users.
        days: Days from which people are looked at, the cutoff last.
        win_back_days: Days since the end beyond which nobody is looked at.
        most: About so many rows of the past; beyond it every k-th user is looked at. At the cutoff
            everyone is.
    """
    step = sampling_step(terms, days[:-1], win_back_days=win_back_days, most=most)
    snapshots = pl.DataFrame(
        {"snapshot_on": days, "step": [*(step for _ in days[:-1]), 1]},
        schema={"snapshot_on": pl.Date, "step": pl.Int64},
    )
    return query(
        "subscriptions.winback",
        "return_snapshots",
        {"known_terms": terms, "user_days": user_days, "snapshots": snapshots},
        win_back_days=win_back_days,
    )


def sampling_step(terms: pl.DataFrame, days: list[date], *, win_back_days: int, most: int) -> int:
    """Every how many-th user is looked at, by the contracts that had ended at each day (more than
    the people who had left: some were back).

    Args:
        terms: `known_terms`.
        days: Days of the past from which people are looked at.
        win_back_days: Days since the end beyond which nobody is.
        most: About so many rows.
    """
    ends = terms.unique("contract_place")["contract_end_on"].drop_nulls().sort()
    window = timedelta(days=win_back_days)
    n_rows = sum(
        int(ends.search_sorted(day, side="left")) - int(ends.search_sorted(day - window))
        for day in days
    )
    return max(1, -(-n_rows // most))


def returned_within(rows: pl.DataFrame, horizon_days: int) -> pl.Series:
    """Whether each row's user came back in [snapshot, snapshot + horizon)."""
    until = pl.col("snapshot_on") + pl.duration(days=horizon_days)
    return rows.select(returned=(pl.col("returned_on") < until).fill_null(value=False))["returned"]
