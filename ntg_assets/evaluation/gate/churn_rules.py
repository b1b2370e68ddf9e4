"""Rules on the churn score: plausible, better than the base rate, calibrated."""

import polars as pl

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.evaluation.gate.findings import (
    FEWEST,
    Finding,
    Verdict,
    headline,
    unless_few,
    unless_thin,
)


def churn_is_plausible(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the AUC against what only a leak reaches."""
    rule = "the churn score is not too good to be true"
    row = headline(calibration, "auc")
    if row is None or row["value"] is None:
        return Finding(
            rule,
            "warn",
            None,
            settings.implausible_auc,
            0,
            "AUC is not defined: no held-out user stayed, or none left",
        )
    evidence = (
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
            f"{evidence}: more likely a leak than a model",
        )
    return Finding(rule, "pass", row["value"], settings.implausible_auc, row["n_users"], evidence)


def churn_informs(calibration: pl.DataFrame, *, settings: GateSettings) -> Finding:
    """Hold the log loss against that of the base rate."""
    rule = "the churn score is no worse than the base rate"
    row, base = headline(calibration, "log_loss"), headline(calibration, "log_loss_of_base_rate")
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
        evidence = (
            f"all {row['n_rows']:,} held-out outcomes are alike: the churn score is unproven on"
            " this log"
        )
        return Finding(rule, "warn", row["value"], None, row["n_users"], evidence)
    evidence = (
        f"log loss {row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f}) against"
        f" {base['value']:.3f} of the base rate, {row['n_users']:,} users ({row['evaluation']})"
    )
    if row["low"] > base["high"]:
        fewest = min(row["n_churned"], row["n_rows"] - row["n_churned"])
        return unless_few(
            Finding(rule, "block", row["value"], base["value"], row["n_users"], evidence),
            fewest,
            "of the rarer outcome",
        )
    better: Verdict = "pass" if row["value"] < base["value"] else "warn"
    return unless_thin(
        Finding(rule, better, row["value"], base["value"], row["n_users"], evidence),
        settings=settings,
    )


def churn_is_calibrated(calibration: pl.DataFrame) -> Finding:
    """Hold the calibration error against that of a perfect model of this size."""
    rule = "the churn score is calibrated"
    row, noise = headline(calibration, "ece"), headline(calibration, "ece_noise_95")
    if row is None or noise is None:
        return Finding(
            rule,
            "warn",
            None,
            None,
            0,
            "no held-out user was at risk: calibration is unproven on this log",
        )
    evidence = (
        f"ECE {row['value']:.3f}; a perfect model of this size stays below {noise['value']:.3f} in"
        f" 95 of 100 cases ({row['evaluation']})"
    )
    verdict: Verdict = "pass" if row["value"] <= noise["value"] else "warn"
    return Finding(rule, verdict, row["value"], noise["value"], row["n_users"], evidence)
