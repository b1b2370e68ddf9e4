"""What contracts have brought: payments less what was given back, or, where no payment has an
amount, the price of every period that began.
"""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.billing_days import day_numbers, periods_before, renewal_days
from ntg_assets.subscriptions.terms.known_terms import without_gaps

NO_END = 10**7


def cash(terms: pl.DataFrame, payments: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """List what came in before a day.

    Args:
        terms: `known_terms`.
        payments: `subscription_payments`.
        cutoff_on: Only what happened before it counts.

    Returns:
        `user_id`, `currency`, `paid_on`, `amount_minor` (negative where it was given back).
    """
    return (
        _paid(terms, payments, cutoff_on=cutoff_on)
        if payments["amount_minor"].count()
        else _billed(terms, cutoff_on=cutoff_on)
    )


def _paid(terms: pl.DataFrame, payments: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    owners = terms.unique("subscription_id", keep="first").select(
        "subscription_id", "user_id", contract_currency="currency"
    )
    sign = pl.when(pl.col("status") == "paid").then(1).otherwise(-1)
    counted = payments.filter(
        pl.col("status") != "failed",
        pl.col("happened_on") < cutoff_on,
        pl.col("amount_minor").is_not_null(),
    )
    return counted.join(owners, on="subscription_id", how="inner").select(
        "user_id",
        currency=pl.coalesce("currency", "contract_currency"),
        paid_on="happened_on",
        amount_minor=pl.col("amount_minor") * sign,
    )


def _billed(known: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """One row for each renewal of each term that lies in it or before the contract's next one,
    after the trial and before the day.
    """
    cutoff = int(day_numbers(pl.Series([cutoff_on]))[0])
    terms = without_gaps(known).filter(pl.col("started_on") < cutoff_on)
    anchor, start = (day_numbers(terms[name]) for name in ("anchor_on", "started_on"))
    end = terms["ended_on"].cast(pl.Int32).cast(pl.Int64).fill_null(NO_END).to_numpy()
    months, days = terms["period_months"].to_numpy(), terms["period_days"].to_numpy()
    paid_from = np.maximum(start, anchor)
    first = periods_before(anchor, months, days, paid_from - 1) + 1
    last = periods_before(anchor, months, days, np.minimum(end, cutoff) - 1)
    n = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(terms.height), n)
    count = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    paid = renewal_days(anchor[row], months[row], days[row], count)
    return terms[row].select(
        "user_id",
        "currency",
        paid_on=pl.Series(paid, dtype=pl.Int64).cast(pl.Int32).cast(pl.Date),
        amount_minor="price_minor",
    )
