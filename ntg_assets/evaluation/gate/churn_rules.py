"""Rules on the churn score: plausible, better than the base rate, calibrated."""

import polars as pl

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.evaluation.gate.findings import (
    FEWEST,
    Finding,
    Row,
    Verdict,
    headline,
    unless_few,
    unless_thin,
    unproven,
)


def churn_is_plausible(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the AUC against what only a leak reaches."""
    rule, limit = "the churn score is not too good to be true", settings.implausible_auc
    row = headline(calibration, "auc")
    if row is None or row["value"] is None:
        why = "AUC is not defined: no held-out user stayed, or none left"
        return unproven(rule, limit, why)
    evidence = (
        f"AUC {row['value']:.3f} ({row['n_users']:,} users, {row['n_churned']:,} of"
        f" {row['n_rows']:,} forecasts churned)"
    )
    finding = Finding(rule, "pass", row["value"], limit, row["n_users"], evidence)
    if row["value"] > limit and _of_the_rarer_outcome(row) >= FEWEST:
        leak = f"{evidence}: more likely a leak than a model"
        return finding._replace(verdict="block", evidence=leak)
    return finding


def churn_informs(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the log loss against that of the base rate."""
    rule = "the churn score is no worse than the base rate"
    row, base = headline(calibration, "log_loss"), headline(calibration, "log_loss_of_base_rate")
    if row is None or base is None:
        why = "no held-out user was at risk: the churn score is unproven on this log"
        return unproven(rule, None, why)
    # the rate of outcomes that are all alike is certain: no forecast can be as good
    if row["n_churned"] in (0, row["n_rows"]):
        why = f"all {row['n_rows']:,} held-out outcomes are alike: the churn score is unproven on"
        return Finding(rule, "warn", row["value"], None, row["n_users"], f"{why} this log")
    finding = _against_base_rate(rule, row, base)
    if row["low"] > base["high"]:
        harm = finding._replace(verdict="block")
        return unless_few(harm, _of_the_rarer_outcome(row), "of the rarer outcome")
    return unless_thin(finding, settings=settings)


def _against_base_rate(rule: str, row: Row, base: Row) -> Finding:
    evidence = (
        f"log loss {row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f}) against"
        f" {base['value']:.3f} of the base rate, {row['n_users']:,} users ({row['evaluation']})"
    )
    better: Verdict = "pass" if row["value"] < base["value"] else "warn"
    return Finding(rule, better, row["value"], base["value"], row["n_users"], evidence)


def _of_the_rarer_outcome(row: Row) -> int:
    return int(min(row["n_churned"], row["n_rows"] - row["n_churned"]))


def churn_is_calibrated(calibration: pl.DataFrame) -> Finding:
    """Hold the calibration error against that of a perfect model of this size."""
    rule = "the churn score is calibrated"
    row, noise = headline(calibration, "ece"), headline(calibration, "ece_noise_95")
    if row is None or noise is None:
        why = "no held-out user was at risk: calibration is unproven on this log"
        return unproven(rule, None, why)
    evidence = (
        f"ECE {row['value']:.3f}; a perfect model of this size stays below {noise['value']:.3f} in"
        f" 95 of 100 cases ({row['evaluation']})"
    )
    verdict: Verdict = "pass" if row["value"] <= noise["value"] else "warn"
    return Finding(rule, verdict, row["value"], noise["value"], row["n_users"], evidence)
