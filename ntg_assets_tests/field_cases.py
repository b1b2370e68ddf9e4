"""Tiny files below a folder, and what becomes of their records, for tests of reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets_tests.event_files import load, log_settings, survey_log

Row = tuple[Any, ...]
FATES = ("n_rows", "n_accepted", "n_quarantined", "n_skipped", "n_duplicates", "n_replaced")


def put(home: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below `home`."""
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def settings(files: str | list[str], *, items: Any = None, **keys: Any) -> IngestSettings:
    """Settings for a log without a value, unless one is named."""
    return log_settings(files, items=items, **{"value": None, **keys})


def events(home: Path, given: IngestSettings) -> list[Row]:
    """Accepted events: user, item, minute, value; every record of every file has one fate."""
    found, rows = load(home, given)
    for n_rows, *fates in found.load_ledger.select(FATES).iter_rows():
        assert n_rows == sum(fates)
    return (
        rows.sort("event_at", "user_id", "item_id")
        .select("user_id", "item_id", pl.col("event_at").dt.strftime("%Y-%m-%d %H:%M"), "value")
        .rows()
    )


def fates(home: Path, given: IngestSettings) -> list[Row]:
    """Rows, accepted, quarantined, skipped, duplicates, replaced of each event file."""
    return survey_log(home, given).load_ledger.filter(source="events").select(FATES).rows()
