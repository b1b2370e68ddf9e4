"""Checks of contracts: sums add up, what ended is not forecast, nothing is too good to be true."""

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.stages import BACKTEST, INGEST, LIVE, STAGES
from ntg_assets.subscriptions.hazard.backtest import implausible_orders
from ntg_assets.subscriptions.money.waterfall import mrr_by_changes, unreconciled
from ntg_assets.subscriptions.sentences import describe_tests
from ntg_assets.subscriptions.survival.scores import ENDING
from ntg_assets.subscriptions.terms.amounts import describe_amount


def values_that_do_not_add_up(values: pl.DataFrame) -> pl.DataFrame:
    """Return the contracts whose ltv and value at risk are not the value if kept."""
    whole = pl.col("ltv_minor") + pl.col("value_at_risk_minor")
    return values.filter(whole != pl.col("value_if_kept_minor"))


def forecasts_of_what_ended(scores: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Return the contracts that are scored although they had ended for all that was known."""
    if scores.is_empty():
        return scores
    ended = terms.filter(
        (pl.col("contract_end_on") <= scores["cutoff_on"].max()).fill_null(value=False)
    )
    last = ended.group_by("subscription_id").agg(pl.col("contract_started_on").max())
    return scores.join(last, on=["subscription_id", "contract_started_on"], how="semi")


def ends_ahead(values: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Return the contracts that are valued as running on, and of which the files state an end.

    Args:
        values: `contract_values`.
        terms: `subscription_terms`: all that the files say.
    """
    last = terms.sort("subscription_id", "started_on").unique(
        "subscription_id", keep="last", maintain_order=True
    )
    ends = last.filter(pl.col("ended_on").is_not_null()).select("subscription_id", "ended_on")
    return (
        values.filter(pl.col("state") != ENDING)
        .join(ends, on="subscription_id", how="inner")
        .sort("ended_on", "subscription_id")
    )


def describe_ends_ahead(ahead: pl.DataFrame, *, n_contracts: int, is_named: bool) -> str:
    """Say which contracts end by the files although nothing said so by the cutoff; empty where none
    do.

    Args:
        ahead: Rows of `ends_ahead`.
        n_contracts: Contracts that run.
        is_named: Whether a column says when ends were known (`end_known_from`).
    """
    if ahead.is_empty():
        return ""
    sums = ahead.group_by("currency").agg(pl.col("ltv_minor").sum()).sort("currency")
    worth = ", ".join(describe_amount(minor, code) for code, minor in sums.iter_rows())
    first = ahead.row(0, named=True)
    advice = (
        "they became known after the cutoff"
        if is_named
        else "nothing says when they were known: name ingest.subscriptions.end_known_from, or,"
        " where such a day is only until when it is paid, leave it empty"
    )
    return (
        f"{ahead.height:,} of {n_contracts:,} running contracts end later by the files (first:"
        f" contract {first['subscription_id']} on {first['ended_on']}); {advice}. They are on no"
        f" contact list (contract_ending); their chances, and {worth} of expected value, are told"
        " as if they ran on"
    )


@staged_check("revenue_waterfall", stages=STAGES, blocking=True)
def revenue_adds_up_to_the_cent(
    revenue_waterfall: pl.DataFrame, known_terms: pl.DataFrame, split_boundaries: pl.DataFrame
) -> dg.AssetCheckResult:
    """Each month's movements lead from its beginning to its end and to the next month, and both are
    what the contracts give when they are added up the other way.
    """
    cutoff_on = train_history(split_boundaries).cutoff_on
    changes = mrr_by_changes(known_terms, cutoff_on=cutoff_on)
    broken = unreconciled(revenue_waterfall, changes)
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{revenue_waterfall.height:,} months, {broken.height} that do not add up",
        metadata={"first": str(broken.head(3).rows())},
    )


@staged_check("contract_values", stages=STAGES, blocking=True)
def contract_values_add_up(contract_values: pl.DataFrame) -> dg.AssetCheckResult:
    """What is expected and what is at risk add up to the value if kept, for each contract."""
    broken = values_that_do_not_add_up(contract_values)
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{contract_values.height:,} contracts, {broken.height} that do not add up",
        metadata={"first": str(broken["subscription_id"].head(3).to_list())},
    )


@staged_check("contract_scores", stages=STAGES, blocking=True)
def what_ended_is_not_forecast(
    contract_scores: pl.DataFrame, known_terms: pl.DataFrame
) -> dg.AssetCheckResult:
    """No contract is scored that had ended for all that was known."""
    broken = forecasts_of_what_ended(contract_scores, known_terms)
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{contract_scores.height:,} contracts, {broken.height} that had ended",
        metadata={"first": str(broken["subscription_id"].head(3).to_list())},
    )


@staged_check("contract_backtest", stages=(BACKTEST,), blocking=True)
def contracts_are_not_too_good_to_be_true(
    contract_backtest: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No order of contracts is so good that a leak is likelier than a model."""
    threshold = project.settings.gate.implausible_auc
    broken = implausible_orders(
        contract_backtest, rows="n_contracts", events="n_ended", threshold=threshold
    )
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{broken.height} AUCs of contracts above {threshold}",
        metadata={"offenders": str(broken.rows())},
    )


@staged_check("contract_values", stages=(LIVE,))
def what_ends_is_not_valued_as_running_on(
    contract_values: pl.DataFrame, subscription_terms: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No contract is valued as running on of which the files state an end; a warning, since lists
    leave such contracts out, and what was known by the cutoff is all that a forecast may use.
    """
    ahead = ends_ahead(contract_values, subscription_terms)
    source = project.settings.ingest.subscriptions
    sentence = describe_ends_ahead(
        ahead,
        n_contracts=contract_values.height,
        is_named=source is not None and source.end_known_from is not None,
    )
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or f"{contract_values.height:,} contracts, of none an end lies ahead",
        metadata={"n_ends_ahead": ahead.height},
    )


@staged_check("contract_forecast_tests", stages=(BACKTEST,))
def past_forecasts_of_contracts_were_right(
    contract_forecast_tests: pl.DataFrame,
) -> dg.AssetCheckResult:
    """As many contracts ended, and stayed, as past forecasts said, but for chance; a warning, since
    the figures that rest on others say so.
    """
    sentence = describe_tests(contract_forecast_tests)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence
        or f"{contract_forecast_tests.height:,} past forecasts held against what came, none is off",
        metadata={"n_off": int(contract_forecast_tests["is_off"].sum())},
    )


@staged_check("subscription_report", stages=(INGEST,))
def contracts_can_be_believed(subscription_report: pl.DataFrame) -> dg.AssetCheckResult:
    """No row of contracts or payments is left out; a warning, since the others count."""
    refused = subscription_report.filter(pl.col("is_refused"))
    sentences = "; ".join(refused["sentence"].to_list())
    return dg.AssetCheckResult(
        passed=refused.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentences or "no row is left out",
    )
