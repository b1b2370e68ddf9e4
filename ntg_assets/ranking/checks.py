"""Checks of ranking: business rules name what there is, and no list shows what they exclude."""

import dagster as dg
import polars as pl

from ntg_assets.attributes.regions import ANYWHERE
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Query, Table, query
from ntg_assets.stages import STAGES

LISTS = ("recommendations", "default_list", "item_rules")


def excluded_places(tables: dict[str, pl.DataFrame] | dict[str, Table]) -> Query:
    """Ask for the places of lists that hold an excluded item."""
    return query("ranking.lists", "excluded_places", {name: tables[name] for name in LISTS})


def barred_places(
    recommendations: pl.DataFrame,
    default_list: pl.DataFrame,
    *,
    user_regions: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
) -> pl.DataFrame:
    """Return the places of lists whose item may not be shown where the user is.

    Args:
        recommendations: `user_id`, `item_id`.
        default_list: `item_id`; it is shown to people of whom no region is known.
        user_regions: `user_regions`.
        regional_exclusions: `regional_exclusions`.

    Returns:
        `user_id` (null: the default list), `region`, `item_id`.
    """
    placed = recommendations.join(user_regions, on="user_id", how="inner")
    nobodys = default_list.select(
        pl.lit(None, recommendations.schema["user_id"]).alias("user_id"),
        "item_id",
        pl.lit(ANYWHERE).alias("region"),
    )
    names = ["user_id", "region", "item_id"]
    return pl.concat([placed.select(names), nobodys.select(names)]).join(
        regional_exclusions, on=["region", "item_id"], how="semi"
    )


@staged_check("recommendations", stages=STAGES, blocking=True)
def excluded_items_are_in_no_list(
    recommendations: Table, default_list: Table, item_rules: Table, project: Project
) -> dg.AssetCheckResult:
    """No list holds an item that a business rule excludes."""
    broken = project.read(
        excluded_places(
            {
                "recommendations": recommendations,
                "default_list": default_list,
                "item_rules": item_rules,
            }
        )
    )
    first = (
        f" (such as item {broken['item_id'][0]}: {broken['exclusion'][0]})" if broken.height else ""
    )
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{broken.height:,} places hold an excluded item{first}",
    )


@staged_check("recommendations", stages=STAGES, blocking=True)
def what_is_unavailable_is_in_no_list(
    recommendations: Table, default_list: Table, unavailable_items: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No list holds an item outside its licence window."""
    shown = [project.columns(table, "item_id") for table in (recommendations, default_list)]
    broken = pl.concat(shown).join(unavailable_items, on="item_id", how="inner")
    first = f" (such as item {broken['item_id'][0]})" if broken.height else ""
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=f"{broken.height:,} places hold an item that may not be shown{first}",
    )


@staged_check("recommendations", stages=STAGES, blocking=True)
def what_is_unavailable_in_a_region_is_in_no_list_there(
    recommendations: Table,
    default_list: Table,
    user_regions: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
    project: Project,
) -> dg.AssetCheckResult:
    """No list holds an item that may not be shown where its user is."""
    broken = barred_places(
        project.columns(recommendations, "user_id", "item_id"),
        project.columns(default_list, "item_id"),
        user_regions=user_regions,
        regional_exclusions=regional_exclusions,
    )
    first = f" (such as {broken.row(0, named=True)})" if broken.height else ""
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        description=(
            f"{broken.height:,} places hold an item that may not be shown where the user is{first}"
        ),
    )


@staged_check("ranking_rules_report", stages=STAGES)
def rules_name_what_there_is(ranking_rules_report: pl.DataFrame) -> dg.AssetCheckResult:
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
