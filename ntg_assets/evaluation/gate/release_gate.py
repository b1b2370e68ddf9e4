"""The release gate: may anything live be made from what the back-test has shown?

It blocks on a broken invariant and on evidence of harm (an interval that lies wholly on the wrong
side and rests on enough), and warns where the evidence is thin: a small test set is a reason for
modesty, not a reason to show users nothing.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.evaluation.leakage.audit import CAN_BE_MADE, END, NOT_AUDITED

Verdict = Literal["pass", "warn", "block"]
Row = dict[str, Any]

SHIPPED, FLOOR = "blend", "popularity"
METRIC, DEPTH = "ndcg", 10
# users, or forecasts of either outcome: a bootstrap of fewer is too narrow, and the first tenth
# misses them all by luck
FEWEST = 30
HARM = "evidence of harm"
TOP_SHARE = 0.1  # the radar is judged by its first tenth
GATE_SCHEMA = {
    "rule": pl.String,
    "verdict": pl.String,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "n_users": pl.Int64,
    "evidence": pl.String,
}


@dataclass(frozen=True)
class Evidence:
    """The tables of the back-test that the gate reads."""

    split_report: pl.DataFrame
    leakage_audit: pl.DataFrame
    ranking_report: pl.DataFrame
    churn_calibration: pl.DataFrame
    radar_backtest: pl.DataFrame
    value_horizons: pl.DataFrame | None = None


class Finding(NamedTuple):
    """One rule, decided."""

    rule: str
    verdict: Verdict
    value: float | None
    threshold: float | None
    n_users: int | None
    evidence: str


def release_gate(evidence: Evidence, *, settings: GateSettings, strategy: str) -> pl.DataFrame:
    """Decide each rule of the gate.

    Args:
        evidence: What the back-test has shown.
        settings: Margins and minimum sizes.
        strategy: `split.strategy`: a per-user split looks ahead by construction, which is a
            reservation, not a leak.

    Returns:
        `release_gate`: one row per rule; `block` in any of them closes the gate.
    """
    findings = [
        _chronological(evidence.split_report, strategy=strategy),
        _nothing_from_the_future(evidence.leakage_audit),
        _ranking_does_no_harm(evidence.ranking_report, settings=settings),
        _churn_is_plausible(evidence.churn_calibration, settings=settings),
        _churn_informs(evidence.churn_calibration, settings=settings),
        _churn_is_calibrated(evidence.churn_calibration),
        _radar_points_at_loss(evidence.radar_backtest, settings=settings),
    ]
    if evidence.value_horizons is not None:
        findings.append(_value_adds_up(evidence.value_horizons, settings=settings))
    return pl.DataFrame(findings, schema=GATE_SCHEMA, orient="row")


def _chronological(report: pl.DataFrame, *, strategy: str) -> Finding:
    share = float(report["look_ahead_share"].max() or 0.0)  # type: ignore[arg-type]  # a float column
    told = f"{share:.1%} of TRAIN lies after the start of a held-out part (strategy {strategy})"
    verdict: Verdict = "pass" if share == 0 else "warn" if strategy == "per_user" else "block"
    known = report.filter(pl.col("part") == "test")["n_known_users"].sum()
    return Finding("the split is chronological", verdict, share, 0.0, int(known), told)


def _nothing_from_the_future(audit: pl.DataFrame) -> Finding:
    broken = audit.filter(pl.col("n_violations") > 0)
    n_rows = int(broken["n_violations"].sum())
    told = (
        f"{audit.height} rules asked of {audit['table_name'].n_unique()} tables, {n_rows} rows"
        " break one"
    )
    if broken.height:
        told += f" (first: {_what_broke(broken.row(0, named=True))})"
    unaudited = _not_remade(audit)
    verdict: Verdict = "block" if n_rows else "warn" if unaudited else "pass"
    evidence = f"{told}; {unaudited or _remade(audit)}"
    return Finding("nothing from the future is stored", verdict, float(n_rows), 0.0, None, evidence)


def _what_broke(row: Row) -> str:
    return row.get("detail") or f"{row['table_name']}: {row['rule']}"


def _not_remade(audit: pl.DataFrame) -> str | None:
    """Say why nothing was made again with other futures; None where it was."""
    missing = audit.filter(pl.col("rule") == CAN_BE_MADE, pl.col("n_violations") == 0)
    return missing["detail"][0] if missing.height else None


def _remade(audit: pl.DataFrame) -> str:
    again = audit.filter(pl.col("rule") == END)
    if again.is_empty():
        return "nothing was re-made with another future"
    unmoved = again["detail"].str.extract(f"{NOT_AUDITED}[^:]*: ([^;]*)$").drop_nulls()
    n_unmoved = int(unmoved.str.count_matches(",").sum()) + len(unmoved)
    return (
        f"{again.height} tables of a planted world are the same whatever its future ({n_unmoved}"
        " columns not audited, for another past does not move them)"
    )


def _ranking_does_no_harm(report: pl.DataFrame, *, settings: GateSettings) -> Finding:
    rule = "the ranking does no harm"
    row = _one(report, split="test", strategy=SHIPPED, metric=METRIC, k=DEPTH, slice="all")
    if row is None or row["difference_high"] is None:
        return Finding(
            rule,
            "warn",
            None,
            -settings.harm_margin,
            0,
            "no TEST user could be evaluated: the ranking is unproven on this log",
        )
    n_users, low, high = row["n_users"], row["difference_low"], row["difference_high"]
    told = (
        f"NDCG@{DEPTH} of {SHIPPED} on TEST is {row['mean']:.4f}, {row['difference']:+.4f} against"
        f" {FLOOR} (95% interval {low:+.4f} to {high:+.4f}, {n_users:,} users)"
    )
    if high < -settings.harm_margin:
        return _unless_few(
            Finding(rule, "block", high, -settings.harm_margin, n_users, told), n_users, "users"
        )
    return _unless_thin(
        Finding(rule, "pass", row["difference"], -settings.harm_margin, n_users, told),
        settings=settings,
    )


def _churn_is_plausible(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    rule = "the churn score is not too good to be true"
    row = _headline(calibration, "auc")
    if row is None or row["value"] is None:
        return Finding(
            rule,
            "warn",
            None,
            settings.implausible_auc,
            0,
            "AUC is not defined: no held-out user stayed, or none left",
        )
    told = (
        f"AUC {row['value']:.3f} ({row['n_users']:,} users, {row['n_churned']:,} of"
        f" {row['n_rows']:,} forecasts churned)"
    )
    fewest = min(row["n_churned"], row["n_rows"] - row["n_churned"])
    if row["value"] > settings.implausible_auc and fewest >= FEWEST:
        return Finding(
            rule,
            "block",
            row["value"],
            settings.implausible_auc,
            row["n_users"],
            f"{told}: more likely a leak than a model",
        )
    return Finding(rule, "pass", row["value"], settings.implausible_auc, row["n_users"], told)


def _churn_informs(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    rule = "the churn score is no worse than the base rate"
    row, base = _headline(calibration, "log_loss"), _headline(calibration, "log_loss_of_base_rate")
    if row is None or base is None:
        return Finding(
            rule,
            "warn",
            None,
            None,
            0,
            "no held-out user was at risk: the churn score is unproven on this log",
        )
    # the rate of outcomes that are all alike is certain: no forecast can be as good
    if row["n_churned"] in (0, row["n_rows"]):
        told = (
            f"all {row['n_rows']:,} held-out outcomes are alike: the churn score is unproven on"
            " this log"
        )
        return Finding(rule, "warn", row["value"], None, row["n_users"], told)
    told = (
        f"log loss {row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f}) against"
        f" {base['value']:.3f} of the base rate, {row['n_users']:,} users ({row['evaluation']})"
    )
    if row["low"] > base["high"]:
        fewest = min(row["n_churned"], row["n_rows"] - row["n_churned"])
        return _unless_few(
            Finding(rule, "block", row["value"], base["value"], row["n_users"], told),
            fewest,
            "of the rarer outcome",
        )
    better: Verdict = "pass" if row["value"] < base["value"] else "warn"
    return _unless_thin(
        Finding(rule, better, row["value"], base["value"], row["n_users"], told), settings=settings
    )


def _churn_is_calibrated(calibration: pl.DataFrame) -> Finding:
    rule = "the churn score is calibrated"
    row, noise = _headline(calibration, "ece"), _headline(calibration, "ece_noise_95")
    if row is None or noise is None:
        return Finding(
            rule,
            "warn",
            None,
            None,
            0,
            "no held-out user was at risk: calibration is unproven on this log",
        )
    told = (
        f"ECE {row['value']:.3f}; a perfect model of this size stays below {noise['value']:.3f} in"
        f" 95 of 100 cases ({row['evaluation']})"
    )
    verdict: Verdict = "pass" if row["value"] <= noise["value"] else "warn"
    return Finding(rule, verdict, row["value"], noise["value"], row["n_users"], told)


def _radar_points_at_loss(backtest: pl.DataFrame, *, settings: GateSettings) -> Finding:
    rule = "the radar points at what is lost"
    row = _largest(
        _matching(backtest, loss="left", ranking="radar", depth_share=TOP_SHARE).sort(
            "n_losing", descending=True, maintain_order=True
        )
    )
    if row is None or row["captured_share"] is None:
        return Finding(
            rule,
            "warn",
            None,
            TOP_SHARE,
            0,
            "nothing was lost in the back-test: the radar is unproven on this log",
        )
    told = (
        f"the first {TOP_SHARE:.0%} of the radar held {row['captured_share']:.0%} of the value that"
        f" then left ({row['captured_share_low']:.0%} to {row['captured_share_high']:.0%}; chance"
        f" {TOP_SHARE:.0%}, oracle {row['oracle_captured_share']:.0%}; {row['n_users']:,} users,"
        f" {row['evaluation']})"
    )
    if row["captured_share_high"] < TOP_SHARE:
        harm = Finding(rule, "block", row["captured_share"], TOP_SHARE, row["n_users"], told)
        return _unless_few(harm, row["n_losing"], "leavers with value")
    return _unless_thin(
        Finding(rule, "pass", row["captured_share"], TOP_SHARE, row["n_users"], told),
        settings=settings,
    )


def _value_adds_up(horizons: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Proven off by more than the stated factor, at the longest span that could be judged."""
    rule = "lifetime value adds up to what was seen"
    longest = horizons.filter(
        (pl.col("kind") == "value") & (pl.col("segment") == "all") & (pl.col("bin") == 0)
    ).sort("n_days")
    row = longest.row(-1, named=True) if longest.height else None
    factor = settings.value_factor
    if row is None or row["ratio"] is None or row["ratio_low"] is None:
        return Finding(
            rule,
            "warn",
            None,
            factor,
            0,
            "no earlier cut could judge it: lifetime value is unproven on this log",
        )
    told = (
        f"lifetime value over {row['n_days']} days told {row['ratio']:.2f} of what was seen"
        f" ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}; {row['n_users']:,} users,"
        f" {row['n_origins']} cutoffs)"
    )
    if row["note"] is not None:
        told += f"; {row['note']}"
    found = Finding(rule, "pass", row["ratio"], factor, row["n_users"], told)
    if row["ratio_low"] > factor or row["ratio_high"] < 1 / factor:
        return _unless_few(found._replace(verdict="block"), row["n_users"], "users")
    if row["note"] is not None:
        return found._replace(verdict="warn")
    return _unless_thin(found, settings=settings)


