"""The ingest stage as Dagster assets: one step reads the source files and makes five tables."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from ntg_assets.configuration.inputs.events import CLOCK_TOLERANCE
from ntg_assets.contracts import Contract
from ntg_assets.events.checks import (
    FILES_ARE_AS_NAMED,
    TIMES_ARE_CLEAR,
    VALUES_AGREE,
    validate_names,
    validate_rows,
)
from ntg_assets.events.contracts import (
    Events,
    ItemCategories,
    Items,
    LoadLedger,
    Quarantine,
    VolumeReport,
)
from ntg_assets.events.load import Survey, survey
from ntg_assets.events.load_history import (
    Extent,
    Load,
    content_of,
    keep_load,
    load_before,
    read_loads,
    sources_of,
    was_last,
)
from ntg_assets.events.load_losses import find_losses, raise_if_losses
from ntg_assets.events.quiet_ends import looked_at_from
from ntg_assets.events.volume import report_volume
from ntg_assets.history.forgets import read_forgotten
from ntg_assets.landing.assets import LANDED_FILES
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.source_steps import source_step
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sources.accounting.threshold import CLOCK_REASONS
from ntg_assets.sources.files.source_files import raise_if_changed
from ntg_assets.sources.files.staging.staged_files import clear_staging
from ntg_assets.sources.sources import Place
from ntg_assets.sql import Table, query
from ntg_assets.stages import INGEST

TABLES: dict[type[Contract], str] = {
    Items: "polars",
    ItemCategories: "polars",
    Events: "sql",
    Quarantine: "polars",
    LoadLedger: "polars",
}


@source_step(
    TABLES,
    group=INGEST,
    after=[LANDED_FILES],
    files=(
        "ingest.events.files",
        "ingest.items.files",
        "data/history/loads",
        "data/history/forgets",
    ),
    check_specs=[FILES_ARE_AS_NAMED, VALUES_AGREE, TIMES_ARE_CLEAR],
)
def source_files(
    context: dg.AssetExecutionContext, project: Project
) -> Iterator[dg.Output[object] | dg.AssetCheckResult]:
    """Read the configured files, judge every row, account for every line;
    nothing is stored when a file cannot be trusted.
    """
    with project.file_workers() as workers:
        surveyed = survey(
            project.settings.ingest,
            place=place_of(project),
            now=project.now() + CLOCK_TOLERANCE,
            workers=workers,
        )
    if not surveyed.quarantine["reason"].is_in(CLOCK_REASONS).any():
        project.no_later_now_matters()
    raise_if_shrunken(project, surveyed)
    for sentence in (describe_survey(surveyed), *surveyed.notes):
        context.log.info(sentence)
    yield dg.Output(surveyed.items.items, "items")
    yield dg.Output(surveyed.items.item_categories, "item_categories")
    yield dg.Output(surveyed.events, "events")
    raise_if_changed(surveyed.files)
    clear_staging(project.paths.scratch)
    yield dg.Output(surveyed.quarantine, "quarantine")
    yield dg.Output(surveyed.load_ledger, "load_ledger")
    yield validate_names(surveyed)
    yield from validate_rows(surveyed, project.settings.ingest)


def place_of(project: Project) -> Place:
    """Where a deployment's source files may lie."""
    folders = (
        project.paths.workspace,
        *(Path(folder) for folder in project.settings.ingest.source_folders),
    )
    id_type = project.settings.ingest.events.user_id_type
    return Place(
        project.paths.home,
        folders,
        project.settings.engine,
        project.paths.scratch,
        read_forgotten(project.paths.data, id_type=id_type),
    )


def describe_survey(surveyed: Survey) -> str:
    """Say in one line what a survey found."""
    ledger = surveyed.load_ledger.filter(source="events")
    sums = {
        name: int(ledger[f"n_{name}"].sum())
        for name in ("rows", "accepted", "quarantined", "skipped", "duplicates", "replaced")
    }
    sentence = ", ".join(
        f"{count:,} {name}"
        for name, count in sums.items()
        if count or name not in {"skipped", "replaced"}
    )
    return f"{ledger.height} event file(s): {sentence}; {surveyed.items.items.height:,} items"


def raise_if_shrunken(project: Project, surveyed: Survey) -> None:
    """Raise when a load brings much less than the one before;
    what was the last load before is believed again.
    """
    ingest = project.settings.ingest
    loads = read_loads(project.paths.load_history, source_name=ingest.source_name)
    content = content_of(surveyed.load_ledger, ingest)
    before = load_before(loads, content)
    if before is not None and not was_last(loads, content):
        raise_if_losses(
            find_losses(surveyed.extent, before, ingest.volume, zone=ingest.zone),
            surveyed.extent,
            before,
            ingest.volume,
        )


@staged_asset(
    contract=VolumeReport,
    group=INGEST,
    stages=(INGEST,),
    files=("data/history/loads",),
    kinds=("polars",),
)
def volume_report(
    context: dg.AssetExecutionContext, events: Table, load_ledger: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Whether the load brought as much as the one before,
    and whether the log ends at its usual level; then the load is kept.
    """
    ingest, folder = project.settings.ingest, project.paths.load_history
    extent = Extent(*project.read(query("events", "load_extent", {"events": events})).row(0))
    from_at = looked_at_from(extent, zone=ingest.zone)
    daily = project.read(query("events", "daily_volume", {"events": events}, from_at=from_at))
    load = Load(
        load=content_of(load_ledger, ingest),
        source_name=ingest.source_name,
        loaded_at=project.now(),
        run=context.run.run_id,
        sources=sources_of(load_ledger),
        **extent._asdict(),
    )
    project.no_later_now_matters()  # a load that is there is not kept again
    before = load_before(read_loads(folder, source_name=ingest.source_name), load.load)
    keep_load(folder, load)
    return report_volume(load, before, daily, ingest.volume, zone=ingest.zone)
