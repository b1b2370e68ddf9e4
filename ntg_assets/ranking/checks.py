"""Checks of ranking: business rules name what there is."""

import dagster as dg
import polars as pl

from ntg_assets.stages import STAGES


def _rules_name_what_there_is(stage: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=dg.AssetKey([stage, "ranking_rules_report"]), name="rules_name_what_there_is")
    def check(ranking_rules_report: pl.DataFrame) -> dg.AssetCheckResult:
        """Each item and category that a business rule names is in TRAIN; a warning, since catalogues change."""
        unknown = ranking_rules_report.filter(pl.col("warning").is_not_null())
        told = "; ".join(f"ranking.rules.{rule}: {warning}" for rule, warning in unknown.select("rule", "warning").iter_rows())
        return dg.AssetCheckResult(
            passed=unknown.is_empty(), severity=dg.AssetCheckSeverity.WARN, description=told or f"{ranking_rules_report.height} rules"
        )

    return check


ranking_checks = [_rules_name_what_there_is(stage) for stage in STAGES]
