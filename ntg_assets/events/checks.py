"""Checks of the ingest stage: what is stored is what the ledger says, and how well the log and the item table agree."""

import dagster as dg

from ntg_assets.project import Project
from ntg_assets.sql import Table, query
from ntg_assets.stages import INGEST

EVENTS, ITEMS, QUARANTINE, LEDGER = (dg.AssetKey([INGEST, table]) for table in ("events", "items", "quarantine", "load_ledger"))
SHOWN_FILES = 5


@dg.asset_check(asset=EVENTS, additional_deps=[QUARANTINE, LEDGER], blocking=True)
def ledger_reconciles(project: Project) -> dg.AssetCheckResult:
    """For every source file the stored events and quarantined rows are as many as the ledger counted."""
    tables = {name: Table(INGEST, name) for name in ("events", "quarantine", "load_ledger")}
    broken = project.read(query("events", "unreconciled_files", tables))
    told = (
        "every file reconciles" if broken.is_empty() else f"{broken.height} file(s) do not reconcile: {broken.head(SHOWN_FILES).to_dicts()}"
    )
    return dg.AssetCheckResult(passed=broken.is_empty(), description=told, metadata={"n_broken_files": broken.height})


@dg.asset_check(asset=EVENTS, additional_deps=[ITEMS])
def items_are_known(project: Project) -> dg.AssetCheckResult:
    """Every item of the log is in the item table; where it is not, its title is its id and it has no categories."""
    if project.settings.ingest.items is None:
        return dg.AssetCheckResult(passed=True, description="no item table is configured")
    found = project.read(query("events", "unknown_items", {name: Table(INGEST, name) for name in ("events", "items")})).row(0, named=True)
    items = f"{found['n_unknown_items']:,} of {found['n_items']:,} items"
    told = f"{items}, in {found['n_unknown_events']:,} of {found['n_events']:,} events, are not in the item table"
    passed = found["n_unknown_items"] == 0
    return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN, description=told, metadata={**found})


ingest_checks = [ledger_reconciles, items_are_known]
