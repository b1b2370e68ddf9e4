"""Checks of value: what may make it wrong although nothing is broken."""

import dagster as dg
import polars as pl

from ntg_assets.features.price_steps import tell_steps
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import STAGES


@staged_check("price_steps", stages=STAGES)
def prices_have_not_jumped(price_steps: pl.DataFrame) -> dg.AssetCheckResult:
    """What the same users pay has not jumped; a warning, since prices may."""
    sentence = tell_steps(price_steps)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "what the same users pay has not jumped from one week to the next",
        metadata={"n_steps": price_steps.height},
    )
