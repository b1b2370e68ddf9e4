"""Prices that were announced before a cutoff and hold from a later day: what renewals then cost.

A term that was known before the cutoff and begins on it or later says what its contract costs from
its first day on. Where its billing period is another one, its price counts by the length of today's
period. A term in another currency changes nothing: amounts of two currencies are never added.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs

MONTH_DAYS = 365.25 / 12
NEVER = 10**7  # a day (since 1970) that no renewal reaches


def announced_prices(known_terms: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """List the announced prices of contracts.

    Args:
        known_terms: `known_terms` of the cutoff.
        now: `contract_snapshots` at the cutoff.

    Returns:
        By contract and day: `contract_place`, `starts_on`, `announced_minor` (a float: the price of
            one of today's billing periods), `number` (0: the first change).
    """
    today = now.select(
        "contract_place",
        "snapshot_on",
        today_currency="currency",
        today_days=_length(),
    )
    later = known_terms.join(today, on="contract_place").filter(
        pl.col("started_on") >= pl.col("snapshot_on"),
        pl.col("currency") == pl.col("today_currency"),
    )
    same_length = pl.col("today_days") / _length()
    return (
        later.sort("contract_place", "started_on")
        .with_columns(number=pl.int_range(pl.len()).over("contract_place"))
        .select(
            "contract_place",
            "number",
            starts_on="started_on",
            announced_minor=pl.col("price_minor") * same_length,
        )
    )


def prices_at(now: pl.DataFrame, renewals: Longs, announced: pl.DataFrame) -> Floats:
    """Say what each renewal costs by what was known.

    Args:
        now: `contract_snapshots` at the cutoff, shape (rows,).
        renewals: Days since 1970, shape (rows, lags).
        announced: `announced_prices`.

    Returns:
        Minor units, shape (rows, lags).
    """
    price = np.repeat(now["price_minor"].cast(pl.Float64).to_numpy()[:, None], renewals.shape[1], 1)
    places = now.select("contract_place")
    for (_,), changes in announced.sort("number").group_by("number", maintain_order=True):
        mine = places.join(changes, on="contract_place", how="left", maintain_order="left")
        starts = mine["starts_on"].cast(pl.Int32).cast(pl.Int64).fill_null(NEVER).to_numpy()
        becomes = mine["announced_minor"].fill_null(0.0).to_numpy()
        price = np.where(renewals >= starts[:, None], becomes[:, None], price)
    return price


def _length() -> pl.Expr:
    """Days of a billing period."""
    return pl.col("period_months") * MONTH_DAYS + pl.col("period_days")
