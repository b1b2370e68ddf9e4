"""Checks of contracts: sums add up, what ended is not forecast, nothing is too good to be true."""

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.stages import BACKTEST, INGEST, STAGES
from ntg_assets.subscriptions.hazard.backtest import implausible_orders
from ntg_assets.subscriptions.money.waterfall import mrr_by_changes, unreconciled
from ntg_assets.subscriptions.sentences import tell_tests


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


@staged_check("contract_forecast_tests", stages=(BACKTEST,))
def past_forecasts_of_contracts_were_right(
    contract_forecast_tests: pl.DataFrame,
) -> dg.AssetCheckResult:
    """As many contracts ended, and stayed, as past forecasts said, but for chance; a warning, since
    the figures that rest on others say so.
    """
    sentence = tell_tests(contract_forecast_tests)
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
