"""Forget people: first write down who, then make a publication without them current, then remove
everything that still holds them. Whatever interrupts it, the same call once more completes it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import StorageError
from ntg_assets.history.forgets import (
    Forget,
    canonical_id,
    hash_id,
    make_key,
    name_of,
    read_forgets,
    record_forget,
)
from ntg_assets.publish.forgetting.files import (
    landed_files,
    relative,
    remove_copies,
    rewrite_draws,
    source_files,
)
from ntg_assets.publish.forgetting.forgot import Forgot
from ntg_assets.publish.forgetting.people import holds_people
from ntg_assets.publish.forgetting.republishing import publish_without
from ntg_assets.publish.generations.publication import prepare
from ntg_assets.publish.generations.shelf import current_folder, generation_folders, shelf_lock
from ntg_assets.storage.files import remove_tree
from ntg_assets.storage.run_lock import run_lock


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
        done = Forgot(ids, landed=[relative(file, paths) for file in landed_files(paths)])
        done.sources = source_files(paths, settings)
        _write_down(paths, done, settings)
        publish_without(paths, done, settings)
        _remove_generations(paths, done)
        rewrite_draws(paths, done)
        remove_copies(paths, done)
    return done


def _write_down(paths: Paths, done: Forgot, settings: Settings) -> None:
    key, id_type = make_key(paths.data), settings.ingest.events.user_id_type
    hashes = [hash_id(key, person, id_type) for person in done.ids]
    written = {person for forget in read_forgets(paths.data) for person in forget.hashes}
    if {*hashes} <= written and not done.landed:
        return
    at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    record_forget(paths.data, Forget(at=at, key=name_of(key), hashes=hashes, landed=done.landed))


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
