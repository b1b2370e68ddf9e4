"""Checks of ranking: business rules name what there is, and no list shows what they exclude."""

import dagster as dg
import polars as pl

from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Query, Table, query
from ntg_assets.stages import STAGES

LISTS = ("recommendations", "default_list", "item_rules")


def excluded_places(tables: dict[str, pl.DataFrame] | dict[str, Table]) -> Query:
    """Ask for the places of lists that hold an excluded item."""
    return query("ranking.lists", "excluded_places", {name: tables[name] for name in LISTS})


def _excluded_items_are_in_no_list(stage: str) -> dg.AssetChecksDefinition:
    others = [dg.AssetKey([stage, name]) for name in LISTS[1:]]

    @dg.asset_check(
        asset=dg.AssetKey([stage, "recommendations"]),
        additional_deps=others,
        blocking=True,
        name="excluded_items_are_in_no_list",
    )
    def check(project: Project) -> dg.AssetCheckResult:
        """No list holds an item that a business rule excludes."""
        broken = project.read(excluded_places({name: Table(stage, name) for name in LISTS}))
        first = (
            f" (such as item {broken['item_id'][0]}: {broken['exclusion'][0]})"
            if broken.height
            else ""
        )
        return dg.AssetCheckResult(
            passed=broken.is_empty(),
            description=f"{broken.height:,} places hold an excluded item{first}",
        )

    return check


def _rules_name_what_there_is(stage: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([stage, "ranking_rules_report"]), name="rules_name_what_there_is"
    )
    def check(ranking_rules_report: pl.DataFrame) -> dg.AssetCheckResult:
        """Each item and category that a business rule names is in TRAIN;
        a warning, since catalogues change.
        """
        unknown = ranking_rules_report.filter(pl.col("warning").is_not_null())
        told = "; ".join(
            f"ranking.rules.{rule}: {warning}"
            for rule, warning in unknown.select("rule", "warning").iter_rows()
        )
        return dg.AssetCheckResult(
            passed=unknown.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            description=told or f"{ranking_rules_report.height} rules",
        )

    return check


ranking_checks = [
    check(stage)
    for stage in STAGES
    for check in (_excluded_items_are_in_no_list, _rules_name_what_there_is)
]
