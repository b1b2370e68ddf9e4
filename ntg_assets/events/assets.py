"""The ingest stage as Dagster assets: one step reads the source files and makes five tables."""

from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import getdoc
from pathlib import Path

import dagster as dg

from ntg_assets.contracts import contract_of
from ntg_assets.events import contracts  # noqa: F401  # registers the contracts
from ntg_assets.events.files import refuse_changed
from ntg_assets.events.load import Survey, survey
from ntg_assets.events.settings import CLOCK_TOLERANCE
from ntg_assets.events.sources import Place
from ntg_assets.project import Project
from ntg_assets.stages import INGEST
from ntg_assets.staging import OWNERS, column_docs

TABLES = {"items": "polars", "item_categories": "polars", "events": "sql", "quarantine": "polars", "load_ledger": "polars"}


def _spec_of(table: str, kind: str) -> dg.AssetOut:
    model = contract_of(table)
    return dg.AssetOut(
        key=[INGEST, table],
        group_name=INGEST,
        description=getdoc(model),
        owners=OWNERS,
        kinds={"duckdb", kind},
        metadata={"dagster/column_schema": column_docs(model)},
    )


@dg.multi_asset(name="source_files", outs={table: _spec_of(table, kind) for table, kind in TABLES.items()})
def source_files(context: dg.AssetExecutionContext, project: Project) -> Iterator[dg.Output[object]]:
    """Read the configured files, judge every row, account for every line; nothing is stored when a file cannot be trusted."""
    surveyed = survey(project.settings.ingest, place=place_of(project), now=datetime.now(UTC).replace(tzinfo=None) + CLOCK_TOLERANCE)
    context.log.info(tell(surveyed))
    yield dg.Output(surveyed.items.items, "items")
    yield dg.Output(surveyed.items.item_categories, "item_categories")
    yield dg.Output(surveyed.events, "events")
    refuse_changed(surveyed.files)
    yield dg.Output(surveyed.quarantine, "quarantine")
    yield dg.Output(surveyed.load_ledger, "load_ledger")


def place_of(project: Project) -> Place:
    """Where a deployment's source files may lie."""
    folders = (project.paths.workspace, *(Path(folder) for folder in project.settings.ingest.source_folders))
    return Place(project.paths.home, folders, project.settings.engine, project.paths.scratch)


def tell(surveyed: Survey) -> str:
    """Say in one line what a survey found."""
    ledger = surveyed.load_ledger.filter(source="events")
    sums = {name: int(ledger[f"n_{name}"].sum()) for name in ("rows", "accepted", "quarantined", "duplicates")}
    told = ", ".join(f"{count:,} {name}" for name, count in sums.items())
    return f"{ledger.height} event file(s): {told}; {surveyed.items.items.height:,} items"


ingest_assets = [source_files]
