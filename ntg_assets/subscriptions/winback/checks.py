"""Checks of people who left: they have left, amounts add up, nothing is too good to be true."""

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.stages import BACKTEST, STAGES
from ntg_assets.subscriptions.hazard.backtest import implausible_orders


def returns_that_do_not_add_up(scores: pl.DataFrame) -> pl.DataFrame:
    """Return the people whose ltv and value to win are not the value if back."""
    whole = pl.col("ltv_minor") + pl.col("value_to_win_minor")
    return scores.filter((whole != pl.col("value_if_back_minor")).fill_null(value=False))


def scored_as_left_under_contract(scores: pl.DataFrame, running: pl.DataFrame) -> pl.DataFrame:
    """Return the people who are scored as having left while a contract of theirs runs."""
    return scores.join(running.select("user_id").unique(), on="user_id", how="semi")


@staged_check("return_scores", stages=STAGES, blocking=True)
def who_left_has_left(
    return_scores: pl.DataFrame, contract_states: pl.DataFrame, split_boundaries: pl.DataFrame
) -> dg.AssetCheckResult:
    """Nobody is to be won back whose contract runs; chances and amounts add up to the value if
    back.
    """
    cutoff_on = train_history(split_boundaries).cutoff_on
    running = contract_states.filter(pl.col("snapshot_on") == cutoff_on)
    there = scored_as_left_under_contract(return_scores, running)
    unequal = returns_that_do_not_add_up(return_scores)
    return dg.AssetCheckResult(
        passed=there.is_empty() and unequal.is_empty(),
        description=(
            f"{return_scores.height:,} people have left: {there.height} of them under contract,"
            f" {unequal.height} whose amounts do not add up"
        ),
        metadata={"first": str([*there["user_id"].head(3), *unequal["user_id"].head(3)])},
    )


@staged_check("return_backtest", stages=(BACKTEST,), blocking=True)
def returns_are_not_too_good_to_be_true(
    return_backtest: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No order of people who left is so good that a leak is likelier than a model."""
    threshold = project.settings.gate.implausible_auc
    broken = implausible_orders(
        return_backtest, rows="n_left", events="n_returned", threshold=threshold
    )
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{broken.height} AUCs of returns above {threshold}",
        metadata={"offenders": str(broken.rows())},
    )
