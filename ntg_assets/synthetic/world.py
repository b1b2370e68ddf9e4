"""Write a synthetic world: the log as anyone would get it, and the truth beside it.

- `events.parquet`: user_id, item_id, event_at, event_type, value; by time
- `items.parquet`: item_id, title, categories
- `assignments.parquet`: experiment_id, user_id, arm, assigned_at; the trial's assignment log
- `shown.parquet`: list_id, user_id, item_id, position, shown_at, propensity, clicked; what a system
  showed, with its probabilities
- `truth/`: `users.parquet`, `items.parquet`, `churn.parquet`, `trial.parquet`, `parameters.json`;
  see `truth.py`
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq  # noqa: TID251  # it writes

from ntg_assets.errors import StorageError
from ntg_assets.storage.parquet import CHECKSUMMED
from ntg_assets.synthetic import truth
from ntg_assets.synthetic.click_law import click_law
from ntg_assets.synthetic.events import EVENT_SCHEMA, daily_events
from ntg_assets.synthetic.lives.life import Progress
from ntg_assets.synthetic.planted import Planted, plant
from ntg_assets.synthetic.shown import shown_log
from ntg_assets.synthetic.spec import DEFAULT_SEED, WorldSpec, world_spec

ROW_GROUP_ROWS = 1_000_000
BYTES_PER_EVENT = 32  # on disk, rounded up
PART = ".part"


@dataclass(frozen=True)
class WorldSummary:
    """What was written."""

    folder: Path
    n_events: int
    n_users: int
    n_items: int
    n_active_days: int
    n_bots: int
    trial_users: int
    start_on: str
    end_on: str
    bytes_written: int


def write_world(
    folder: Path | str,
    *,
    n_events: int,
    n_users: int,
    n_items: int,
    seed: int = DEFAULT_SEED,
    progress: Progress | None = None,
    **planted: Any,
) -> WorldSummary:
    """Write a world of exactly this size; the same arguments give the same rows.

    Args:
        folder: Where to; made when missing. Files of an earlier world are replaced when the new
        ones are whole.
        n_events: Rows of the log.
        n_users: Users, each with at least one event.
        n_items: Rows of the item table; some may never be chosen.
        seed: Seed of everything.
        progress: Called with (what, done, total) now and then.
        planted: Other fields of `WorldSpec`.

    Raises:
        ConfigurationError: no such world can be made.
        StorageError: the folder cannot be written to, or the disk is too full.
    """
    spec = world_spec(n_events=n_events, n_users=n_users, n_items=n_items, seed=seed, **planted)
    return write_spec(Path(folder), spec, progress=progress or _silent)


def write_spec(folder: Path, spec: WorldSpec, *, progress: Progress) -> WorldSummary:
    """Write the world of a checked spec (see `write_world`)."""
    _make_room(folder, spec)
    planted = plant(spec, progress=progress)
    tables = _tables(planted)
    events = folder / "events.parquet"
    _write_events(events, days=daily_events(planted), spec=spec, progress=progress)
    for name, table in tables.items():
        _write_part(table, folder / (name + PART))
    parameters = truth.parameters(planted)
    (folder / f"truth/parameters.json{PART}").write_text(
        json.dumps(parameters, indent=1) + "\n", encoding="utf-8"
    )
    written = ["events.parquet", *tables, "truth/parameters.json"]
    for name in written:
        (folder / (name + PART)).replace(folder / name)
    return _summary(folder, spec, parameters, written=written)


def _write_part(table: pl.DataFrame, path: Path) -> None:
    """Write a table beside its place; it is put there when all are whole."""
    table.write_parquet(
        path,
        compression="snappy",
        use_pyarrow=True,
        pyarrow_options=dict(CHECKSUMMED),
    )


def _tables(planted: Planted) -> dict[str, pl.DataFrame]:
    """Make what stands beside the log, by the name of its file."""
    law = click_law(planted)
    return {
        "items.parquet": truth.item_table(planted.catalogue),
        "assignments.parquet": truth.assignments(planted),
        "shown.parquet": shown_log(planted, law),
        "truth/users.parquet": truth.user_truth(planted, law),
        "truth/items.parquet": truth.item_truth(planted, law),
        "truth/churn.parquet": truth.churn_truth(planted),
        "truth/trial.parquet": truth.trial_truth(planted),
    }


def _summary(
    folder: Path, spec: WorldSpec, parameters: Mapping[str, Any], *, written: Sequence[str]
) -> WorldSummary:
    return WorldSummary(
        folder=folder,
        n_events=spec.n_events,
        n_users=spec.n_users,
        n_items=spec.n_items,
        n_active_days=parameters["n_active_days"],
        n_bots=spec.n_bots,
        trial_users=parameters["trial_users"],
        start_on=str(spec.start_on),
        end_on=parameters["end_on"],
        bytes_written=sum((folder / name).stat().st_size for name in written),
    )


def _silent(what: str, done: int, total: int) -> None:
    """Report nothing."""


def _make_room(folder: Path, spec: WorldSpec) -> None:
    try:
        (folder / "truth").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made ({error.strerror}). Give a writable folder."
        ) from None
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder} is not writable. Give a writable folder.")
    free, needed = shutil.disk_usage(folder).free, spec.n_events * BYTES_PER_EVENT
    if free < needed:
        raise StorageError(
            f"{folder}: {free / 1e9:.1f} GB free, {spec.n_events:,} events need about"
            f" {needed / 1e9:.1f} GB. Make room."
        )


def _write_events(
    path: Path, *, days: Iterable[pa.Table], spec: WorldSpec, progress: Progress
) -> None:
    """Write whole days as row groups of at least `ROW_GROUP_ROWS` rows."""
    waiting: list[pa.Table] = []
    n_waiting = n_done = 0
    with pq.ParquetWriter(f"{path}{PART}", EVENT_SCHEMA, **CHECKSUMMED) as writer:
        for day in days:
            waiting.append(day)
            n_waiting += day.num_rows
            if n_waiting >= ROW_GROUP_ROWS:
                _write_row_group(writer, waiting)
                n_done += n_waiting
                waiting, n_waiting = [], 0
                progress("events", n_done, spec.n_events)
        if n_waiting:
            _write_row_group(writer, waiting)
            progress("events", spec.n_events, spec.n_events)


def _write_row_group(writer: pq.ParquetWriter, tables: list[pa.Table]) -> None:
    table = pa.concat_tables(tables).combine_chunks()
    writer.write_table(table, row_group_size=table.num_rows)
