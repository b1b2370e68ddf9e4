"""What a person is told of contracts, in sentences with their numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from ntg_assets.subscriptions.hazard.backtest import TOGETHER
from ntg_assets.subscriptions.hazard.learning_rows import FULL
from ntg_assets.subscriptions.money.waterfall import MOVEMENTS
from ntg_assets.subscriptions.survival.scores import ENDING, SLEEPING, TRIAL
from ntg_assets.subscriptions.terms.amounts import tell_amount

SHOWN_MONTHS = 12
LETTERS = 3  # of a currency; a total over several says more after them
FEWEST_ORIGINS = 2  # one origin has no range


class ToldContracts(NamedTuple):
    """What is told of contracts.

    Attributes:
        sentences: One for each currency, then of who sleeps, of the back-test and of the sources.
        waterfall: The last months, as texts: currency, month, then the amounts.
    """

    sentences: list[str]
    waterfall: list[list[str]]


def tell_contracts(
    values: pl.DataFrame,
    waterfall: pl.DataFrame,
    backtest: pl.DataFrame,
    report: pl.DataFrame,
    attributes: pl.DataFrame,
    returns: Sequence[str] = (),
) -> ToldContracts:
    """Say what runs, what is at risk, how far that was right before, and what is assumed.

    Args:
        values: `contract_values`.
        waterfall: `revenue_waterfall`, and `revenue_waterfall_total` below it.
        backtest: `contract_backtest`.
        report: `subscription_report`.
        attributes: `attribute_report`.
        returns: What is said of people who left.
    """
    assumed = attributes.filter("is_time_assumed")["sentence"].to_list()
    if values.is_empty():
        return ToldContracts([*returns, *assumed], _months(waterfall))
    refused = report.filter("is_refused")["sentence"].to_list()
    sentences = [
        *(_of_currency(rows) for rows in values.sort("currency").partition_by("currency")),
        _of_states(values),
        *_of_backtest(backtest),
        *returns,
        *refused,
        *assumed,
    ]
    return ToldContracts([sentence for sentence in sentences if sentence], _months(waterfall))


def _of_currency(rows: pl.DataFrame) -> str:
    code = str(rows["currency"][0])
    monthly, at_risk, value = (
        tell_amount(int(rows[name].sum()), code)
        for name in ("mrr_minor", "mrr_at_risk_minor", "value_at_risk_minor")
    )
    return (
        f"{rows.height:,} contracts bring {monthly} a month; {at_risk} of it is expected to be lost"
        f" within the churn horizon, {value} of value with it"
    )


def _of_states(values: pl.DataFrame) -> str:
    counts = dict(values["state"].value_counts().iter_rows())
    asleep, ending, trials = (counts.get(state, 0) for state in (SLEEPING, ENDING, TRIAL))
    return (
        f"{asleep:,} pay and do not watch (contacted only by a strategy that says so), {ending:,}"
        f" are known to end and are on no list, {trials:,} are in a trial"
    )


def _of_backtest(backtest: pl.DataFrame) -> list[str]:
    full = backtest.filter(pl.col("model") == FULL)
    rows = full.filter(pl.col("origin") == TOGETHER)
    return [
        f"at past origins {tell_amount(row['mrr_at_risk_minor'], row['currency'])} a month was"
        f" called at risk, {tell_amount(row['mrr_lost_minor'], row['currency'])} was lost"
        f" ({row['n_ended']:,} of {row['n_contracts']:,} contracts; AUC {row['auc'] or 0:.2f})"
        f"{_of_origins(full.filter(pl.col('currency') == row['currency']))}"
        for row in rows.sort("currency").iter_rows(named=True)
    ]


def _of_origins(rows: pl.DataFrame) -> str:
    """Say how far single origins were off: a season that no year of history holds shows there."""
    ratios = rows.filter(pl.col("origin") != TOGETHER)["mrr_ratio"].drop_nulls().to_list()
    if len(ratios) < FEWEST_ORIGINS:
        return ""
    return f"; at single origins {min(ratios):.0%} to {max(ratios):.0%} of what was then lost"


def _months(waterfall: pl.DataFrame) -> list[list[str]]:
    names = ["start_minor", *(f"{name}_minor" for name in MOVEMENTS), "end_minor"]
    last = (
        waterfall.sort("currency", "month_on")
        .group_by("currency", maintain_order=True)
        .tail(SHOWN_MONTHS)
    )
    return [
        [
            row["currency"],
            f"{row['month_on']:%Y-%m}",
            *(tell_amount(row[name], row["currency"][:LETTERS]).split(" ")[0] for name in names),
        ]
        for row in last.iter_rows(named=True)
    ]
