"""Forget people: first write down who, then make a publication without them current, then remove
everything that still holds them. Whatever interrupts it, the same call once more completes it.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.engines.versions import remove_tables
from ntg_assets.errors import StorageError
from ntg_assets.history.days import NAMING_PEOPLE, day_files, read_days
from ntg_assets.history.forgets import (
    Forget,
    canonical_id,
    hash_id,
    make_key,
    name_of,
    read_forgets,
    record_forget,
)
from ntg_assets.publish.catalogue import READ_COPY_TABLES
from ntg_assets.publish.forgetting.people import count_people_rows, holds_people, remove_people
from ntg_assets.publish.generations.handover import make_current
from ntg_assets.publish.generations.origin import ORIGIN, Origin
from ntg_assets.publish.generations.publication import prepare
from ntg_assets.publish.generations.shelf import (
    current_folder,
    generation_folders,
    shelf_lock,
    shelve,
)
from ntg_assets.publish.manifest import Manifest, read_manifest
from ntg_assets.publish.reports import Header
from ntg_assets.publish.write_generation import Publisher, name_generation, write_generation
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.files import remove_tree, unlink, write_whole
from ntg_assets.storage.parquet import write_batches
from ntg_assets.storage.run_lock import run_lock

WORKING = "forgetting.duckdb"  # in the scratch folder; the current store without these people


@dataclass
class Forgot:
    """What a call has done.

    Attributes:
        ids: Who was forgotten, as the log writes ids.
        n_rows: Rows of the publication that named them, by table.
        generation: The one that is current now; none: nothing is published.
        removed: Generations that are gone.
        history: Files of the history that were written anew without them.
        landed: Fetched copies that are gone; the next run fetches again.
        touched: What else was removed, in words.
        sources: Files that NTG reads and does not own, which still hold them.
        unreached: Storages of a cluster that are not there now: their tables still hold them.
    """

    ids: list[str]
    n_rows: dict[str, int] = field(default_factory=dict)
    generation: str | None = None
    removed: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    landed: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)


def forget_people(paths: Paths, users: Sequence[str], *, settings: Settings) -> Forgot:
    """Forget people everywhere below the workspace but in the run history of Dagster.

    Args:
        paths: The workspace.
        users: Their ids, as the source writes them.
        settings: The configuration.

    Raises:
        StorageError: a run is going on, or the publication cannot be written without them.
    """
    id_type = settings.ingest.events.user_id_type
    ids = sorted({canonical_id(user, id_type) for user in users} - {""})
    if not ids:
        raise StorageError("nobody is named. `ntg forget USER...` takes the ids of the log.")
    with run_lock(paths.run_lock), shelf_lock(paths):
        prepare(paths)
        done = Forgot(ids, landed=[_relative(file, paths) for file in _landed(paths)])
        done.sources = _source_files(paths, settings)
        _write_down(paths, done, settings)
        _publish_without(paths, done, settings)
        _remove_generations(paths, done)
        _rewrite_draws(paths, done)
        _remove_copies(paths, done)
    return done


def _write_down(paths: Paths, done: Forgot, settings: Settings) -> None:
    key, id_type = make_key(paths.data), settings.ingest.events.user_id_type
    hashes = [hash_id(key, person, id_type) for person in done.ids]
    written = {person for forget in read_forgets(paths.data) for person in forget.hashes}
    if {*hashes} <= written and not done.landed:
        return
    at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    record_forget(paths.data, Forget(at=at, key=name_of(key), hashes=hashes, landed=done.landed))


def _publish_without(paths: Paths, done: Forgot, settings: Settings) -> None:
    """Write the current generation once more without these people, and let people see that one."""
    folder = current_folder(paths)
    if folder is None:
        return
    here, scratch = paths.at(folder), paths.scratch
    manifest = read_manifest(here.manifest)
    done.generation = manifest.generation
    scratch.mkdir(parents=True, exist_ok=True)
    working = scratch / WORKING
    try:
        shutil.copyfile(here.published_store, working)
        allowed = [paths.generations, scratch]
        with connect(working, engine=settings.engine, scratch=scratch, allowed=allowed) as store:
            done.n_rows = count_people_rows(store, done.ids)
            if not done.n_rows:
                return
            _refuse_older(store)
            remove_people(store, done.ids)
            publisher = _publisher(store, here, manifest, settings)
            name = name_generation(publisher)
            made = shelve(
                paths,
                name,
                run="forget",
                write=lambda making: write_generation(
                    replace(publisher, paths=paths.at(making)), name
                ),
            )
        make_current(paths, made, action="forgot", ids=publisher.ids)
        done.generation = name
    finally:
        working.unlink(missing_ok=True)


def _publisher(store: Connection, here: Paths, manifest: Manifest, settings: Settings) -> Publisher:
    """Say what the generation is made of and by: as before, but for the people."""
    events = settings.ingest.events
    header = Header(manifest.source, manifest.configuration, manifest.as_of, manifest.timezone)
    origin = Origin.model_validate(json.loads((here.published / ORIGIN).read_text("utf-8")))
    ids = IdTypes(events.user_id_type, events.item_id_type)
    return Publisher(store, here, settings, ids, header, origin)


def _refuse_older(store: Connection) -> None:
    """Refuse a generation of a version that published other tables: it cannot be written again."""
    listed = "select schema_name, table_name from duckdb_tables()"
    held = {*store.execute(listed).fetchall()}
    missing = [
        f"{schema}.{name}" for schema, name in READ_COPY_TABLES if (schema, name) not in held
    ]
    if missing:
        raise StorageError(
            f"the current generation is of a version that did not publish {missing[0]}"
            f" ({len(missing)} tables), so it cannot be written without these people. They are"
            " written down: run `ntg run-all`, which leaves them out, then call `ntg forget` again,"
            " which removes the older generations."
        )


def _remove_generations(paths: Paths, done: Forgot) -> None:
    """Remove every other generation that names them, or that cannot be read to find out."""
    current = current_folder(paths)
    for folder in generation_folders(paths):
        store = paths.at(folder).published_store
        if folder != current and (not store.is_file() or _may_hold(store, done.ids)):
            remove_tree(folder)
            done.removed.append(folder.name)


def _may_hold(store: Path, ids: Sequence[str]) -> bool:
    try:
        return holds_people(store, ids)
    except Exception:  # noqa: BLE001  # damaged in whatever way: what it holds cannot be known
        return True


def _rewrite_draws(paths: Paths, done: Forgot) -> None:
    """Write the kept draws of contacts, and what the CRM did of them, anew without them: the one
    change of a history file.
    """
    for file in (file for days in NAMING_PEOPLE for file in day_files(paths.history, days)):
        [rows] = read_days([file.path])
        named = pl.col("user_id").cast(pl.String).is_in(done.ids)
        if not rows.filter(named).is_empty():
            _write_rows(rows.filter(~named), file.path)
            done.history.append(_relative(file.path, paths))


def _write_rows(rows: pl.DataFrame, target: Path) -> None:
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    write_whole(target, lambda part: write_batches(part, table.to_reader()))


def _remove_copies(paths: Paths, done: Forgot) -> None:
    """Remove what the next run makes or fetches anew."""
    for file in (paths.warehouse, paths.warehouse.with_name(f"{paths.warehouse.name}.wal")):
        if file.exists():
            unlink(file)
            done.touched.append(f"{_relative(file, paths)}: the next run makes it anew")
    on_cluster = remove_tables(paths.warehouse.parent)
    done.touched += [
        f"{storage}: the tables of the cluster, which the next run makes anew"
        for storage in on_cluster.emptied
    ]
    done.unreached = [str(storage) for storage in on_cluster.missing]
    before = paths.data / "before_generations"
    for folder, remark in (
        (paths.landing, "the next run fetches again"),
        (paths.scratch, "copies of files while they were read"),
        (paths.made, "what checks had said of the tables"),
        (before, "what older versions had published"),
    ):
        if folder.is_dir() and any(folder.iterdir()):
            remove_tree(folder)
            done.touched.append(f"{_relative(folder, paths)}: {remark}")


def _landed(paths: Paths) -> Iterator[Path]:
    """Yield the fetched files, by the names under which sources read them."""
    if paths.landing.is_dir():
        for file in sorted(paths.landing.rglob("*")):
            if file.is_file() and not file.relative_to(paths.landing).parts[0].startswith("."):
                yield file


def _source_files(paths: Paths, settings: Settings) -> list[str]:
    """List the files that the current publication was read from and that NTG does not own."""
    folder = current_folder(paths)
    if folder is None:
        return sorted(settings.ingest.events.files)
    listed = (
        "select file_name from ingest.load_ledger where source = 'events'"
        " union select file_name from ingest.input_files order by 1"
    )
    with connect(paths.at(folder).published_store, engine=settings.engine, read_only=True) as store:
        names = [name for (name,) in store.execute(listed).fetchall()]
    owned = paths.landing.resolve()
    return [name for name in names if owned not in (paths.home / name).resolve().parents]


def _relative(file: Path, paths: Paths) -> str:
    return file.relative_to(paths.workspace).as_posix()
