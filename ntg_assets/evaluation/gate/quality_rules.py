"""Rules on what is shown and whom we fear to lose: the ranking, the radar, the value."""

import polars as pl

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.evaluation.gate.findings import (
    Finding,
    Row,
    largest,
    matching,
    row_of,
    unless_few,
    unless_thin,
    unproven,
)

SHIPPED, FLOOR = "blend", "popularity"
METRIC, DEPTH = "ndcg", 10
TOP_SHARE = 0.1  # the radar is judged by its first tenth


def ranking_does_no_harm(report: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the shipped ranking against popularity on TEST."""
    rule, lowest = "the ranking does no harm", 0.0 - settings.harm_margin  # no margin is 0, not -0
    row = row_of(report, split="test", strategy=SHIPPED, metric=METRIC, k=DEPTH, slice="all")
    if row is None or row["difference_high"] is None:
        why = "no TEST user could be evaluated: the ranking is unproven on this log"
        return unproven(rule, lowest, why)
    n_users, low, high = row["n_users"], row["difference_low"], row["difference_high"]
    evidence = (
        f"NDCG@{DEPTH} of {SHIPPED} on TEST is {row['mean']:.4f}, {row['difference']:+.4f} against"
        f" {FLOOR} (95% interval {low:+.4f} to {high:+.4f}, {n_users:,} users)"
    )
    finding = Finding(rule, "pass", row["difference"], lowest, n_users, evidence)
    if high < lowest:
        return unless_few(finding._replace(verdict="block", value=high), n_users, "users")
    return unless_thin(finding, settings=settings)


def radar_points_at_loss(backtest: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the first tenth of the radar against what chance would have held."""
    rule = "the radar points at what is lost"
    judged = matching(backtest, loss="left", ranking="radar", depth_share=TOP_SHARE)
    row = largest(judged.sort("n_losing", descending=True, maintain_order=True))
    if row is None or row["captured_share"] is None:
        why = "nothing was lost in the back-test: the radar is unproven on this log"
        return unproven(rule, TOP_SHARE, why)
    evidence = (
        f"the first {TOP_SHARE:.0%} of the radar held {row['captured_share']:.0%} of the value that"
        f" then left ({row['captured_share_low']:.0%} to {row['captured_share_high']:.0%}; chance"
        f" {TOP_SHARE:.0%}, oracle {row['oracle_captured_share']:.0%}; {row['n_users']:,} users,"
        f" {row['evaluation']})"
    )
    finding = Finding(rule, "pass", row["captured_share"], TOP_SHARE, row["n_users"], evidence)
    if row["captured_share_high"] < TOP_SHARE:
        harm = finding._replace(verdict="block")
        return unless_few(harm, row["n_losing"], "leavers with value")
    return unless_thin(finding, settings=settings)


def value_adds_up(horizons: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Proven off by more than the stated factor, at the longest span that could be judged, blocks.

    Proven off by more than the root of the factor warns, and so does an interval that reaches
    beyond the factor: then nothing is proven (revenue of few payers, or of one).
    """
    rule = "lifetime value adds up to what was seen"
    longest = matching(horizons, kind="value", segment="all", bin=0).sort("n_days")
    row = longest.row(-1, named=True) if longest.height else None
    factor = settings.value_factor
    if row is None or row["ratio"] is None or row["ratio_low"] is None:
        why = "no earlier cut could judge it: lifetime value is unproven on this log"
        return unproven(rule, factor, why)
    evidence = _value_in_words(row)
    finding = Finding(rule, "pass", row["ratio"], factor, row["n_users"], evidence)
    if row["ratio_low"] > factor or row["ratio_high"] < 1 / factor:
        return unless_few(finding._replace(verdict="block"), row["n_users"], "users")
    doubt = _doubt(row, factor)
    if doubt or row["note"] is not None:
        return finding._replace(verdict="warn", evidence=f"{evidence}{doubt}")
    return unless_thin(finding, settings=settings)


def _value_in_words(row: Row) -> str:
    note = "" if row["note"] is None else f"; {row['note']}"
    return (
        f"lifetime value over {row['n_days']} days told {row['ratio']:.2f} of what was seen"
        f" ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}; {row['n_users']:,} users,"
        f" {row['n_origins']} cutoffs){note}"
    )


def _doubt(row: Row, factor: float) -> str:
    """Why a ratio that is not proven off by the factor is no good news either."""
    if row["ratio_low"] < 1 / factor or row["ratio_high"] > factor:
        return f": too uncertain to say that it is right within a factor of {factor:g}"
    if row["ratio_low"] > factor**0.5 or row["ratio_high"] < factor**-0.5:
        return f": surely off by more than a factor of {factor**0.5:.2f}"
    return ""
