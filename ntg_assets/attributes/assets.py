"""Assets of attributes: what is known of users and items, told beside the log."""

import polars as pl

from ntg_assets.attributes.contracts import AttributeReport
from ntg_assets.attributes.reading import report_attributes
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
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
