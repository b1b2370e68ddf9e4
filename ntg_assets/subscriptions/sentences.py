"""What a person is told of contracts, in sentences with their numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.subscriptions.hazard.backtest import TOGETHER
from ntg_assets.subscriptions.money.waterfall import MOVEMENTS
from ntg_assets.subscriptions.survival.doubts import NOT_JUDGED, OFF
from ntg_assets.subscriptions.survival.forecast_tests import ALL, KEY
from ntg_assets.subscriptions.survival.scores import ENDING, SLEEPING, TRIAL
from ntg_assets.subscriptions.terms.amounts import describe_amount

SHOWN_MONTHS = 12
LETTERS = 3  # of a currency; a total over several says more after them
SHOWN_OCCASIONS = 3
FEWEST_ORIGINS = 2  # one origin has no range


class ContractSentences(NamedTuple):
    """What is told of contracts.

    Attributes:
        sentences: One for each currency, then of who sleeps, of the back-test and of the sources.
        waterfall: The last months, as texts: currency, month, then the amounts.
    """

    sentences: list[str]
    waterfall: list[list[str]]


def describe_contracts(
    values: pl.DataFrame,
    waterfall: pl.DataFrame,
    backtest: pl.DataFrame,
    report: pl.DataFrame,
    attributes: pl.DataFrame,
    tests: pl.DataFrame,
    returns: Sequence[str] = (),
) -> ContractSentences:
    """Say what runs, what is at risk, how far that was right before, and what is assumed.

    Args:
        values: `contract_values`.
        waterfall: `revenue_waterfall`, and `revenue_waterfall_total` below it.
        backtest: `contract_backtest`.
        report: `subscription_report`.
        attributes: `attribute_report`.
        tests: `contract_forecast_tests`.
        returns: What is said of people who left.
    """
    assumed = attributes.filter("is_time_assumed")["sentence"].to_list()
    if values.is_empty():
        return ContractSentences([*returns, *assumed], _months(waterfall))
    refused = report.filter("is_refused")["sentence"].to_list()
    sentences = [
        *(_of_currency(rows) for rows in values.sort("currency").partition_by("currency")),
        _of_states(values),
        *_of_backtest(backtest),
        describe_tests(tests),
        describe_horizon(tests, values),
        *returns,
        *refused,
        *assumed,
    ]
    return ContractSentences([sentence for sentence in sentences if sentence], _months(waterfall))


def _of_currency(rows: pl.DataFrame) -> str:
    code = str(rows["currency"][0])
    monthly, at_risk, value = (
        describe_amount(int(rows[name].sum()), code)
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
    used = backtest.filter("is_used")
    rows = used.filter(pl.col("origin") == TOGETHER)
    return [
        f"at past origins {describe_amount(row['mrr_at_risk_minor'], row['currency'])} a month was"
        f" called at risk, {describe_amount(row['mrr_lost_minor'], row['currency'])} was lost"
        f" ({row['n_ended']:,} of {row['n_contracts']:,} contracts; AUC {row['auc'] or 0:.2f})"
        f"{_of_origins(used.filter(pl.col('currency') == row['currency']))}"
        for row in rows.sort("currency").iter_rows(named=True)
    ]


def _of_origins(rows: pl.DataFrame) -> str:
    """Say how far single origins were off: a season that no year of history holds shows there."""
    ratios = rows.filter(pl.col("origin") != TOGETHER)["mrr_ratio"].drop_nulls().to_list()
    if len(ratios) < FEWEST_ORIGINS:
        return ""
    return f"; at single origins {min(ratios):.0%} to {max(ratios):.0%} of what was then lost"


def describe_tests(tests: pl.DataFrame) -> str:
    """Name the past forecasts of contracts that were proven off; empty where none was.

    Args:
        tests: `contract_forecast_tests`.
    """
    off = tests.filter("is_off").sort(pl.col("group_kind") != ALL, "p_adjusted", *KEY)
    occasions = off.sort(pl.col("origin") != TOGETHER, maintain_order=True).partition_by(
        "after_periods", "origin", maintain_order=True
    )
    if not occasions:
        return ""
    first = "; ".join(_of_occasion(rows) for rows in occasions[:SHOWN_OCCASIONS])
    n_more = len(occasions) - SHOWN_OCCASIONS
    rest = f"; {n_more} more in contract_forecast_tests" if n_more > 0 else ""
    return f"past forecasts of contracts were off by more than chance: {first}{rest}"


def _of_occasion(rows: pl.DataFrame) -> str:
    """Tell of one origin: of all its contracts where they were off, and of the group most so."""
    row = rows.row(0, named=True)
    ahead = f"after {row['after_periods']} renewals" if row["after_periods"] else "in a horizon"
    day = "over all origins" if row["origin"] == TOGETHER else f"from {row['origin']}"
    whose = "" if row["group_kind"] == ALL else f" of {row['group_kind']} {row['group_name']}"
    parts = rows.filter(pl.col("n_contracts") < row["n_contracts"])
    part = parts.row(0, named=True) if parts.height else None
    most = (
        "" if part is None else f" (of {part['group_kind']} {part['group_name']} {_counts(part)})"
    )
    return f"{ahead}, {day},{whose} {_counts(row)}{most}"


def _counts(row: dict[str, Any]) -> str:
    return (
        f"{row['expected_ended']:,.0f} of {row['n_contracts']:,} contracts were expected to end,"
        f" {row['n_ended']:,} did"
    )


def describe_horizon(tests: pl.DataFrame, values: pl.DataFrame) -> str:
    """Say what values of contracts rest on, as far as that is not what came; empty where it is.

    Args:
        tests: `contract_forecast_tests`.
        values: `contract_values`.
    """
    counts = dict(values["value_evidence"].value_counts().iter_rows())
    farthest = max(tests["after_periods"].to_list(), default=0)
    parts = []
    if n_off := counts.get(OFF, 0):
        parts.append(
            f"values of {n_off:,} contracts, and their chances to be there, are doubtful from the"
            " renewals on at which past forecasts were off (doubtful_from_periods)"
        )
    if n_unjudged := counts.get(NOT_JUDGED, 0):
        parts.append(
            f"values of {n_unjudged:,} contracts reach beyond what could be judged (forecasts were"
            f" held against what came up to {farthest} renewals ahead): an extrapolation"
        )
    return "; ".join(parts)


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
            *(
                describe_amount(row[name], row["currency"][:LETTERS]).split(" ")[0]
                for name in names
            ),
        ]
        for row in last.iter_rows(named=True)
    ]