def _unless_few(harm: Finding, n: int, what: str) -> Finding:
    """Block on evidence of harm, unless it rests on so few that luck looks the same."""
    if n >= FEWEST:
        return harm._replace(evidence=f"{harm.evidence}: {HARM}")
    return harm._replace(
        verdict="warn",
        evidence=(
            f"{harm.evidence}: on the wrong side, but {n:,} {what} are too few to prove harm"
            f" ({FEWEST} do)"
        ),
    )


def _unless_thin(finding: Finding, *, settings: GateSettings) -> Finding:
    """Turn a pass on few users into a warning that names their number."""
    n_users = finding.n_users or 0
    if finding.verdict == "pass" and n_users < settings.minimum_users:
        told = (
            f"{finding.evidence}; thin evidence: {n_users:,} of the {settings.minimum_users:,}"
            " users that a claim needs"
        )
        return finding._replace(verdict="warn", evidence=told)
    return finding


def _headline(calibration: pl.DataFrame, metric: str) -> Row | None:
    """Find a metric over all users, in the evaluation that has most of them."""
    return _largest(_matching(calibration, segment="all", bin=0, metric=metric))


def _one(report: pl.DataFrame, **key: object) -> Row | None:
    return _largest(_matching(report, **key))


def _matching(table: pl.DataFrame, **key: object) -> pl.DataFrame:
    return table.filter(pl.all_horizontal(*(pl.col(name) == value for name, value in key.items())))


def _largest(rows: pl.DataFrame) -> Row | None:
    return (
        rows.sort("n_users", descending=True, maintain_order=True).row(0, named=True)
        if rows.height
        else None
    )
