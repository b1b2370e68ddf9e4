"""Which loads there were: one small file per load, appended, never changed, below the workspace.

A load is kept once its tables are stored and its ledger reconciles, so one that was refused or
broke off is never what the next one is compared with. Loading the same content again keeps nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
from pydantic import BaseModel

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.history.records import append_record, read_records
from ntg_assets.sources.files.partitions import content_identity, partition_of

ID_DIGITS = 12
# of the settings: they change no row
NOT_OF_THE_CONTENT = {"volume", "source_folders", "landing_glob"}


class SourceLoad(BaseModel):
    """What one source (`events`, `items`) brought."""

    n_files: int
    n_bytes: int
    n_rows: int
    n_accepted: int


class Extent(NamedTuple):
    """How much a load holds: accepted events, their users,
    the first and the last moment (naive UTC; none without events).
    """

    n_events: int
    n_users: int
    first_at: datetime | None
    last_at: datetime | None


class Load(BaseModel):
    """One load that was kept.

    Attributes:
        load: Name of the content: files and the settings they were read by.
        source_name: Name of the data; loads of other data are not comparable.
        run: The run that made it, where one did.
    """

    load: str
    source_name: str
    loaded_at: datetime
    run: str | None
    sources: dict[str, SourceLoad]
    n_events: int
    n_users: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def extent(self) -> Extent:
        return Extent(self.n_events, self.n_users, self.first_at, self.last_at)

    @property
    def n_items(self) -> int | None:
        """Rows of the item table that were accepted; none without one."""
        return self.sources["items"].n_accepted if "items" in self.sources else None


def content_of(load_ledger: pl.DataFrame, ingest: IngestSettings) -> str:
    """Name what a load reads: the same for the same files,
    folders that say the same, and settings.
    """
    files = [
        (source, content_identity(sha256, partition_of(name)))
        for source, name, sha256 in load_ledger.select("source", "file_name", "sha256").iter_rows()
    ]
    settings = ingest.model_dump(mode="json", exclude=NOT_OF_THE_CONTENT)
    return hashlib.sha256(
        json.dumps([sorted(files), settings], sort_keys=True).encode()
    ).hexdigest()[:ID_DIGITS]


def sources_of(load_ledger: pl.DataFrame) -> dict[str, SourceLoad]:
    """Sum a ledger up by source."""
    counted = load_ledger.group_by("source").agg(
        pl.len().alias("n_files"), pl.col("n_bytes", "n_rows", "n_accepted").sum()
    )
    rows = counted.sort("source").to_dicts()
    return {row.pop("source"): SourceLoad(**row) for row in rows}


def read_loads(folder: Path, *, source_name: str) -> list[Load]:
    """Read the kept loads of some data, oldest first.

    Raises:
        StorageError: a file is damaged.
    """
    return [load for load in read_records(folder, Load) if load.source_name == source_name]


def load_before(loads: Sequence[Load], content: str) -> Load | None:
    """Find what a load of this content is compared with: the last one of other content,
    so that a rerun sees the same one.
    """
    return next((load for load in reversed(loads) if load.load != content), None)


def was_last(loads: Sequence[Load], content: str) -> bool:
    """Whether the last kept load has this content."""
    return bool(loads) and loads[-1].load == content


def keep_load(folder: Path, load: Load) -> Path | None:
    """Append a load, unless the last one of its data had the same content."""
    if was_last(read_loads(folder, source_name=load.source_name), load.load):
        return None
    return append_record(folder, load, name=load.load)
