"""Assets of attributes: what is known of users and items, and what may not be shown tonight."""

import polars as pl

from ntg_assets.attributes.contracts import AttributeReport, UnavailableItems
from ntg_assets.attributes.reading import report_attributes
from ntg_assets.attributes.roles import nothing_unavailable, unavailable_items_at
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
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
    known = project.columns(events, "user_id", "item_id")
    return report_attributes(
        attribute_sources, attributes, users=known["user_id"], items=known["item_id"]
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
