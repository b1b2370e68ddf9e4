"""The first step of a run: every configured list and log beside the interaction log is read once,
judged, and stored.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import getdoc

import dagster as dg

import ntg_assets.experiments.contracts.data
import ntg_assets.off_policy.contracts
import ntg_assets.ranking.contracts
import ntg_assets.revenue.contracts  # noqa: F401  # registers the contracts of the tables that are made
from ntg_assets.contracts import contract_of
from ntg_assets.events.assets import place_of
from ntg_assets.optional_sources.reading import (
    OptionalTables,
    read_optional_sources,
    require_source_files,
)
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import OWNERS, column_docs
from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST

GROUP = "ingest_optional"
FIRST = {"dagster/priority": "100"}  # before any other step that could start
READ_BY_ONE_STAGE = {"shown_items": BACKTEST, "experiment_sources": EXPERIMENTS}


def _spec_of(table: str) -> dg.AssetOut:
    model = contract_of(table)
    return dg.AssetOut(
        key=[READ_BY_ONE_STAGE.get(table, INGEST), table],
        group_name=GROUP,
        description=getdoc(model),
        owners=OWNERS,
        kinds={"duckdb", "polars"},
        metadata={"dagster/column_schema": column_docs(model)},
    )


@dg.multi_asset(
    name="configured_files",
    outs={table: _spec_of(table) for table in OptionalTables._fields},
    op_tags=FIRST,
)
def configured_files(
    context: dg.AssetExecutionContext, project: Project
) -> Iterator[dg.Output[object]]:
    """Read every configured list and log once; one that cannot be read is named here,
    and isolated where it is used.
    """
    place = place_of(project)
    require_source_files(project.settings.ingest, place)
    tables = read_optional_sources(
        project.settings,
        place=place,
        ids=project.id_types,
        published_store=project.paths.published_store,
        now=datetime.now(UTC).replace(tzinfo=None),
    )
    for row in tables.optional_sources.iter_rows(named=True):
        tell = context.log.info if row["is_usable"] else context.log.error
        tell(f"{row['source']}: {row['sentence']}")
    for name, rows in tables._asdict().items():
        yield dg.Output(rows, name)


optional_source_assets = [configured_files]
