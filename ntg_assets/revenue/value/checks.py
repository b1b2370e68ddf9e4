"""Checks of value: what may make it wrong although nothing is broken."""

import dagster as dg
import polars as pl

from ntg_assets.features.amount_scales import describe_scales, find_scales
from ntg_assets.features.price_steps import counts_amounts, describe_steps, price_sample
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Table
from ntg_assets.stages import STAGES


@staged_check("price_steps", stages=STAGES)
def prices_have_not_jumped(price_steps: pl.DataFrame) -> dg.AssetCheckResult:
    """What the same users pay has not jumped; a warning, since prices may."""
    sentence = describe_steps(price_steps)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "what the same users pay has not jumped from one week to the next",
        metadata={"n_steps": price_steps.height},
    )


@staged_check("user_days", stages=STAGES)
def amounts_stand_on_one_scale(user_days: Table, project: Project) -> dg.AssetCheckResult:
    """Amounts are of one currency and unit; a warning, since customers may be of two kinds."""
    is_money = counts_amounts(project.settings.value)
    scales = find_scales(project.read(price_sample(user_days))) if is_money else None
    return dg.AssetCheckResult(
        passed=scales is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=describe_scales(scales) or "what users pay differs as one hill of amounts does",
    )
