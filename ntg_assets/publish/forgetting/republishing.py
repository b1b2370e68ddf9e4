"""The current publication once more, without the people who are forgotten."""

import json
import shutil
from dataclasses import replace

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import StorageError
from ntg_assets.publish.forgetting.forgot import Forgot
from ntg_assets.publish.forgetting.people import count_people_rows, remove_people
from ntg_assets.publish.generations.handover import make_current
from ntg_assets.publish.generations.origin import ORIGIN, Origin
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES
from ntg_assets.publish.generations.shelf import current_folder, shelve
from ntg_assets.publish.manifest import Manifest, read_manifest
from ntg_assets.publish.reports import Header
from ntg_assets.publish.write_generation import Publisher, name_generation, write_generation
from ntg_assets.storage.connection import Connection, connect

WORKING = "forgetting.duckdb"  # in the scratch folder; the current store without these people


def publish_without(paths: Paths, done: Forgot, settings: Settings) -> None:
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
            _raise_if_older(store)
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


def _raise_if_older(store: Connection) -> None:
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
