"""Blocking checks of the leakage audit and of the release gate."""

import dagster as dg
import polars as pl

from ntg_assets.orchestration.checking import staged_check
from ntg_assets.splits.live_entry import blocked_rules
from ntg_assets.stages import BACKTEST


@staged_check("leakage_audit", stages=(BACKTEST,), blocking=True)
def nothing_from_the_future(leakage_audit: pl.DataFrame) -> dg.AssetCheckResult:
    """No stored row of the back-test could only come from the future."""
    broken = leakage_audit.filter(pl.col("n_violations") > 0)
    sentence = "; ".join(
        f"{row['table_name']}: {row['rule']}: {row['n_violations']} rows"
        + (f" ({row['detail']})" if row.get("detail") else "")
        for row in broken.iter_rows(named=True)
    )
    return dg.AssetCheckResult(
        passed=broken.is_empty(), description=sentence or f"{leakage_audit.height} rules hold"
    )


@staged_check("release_gate", stages=(BACKTEST,), blocking=True)
def gate_is_open(release_gate: pl.DataFrame) -> dg.AssetCheckResult:
    """No rule of the release gate blocks; otherwise nothing live is made and the last publication
    stays.
    """
    closed = blocked_rules(release_gate)
    return dg.AssetCheckResult(
        passed=not closed,
        description="; ".join(closed) or f"{release_gate.height} rules, none blocks",
    )


@staged_check("release_gate", stages=(BACKTEST,))
def evidence_is_not_thin(release_gate: pl.DataFrame) -> dg.AssetCheckResult:
    """The evidence carries the claims; where it is thin, the number of users is named."""
    reservations = release_gate.filter(pl.col("verdict") == "warn")
    sentence = "; ".join(
        f"{row['rule']}: {row['evidence']}" for row in reservations.iter_rows(named=True)
    )
    return dg.AssetCheckResult(
        passed=reservations.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "no reservation",
    )
