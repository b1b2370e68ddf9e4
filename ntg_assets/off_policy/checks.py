"""Checks of the off-policy evaluation: every exposure is accounted for,
and estimates that cannot be believed say so.
"""

from functools import partial

import dagster as dg
import polars as pl

from ntg_assets.off_policy.isolation import KEY
from ntg_assets.off_policy.report import LOGGED
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import BACKTEST

NOTHING_LATER = "no exposure lies at or after the cutoff: nothing was estimated"
NOT_CONFIGURED = "no log of exposures is configured (off_policy.shown): nothing was estimated"


def doubtful_strategies(report: pl.DataFrame) -> list[str]:
    """Say of each strategy whose estimate supports no claim why."""
    is_doubtful = ~pl.col("supports_claim") & (pl.col("strategy") != LOGGED)
    doubtful = report.filter(is_doubtful).unique("strategy").sort("strategy")
    verdicts = doubtful.select("strategy", "verdict").iter_rows()
    return [f"{strategy}: {verdict}" for strategy, verdict in verdicts]


def told_log(fates: pl.DataFrame) -> str:
    """Say in one line what became of the rows of the log."""
    counted = fates.group_by("fate").agg(pl.col("n_rows").sum())
    rows = counted.sort("n_rows", "fate", descending=[True, False]).iter_rows()
    return ", ".join(f"{n_rows:,} {fate}" for fate, n_rows in rows) or NOT_CONFIGURED


@staged_check("off_policy_report", stages=(BACKTEST,))
def estimates_can_be_believed(
    off_policy_report: pl.DataFrame,
    shown_log_report: pl.DataFrame,
    off_policy_problems: pl.DataFrame,
    optional_sources: pl.DataFrame,
) -> dg.AssetCheckResult:
    """Each strategy's estimate rests on enough users, on support,
    and on propensities whose weights are 1 on average; a warning.
    """
    is_unusable = (pl.col("source") == KEY) & ~pl.col("is_usable")
    refused = optional_sources.filter(is_unusable)["sentence"].to_list()
    verdict = partial(dg.AssetCheckResult, severity=dg.AssetCheckSeverity.WARN)
    if broken := [*refused, *off_policy_problems["reason"]]:
        return verdict(passed=False, description=f"nothing was estimated: {'; '.join(broken)}")
    doubts = doubtful_strategies(off_policy_report)
    if shown_log_report.is_empty():
        return verdict(passed=not doubts, description=NOT_CONFIGURED)
    missing = off_policy_report.is_empty()
    sentence = NOTHING_LATER if missing else "; ".join(doubts) or "all checks hold"
    return verdict(
        passed=not doubts and not missing,
        description=f"{sentence} ({told_log(shown_log_report)})",
    )
