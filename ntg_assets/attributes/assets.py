"""Assets of attributes: what is known of users and items, and what may not be shown tonight."""

import polars as pl

from ntg_assets.attributes.contracts import (
    AttributeReport,
    RegionalExclusions,
    UnavailableItems,
    UserRegions,
)
from ntg_assets.attributes.regions import no_regions, regional_exclusions_at, user_regions_at
from ntg_assets.attributes.report import report_attributes
from ntg_assets.attributes.roles import nothing_unavailable, unavailable_items_at
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST


@staged_asset(contract=AttributeReport, group="ingest", stages=(INGEST,), kinds=("polars",))
def attribute_report(
    attribute_sources: pl.DataFrame, attributes: pl.DataFrame, events: Table, project: Project
) -> pl.DataFrame:
    """How many users and items each configured attribute is known of, and from when."""
    if attribute_sources.is_empty():
        nobody = pl.Series(dtype=pl.String)
        return report_attributes(attribute_sources, attributes, users=nobody, items=nobody)
    log = project.columns(events, "user_id", "item_id")
    return report_attributes(
        attribute_sources, attributes, users=log["user_id"], items=log["item_id"]
    )


@staged_asset(contract=UnavailableItems, group="attributes", kinds=("polars",))
def unavailable_items(
    attributes: pl.DataFrame, train_events: Table, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Items that may not be shown at the cutoff, by their licence windows as known before it."""
    settings = project.settings.ingest.attributes.availability
    if settings is None:
        return nothing_unavailable(project.id_types)
    return unavailable_items_at(
        project.columns(train_events, "item_id")["item_id"],
        attributes,
        settings=settings,
        at=train_end(split_boundaries),
        zone=project.settings.ingest.zone,
    )


@staged_assets(
    {
        UserRegions: "Where users are at the cutoff, as known before it",
        RegionalExclusions: "Items that may not be shown in a region at the cutoff",
    },
    group="attributes",
    kinds=("polars",),
)
def regional_availability(
    attributes: pl.DataFrame, train_events: Table, split_boundaries: pl.DataFrame, project: Project
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hold the regions of items against those of users."""
    settings = project.settings.ingest.attributes.availability
    if settings is None or settings.regions is None:
        return no_regions(project.id_types)
    at = train_end(split_boundaries)
    log = project.columns(train_events, "user_id", "item_id")
    users = user_regions_at(log["user_id"], attributes, settings=settings, at=at)
    return users, regional_exclusions_at(
        log["item_id"], users["region"], attributes, settings=settings, at=at
    )
