"""The release gate: may anything live be made from what the back-test has shown?

It blocks on a broken invariant and on evidence of harm (an interval that lies wholly on the wrong
side and rests on enough), and warns where the evidence is thin: a small test set is a reason for
modesty, not a reason to show users nothing.
"""

from dataclasses import dataclass

import polars as pl

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.evaluation.gate.churn_rules import (
    churn_informs,
    churn_is_calibrated,
    churn_is_plausible,
)
from ntg_assets.evaluation.gate.leakage_rules import chronological, nothing_from_the_future
from ntg_assets.evaluation.gate.quality_rules import (
    radar_points_at_loss,
    ranking_does_no_harm,
    value_adds_up,
)

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
        chronological(evidence.split_report, strategy=strategy),
        nothing_from_the_future(evidence.leakage_audit),
        ranking_does_no_harm(evidence.ranking_report, settings=settings),
        churn_is_plausible(evidence.churn_calibration, settings=settings),
        churn_informs(evidence.churn_calibration, settings=settings),
        churn_is_calibrated(evidence.churn_calibration),
        radar_points_at_loss(evidence.radar_backtest, settings=settings),
    ]
    if evidence.value_horizons is not None:
        findings.append(value_adds_up(evidence.value_horizons, settings=settings))
    return pl.DataFrame(findings, schema=GATE_SCHEMA, orient="row")
