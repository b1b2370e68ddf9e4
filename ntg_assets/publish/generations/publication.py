"""Publish a generation: written aside, verified, and seen by people unless its figures jump."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.history.currents import kept_aside, read_changes, taken_back
from ntg_assets.publish.generations.handover import keep_aside, make_current, reconcile
from ntg_assets.publish.generations.headlines import jumps
from ntg_assets.publish.generations.migration import migrate
from ntg_assets.publish.generations.pruning import prune, tidy
from ntg_assets.publish.generations.shelf import current_generation, damage, shelf_lock, shelve
from ntg_assets.publish.manifest import Manifest, read_manifest


@dataclass(frozen=True)
class Publication:
    """What became of a publication.

    Attributes:
        folder: The generation.
        manifest: What it holds.
        reasons: Why it is kept aside; none: people see it.
        notes: What is worth saying of what lay there before.
    """

    folder: Path
    manifest: Manifest
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def publish_generation(  # what, where, by which rules, for whom
    paths: Paths,
    name: str,
    *,
    write: Callable[[Path], object],
    settings: PublishSettings,
    ids: IdTypes,
    run: str,
) -> Publication:
    """Publish whatever `write` makes.

    Args:
        paths: The workspace.
        name: Of its content.
        write: Writes everything into a folder, the manifest last.
        settings: What is kept, and which jumps a person must see.
        ids: How the source writes ids.
        run: Who publishes.
    """
    with shelf_lock(paths):
        notes = prepare(paths)
    folder = shelve(paths, name, run=run, write=write)
    with shelf_lock(paths):
        reasons = reasons_to_wait(paths, folder, settings)
        if reasons:
            keep_aside(paths, folder, reasons, run=run)
        else:
            make_current(paths, folder, action="published", ids=ids, run=run)
        clear_shelf(paths, settings)
    manifest = read_manifest(paths.at(folder).manifest)
    return Publication(folder, manifest, tuple(reasons), tuple(notes))


def prepare(paths: Paths) -> list[str]:
    """Complete what an earlier process began; return what is worth saying of it."""
    tidy(paths)
    notes = migrate(paths)
    reconcile(paths)
    damaged = damage(paths)
    return [*notes, damaged] if damaged else notes


def reasons_to_wait(paths: Paths, folder: Path, settings: PublishSettings) -> list[str]:
    """Say why a generation must not become current by itself; empty when it may."""
    manifest, current = read_manifest(paths.at(folder).manifest), current_generation(paths)
    if current is None or current.generation == manifest.generation:
        return []
    if manifest.generation in taken_back(read_changes(paths.history)):
        return ["it is what `ntg rollback` took back: the same input, configuration and code"]
    return jumps(current, manifest, settings)


def clear_shelf(paths: Paths, settings: PublishSettings) -> list[str]:
    """Remove generations that nobody needs; return the names of their folders."""
    aside = kept_aside(read_changes(paths.history))
    return prune(
        paths,
        keep=settings.keep,
        keep_hours=settings.keep_hours,
        spare={aside.generation} if aside else set(),
        now=datetime.now(UTC).replace(tzinfo=None),
    )
