"""What was known of contracts at a cutoff: terms in a row, each with what it follows and when that
could be seen.
"""

from datetime import date
from typing import Any

import polars as pl

KNOWN_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "subscription_id": pl.String,
    "started_on": pl.Date,
    "ended_on": pl.Date,
    "known_on": pl.Date,
    "end_known_on": pl.Date,
    "plan": pl.String,
    "price_minor": pl.Int64,
    "currency": pl.String,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "end_kind": pl.String,
    "contract_place": pl.Int64,
    "contract_started_on": pl.Date,
    "contract_trial_end_on": pl.Date,
    "anchor_on": pl.Date,
    "price_before_minor": pl.Int64,
    "next_known_on": pl.Date,
    "n_contracts_before": pl.Int64,
    "contract_end_on": pl.Date,
    "contract_end_known_on": pl.Date,
    "contract_end_kind": pl.String,
}


def known_terms(terms: pl.DataFrame, *, cutoff_on: date, longest_gap_days: int) -> pl.DataFrame:
    """Keep what was known of contracts before a day.

    Args:
        terms: `subscription_terms`.
        cutoff_on: Terms that became known on this day or later are left out; so are ends.
        longest_gap_days: Days between two terms of one contract that are no interruption.

    Returns:
        `known_terms`, by contract and start, terms that were announced for later included.
        `contract_place` numbers the contracts, one that was interrupted being several;
        `next_known_on` says when it could be seen that a term is followed by another one.
    """
    seen = terms.filter((pl.col("known_on") < cutoff_on) & (pl.col("started_on") < cutoff_on)).sort(
        "subscription_id", "started_on"
    )
    is_end_known = (pl.col("end_known_on") < cutoff_on).fill_null(value=False)
    seen = seen.with_columns(
        pl.when(is_end_known).then(name).alias(name)
        for name in ("ended_on", "end_known_on", "end_kind")
    )
    chained = _chained(seen, longest_gap_days=longest_gap_days)
    types = KNOWN_TYPES | {"user_id": terms.schema["user_id"]}
    return chained.select(pl.col(name).cast(dtype) for name, dtype in types.items())


def _chained(seen: pl.DataFrame, *, longest_gap_days: int) -> pl.DataFrame:
    """Join terms into contracts."""
    own = "subscription_id"
    gap = (pl.col("started_on") - pl.col("ended_on").shift(1).over(own)).dt.total_days()
    follows = pl.col("started_on").shift(1).over(own).is_not_null() & (
        gap.fill_null(0) <= longest_gap_days
    )
    period = ["period_months", "period_days"]
    numbered = seen.with_columns(follows=follows).with_columns(
        contract_place=(~pl.col("follows")).cum_sum() - 1,
        is_rebilled=~pl.col("follows")
        | pl.any_horizontal(pl.col(name) != pl.col(name).shift(1).over(own) for name in period),
    )
    contract = "contract_place"
    trial = pl.col("trial_end_on").first().over(contract)
    start = pl.col("started_on").first().over(contract)
    anchor = (
        pl.when("is_rebilled")
        .then(
            pl.when("follows")
            .then(pl.max_horizontal("started_on", trial))
            .otherwise(pl.coalesce("trial_end_on", "started_on"))
        )
        .forward_fill()
        .over(contract)
    )
    same_currency = pl.col("currency") == pl.col("currency").shift(1).over(contract)
    is_last = pl.col("started_on").shift(-1).over(contract).is_null()
    whole = numbered.with_columns(
        contract_started_on=start,
        contract_trial_end_on=trial,
        anchor_on=anchor,
        price_before_minor=pl.when(same_currency).then(
            pl.col("price_minor").shift(1).over(contract)
        ),
        next_known_on=pl.max_horizontal(
            pl.col("known_on").shift(-1).over(contract),
            pl.when(~is_last).then(pl.lit(date(1, 1, 1))),
        ),
        contract_end_on=pl.when(is_last).then("ended_on").last().over(contract),
        contract_end_known_on=pl.when(is_last).then("end_known_on").last().over(contract),
        contract_end_kind=pl.when(is_last).then("end_kind").last().over(contract),
    )
    contracts = whole.unique(contract).select(
        contract,
        n_contracts_before=pl.col("contract_started_on")
        .rank("ordinal")
        .over("user_id")
        .cast(pl.Int64)
        - 1,
    )
    return whole.join(contracts, on=contract, how="left", maintain_order="left")
