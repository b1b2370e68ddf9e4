"""What it cost to win subscribers beside what they bring, by month of the first contract and
channel; and how many trials became contracts.
"""

from datetime import date
from typing import Any

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.statistics.shares.proportions import count_of, wilson_interval
from ntg_assets.subscriptions.hazard.facts import with_user_attributes
from ntg_assets.subscriptions.terms.amounts import minor_amounts

UNKNOWN = "unknown"
ACQUISITION_TYPES: dict[str, Any] = {
    "started_month_on": pl.Date,
    "channel": pl.String,
    "currency": pl.String,
    "n_users": pl.Int64,
    "n_with_cost": pl.Int64,
    "cost_minor": pl.Int64,
    "paid_minor": pl.Int64,
    "margin_minor": pl.Int64,
    "expected_minor": pl.Int64,
    "ltv_to_cost": pl.Float64,
    "payback_months": pl.Int64,
}
FUNNEL_TYPES: dict[str, Any] = {
    "started_month_on": pl.Date,
    "plan": pl.String,
    "n_trials": pl.Int64,
    "n_open": pl.Int64,
    "n_converted": pl.Int64,
    "n_not_converted": pl.Int64,
    "converted_share": pl.Float64,
    "converted_low": pl.Float64,
    "converted_high": pl.Float64,
}
COHORT = ["started_month_on", "channel", "currency"]


def acquisition(
    users: pl.DataFrame, cash: pl.DataFrame, values: pl.DataFrame, *, margin: float
) -> pl.DataFrame:
    """Hold what subscribers bring against what they cost.

    Args:
        users: `user_id`, `started_on` (of the first contract), `currency`, `channel` and
            `acquisition_cost` (text, in the unit of prices; null: not known).
        cash: What has come in; see `cash.py`.
        values: `contract_values`, of whom runs.
        margin: Share of what comes in that is left after costs.

    Returns:
        `contract_acquisition`: by month of the first contract, channel and currency. `ltv_to_cost`
        is (margin of what was paid + ltv of what runs) / cost, of the users whose cost is known;
        `payback_months` the first month after the beginning by whose end the margin has covered the
        cost, null while it has not.
    """
    cost, _ = minor_amounts(pl.col("acquisition_cost"), pl.col("currency"), unit="major")
    placed = users.with_columns(
        started_month_on=pl.col("started_on").dt.truncate("1mo"),
        channel=pl.col("channel").fill_null(UNKNOWN),
        cost_minor=cost,
    )
    summed = _by_cohort(_with_amounts(placed, cash, values), margin=margin)
    share = pl.col("returned") / pl.col("cost_minor")
    ratios = summed.with_columns(
        margin_minor=(pl.col("paid_minor") * margin).round(),
        ltv_to_cost=pl.when(pl.col("cost_minor") > 0).then(share),
    ).join(_payback(placed, cash, margin=margin), on=COHORT, how="left")
    return typed(ratios, ACQUISITION_TYPES).sort(COHORT)


