"""What was known of contracts at a cutoff: terms in a row, each with what it follows and when that
could be seen.
"""

from datetime import date
from typing import Any

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSourceSettings

NO_GAP = 1  # where there are no contracts, no two terms follow each other
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


def longest_gap(source: SubscriptionSourceSettings | None) -> int:
    """Return the days between two terms of one contract that are no interruption."""
    return NO_GAP if source is None else source.longest_gap_days


def known_terms(terms: pl.DataFrame, *, cutoff_on: date, longest_gap_days: int) -> pl.DataFrame:
    """Keep what was known of contracts before a day.

    Args:
        terms: `subscription_terms`.
        cutoff_on: Terms that became known on this day or later are left out; so are ends.
        longest_gap_days: Days between two terms of one contract that are no interruption.

    Returns:
        `known_terms`, by contract and start, with terms and contracts that were announced for
        later: one keeps its contract from looking like its end, the other says who has signed.
        `contract_place` numbers the contracts, one that was interrupted being several;
        `next_known_on` says when it could be seen that a term is followed by another one.
    """
    seen = terms.filter(pl.col("known_on") < cutoff_on).sort("subscription_id", "started_on")
    is_end_known = (pl.col("end_known_on") < cutoff_on).fill_null(value=False)
    seen = seen.with_columns(
        pl.when(is_end_known).then(name).alias(name)
        for name in ("ended_on", "end_known_on", "end_kind")
    )
    chained = _chained(seen, longest_gap_days=longest_gap_days)
    types = KNOWN_TYPES | {"user_id": terms.schema["user_id"]}
    return typed(chained, types)


def without_gaps(terms: pl.DataFrame) -> pl.DataFrame:
    """Let each term of a contract run until the next one starts: the days between them (ends that
    are written as 23:59) are no interruption.

    Args:
        terms: `known_terms`.

    Returns:
        The same rows, by contract and start, with `ended_on` so.
    """
    goes_on = pl.col("contract_place") == pl.col("contract_place").shift(-1)
    next_on = pl.when(goes_on).then(pl.col("started_on").shift(-1))
    return terms.sort("contract_place", "started_on").with_columns(
        ended_on=pl.coalesce(next_on, "ended_on")
    )


def _chained(seen: pl.DataFrame, *, longest_gap_days: int) -> pl.DataFrame:
    """Join terms into contracts.

    Rows lie by contract and start, so neighbours are looked at as they lie: a window over a million
    contracts costs minutes, this costs seconds.
    """
    same = pl.col("subscription_id") == pl.col("subscription_id").shift(1)
    gap = (pl.col("started_on") - pl.col("ended_on").shift(1)).dt.total_days()
    follows = same.fill_null(value=False) & (gap.fill_null(0) <= longest_gap_days)
    period = ("period_months", "period_days")
    is_other = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in period)
    numbered = seen.with_columns(follows=follows).with_columns(
        contract_place=(~pl.col("follows")).cum_sum().cast(pl.Int64) - 1,
        is_rebilled=~pl.col("follows") | is_other.fill_null(value=True),
        is_last=~pl.col("follows").shift(-1).fill_null(value=False),
    )
    whole = numbered.join(_contracts(numbered), on="contract_place", maintain_order="left")
    is_comparable = pl.col("follows") & (pl.col("currency") == pl.col("currency").shift(1))
    return whole.with_columns(
        anchor_on=_anchor(),
        price_before_minor=pl.when(is_comparable).then(pl.col("price_minor").shift(1)),
        next_known_on=pl.when(~pl.col("is_last")).then(pl.col("known_on").shift(-1)),
    )


def _anchor() -> pl.Expr:
    """Day from which the renewals of a term are counted: the end of its trial or its start, of the
    terms that are billed as the one before the same.
    """
    later = pl.max_horizontal("started_on", "contract_trial_end_on")
    first = pl.coalesce("trial_end_on", "started_on")
    anchor = pl.when("is_rebilled").then(pl.when("follows").then(later).otherwise(first))
    return anchor.forward_fill()


def _contracts(numbered: pl.DataFrame) -> pl.DataFrame:
    """Say of each contract when it began and ended, and how many of its user's began before."""
    contracts = numbered.group_by("contract_place", maintain_order=True).agg(
        pl.col("user_id").first(),
        contract_started_on=pl.col("started_on").first(),
        contract_trial_end_on=pl.col("trial_end_on").first(),
        contract_end_on=pl.col("ended_on").last(),
        contract_end_known_on=pl.col("end_known_on").last(),
        contract_end_kind=pl.col("end_kind").last(),
    )
    ordered = contracts.sort("user_id", "contract_started_on", "contract_place").with_row_index(
        "at"
    )
    is_first = (pl.col("user_id") != pl.col("user_id").shift(1)).fill_null(value=True)
    first = pl.when(is_first).then("at").forward_fill()
    return ordered.with_columns(
        n_contracts_before=pl.col("at").cast(pl.Int64) - first.cast(pl.Int64)
    ).drop("user_id", "at")
