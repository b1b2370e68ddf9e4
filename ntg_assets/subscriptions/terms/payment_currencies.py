"""In which currency each payment is: its own, or that of its contract on that day."""

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.subscriptions.terms.amounts import (
    USUAL_DECIMALS,
    decimals_of,
)


def with_currencies(
    rows: pl.DataFrame,
    source: PaymentSourceSettings,
    subscriptions: SubscriptionSourceSettings,
    *,
    terms: pl.DataFrame,
) -> pl.DataFrame:
    """Add the `currency` of each payment: its own, or that of its contract on that day.

    Args:
        rows: `subscription_id`, `happened_on`, `currency_text`.
        source: Whether payments name their currency.
        subscriptions: The one currency of all contracts, where there is one.
        terms: `subscription_terms`.

    Returns:
        The rows in their order; null where the contract is not known, or where every contract
        keeps one of several currencies of two decimals.
    """
    if source.currency is not None:
        return rows.with_columns(currency=pl.col("currency_text").str.to_uppercase())
    if subscriptions.constant_currency is not None:
        return rows.with_columns(currency=pl.lit(subscriptions.constant_currency))
    named = terms.select("subscription_id", "started_on", "currency")
    single = named.unique(["subscription_id", "currency"])
    if single.height != named["subscription_id"].n_unique():
        return _of_the_day(rows, named)
    codes = single["currency"].unique().to_list()
    if len(codes) == 1 or {decimals_of(code) for code in codes} == {USUAL_DECIMALS}:
        # which one it is does not change how amounts are read; cash looks it up
        code = codes[0] if len(codes) == 1 else None
        return rows.with_columns(currency=pl.lit(code, pl.String))
    only = single.select("subscription_id", "currency")
    return rows.join(only, on="subscription_id", how="left", maintain_order="left")


def _of_the_day(rows: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Add the currency that each contract had on the day of a payment; before its first term, that
    of the first.

    Args:
        rows: Payments.
        named: Currency of each term: `subscription_id`, `started_on`, `currency`.
    """
    first = named.sort("started_on").unique("subscription_id", keep="first", maintain_order=True)
    then = rows.sort("happened_on").join_asof(
        named.sort("started_on"),
        left_on="happened_on",
        right_on="started_on",
        by="subscription_id",
        check_sortedness=False,
    )
    both = then.sort("place").join(
        first.select("subscription_id", first="currency"),
        on="subscription_id",
        how="left",
        maintain_order="left",
    )
    return both.with_columns(currency=pl.coalesce("currency", "first")).drop("first", "started_on")