def _with_amounts(users: pl.DataFrame, cash: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Add what each user has paid, and what is still expected; zero where nothing is known."""
    keys = ["user_id", "currency"]
    paid = cash.group_by(keys).agg(paid_minor=pl.col("amount_minor").sum())
    ahead = values.group_by(keys).agg(expected_minor=pl.col("ltv_minor").sum())
    for table in (paid, ahead):
        users = users.join(table, on=keys, how="left", maintain_order="left")
    return users.with_columns(pl.col("paid_minor", "expected_minor").fill_null(0))


def _by_cohort(users: pl.DataFrame, *, margin: float) -> pl.DataFrame:
    """Add up users by cohort; `returned` is of those whose cost is known."""
    has_cost = pl.col("cost_minor").is_not_null()
    returned = pl.col("paid_minor") * margin + pl.col("expected_minor")
    return users.group_by(COHORT, maintain_order=True).agg(  # the order of fractions, for their sum
        n_users=pl.len(),
        n_with_cost=has_cost.sum(),
        cost_minor=pl.col("cost_minor").sum(),
        paid_minor=pl.col("paid_minor").sum(),
        expected_minor=pl.col("expected_minor").sum(),
        returned=returned.filter(has_cost).sum(),
    )


def first_contracts(
    terms: pl.DataFrame,
    attributes: pl.DataFrame,
    *,
    cutoff_on: date,
    zone: str,
    settings: SubscriptionSettings,
) -> pl.DataFrame:
    """Say of each user when and in which currency the first contract began, by which channel they
    came, and what that cost, as known at the cutoff.

    Args:
        terms: `known_terms`.
        attributes: `attributes`.
        cutoff_on: Day before which everything is known.
        zone: Zone whose midnights begin the days.
        settings: Attributes with the channel and the cost.
    """
    first = (
        terms.filter(pl.col("started_on") < cutoff_on)
        .sort("started_on", "subscription_id")
        .unique("user_id", keep="first", maintain_order=True)
        .select("user_id", "started_on", "currency", snapshot_on=pl.lit(cutoff_on))
    )
    named = {
        "channel": settings.acquisition_channel,
        "acquisition_cost": settings.acquisition_cost,
    }
    wanted = [name for name in named.values() if name]
    facts = with_user_attributes(first, attributes, wanted, zone=zone)
    return facts.select(
        "user_id",
        "started_on",
        "currency",
        *(
            (pl.col(name) if name else pl.lit(None, pl.String)).alias(as_)
            for as_, name in named.items()
        ),
    )


def _payback(placed: pl.DataFrame, cash: pl.DataFrame, *, margin: float) -> pl.DataFrame:
    """First month after a cohort's beginning by whose end its margin covers its cost."""
    costed = placed.filter(pl.col("cost_minor").is_not_null())
    cost = costed.group_by(COHORT).agg(cost_minor=pl.col("cost_minor").sum())
    month = pl.col("paid_on").dt.year() * 12 + pl.col("paid_on").dt.month()
    first = pl.col("started_month_on").dt.year() * 12 + pl.col("started_month_on").dt.month()
    came = (
        cash.join(costed.select("user_id", *COHORT), on=["user_id", "currency"], how="inner")
        .with_columns(months=(month - first).cast(pl.Int64) + 1)
        .group_by(*COHORT, "months")
        .agg(pl.col("amount_minor").sum())
        .sort(*COHORT, "months")
        .with_columns(total=pl.col("amount_minor").cum_sum().over(COHORT) * margin)
        .join(cost, on=COHORT, how="left")
    )
    covered = came.filter(pl.col("total") >= pl.col("cost_minor"))
    return covered.group_by(COHORT).agg(payback_months=pl.col("months").min())


def trial_funnel(terms: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """Say how many trials became contracts, by month of their start and first plan.

    A trial is open while its last day has not passed; of the others each was converted or not.

    Args:
        terms: `known_terms`.
        cutoff_on: Day before which everything is known.

    Returns:
        `contract_trials`, with Wilson's interval of the converted share.
    """
    trials = terms.filter(
        pl.col("contract_trial_end_on").is_not_null(), pl.col("started_on") < cutoff_on
    ).unique("contract_place", keep="first", maintain_order=True)
    is_lost = (pl.col("contract_end_kind") == "not_converted").fill_null(value=False)
    is_open = ~is_lost & (pl.col("contract_trial_end_on") >= cutoff_on)
    counted = (
        trials.with_columns(started_month_on=pl.col("contract_started_on").dt.truncate("1mo"))
        .group_by("started_month_on", "plan")
        .agg(
            n_trials=pl.len(),
            n_open=is_open.sum(),
            n_not_converted=is_lost.sum(),
            n_converted=(~is_lost & ~is_open).sum(),
        )
        .sort("started_month_on", "plan")
    )
    return typed(_with_shares(counted), FUNNEL_TYPES)


def _with_shares(counted: pl.DataFrame) -> pl.DataFrame:
    """Add the share of the closed trials that were converted, and its interval."""
    shares = [
        _share(converted, lost)
        for converted, lost in counted.select("n_converted", "n_not_converted").rows()
    ]
    names = ("converted_share", "converted_low", "converted_high")
    return counted.with_columns(
        pl.Series(name, [share[place] for share in shares], dtype=pl.Float64)
        for place, name in enumerate(names)
    )


def _share(converted: int, lost: int) -> tuple[float | None, float | None, float | None]:
    n = converted + lost
    if not n:
        return None, None, None
    low, high = wilson_interval(count_of(n, converted / n))
    return converted / n, low, high
