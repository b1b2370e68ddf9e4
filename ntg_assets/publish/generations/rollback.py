"""What people do with generations: accept one that was kept aside, take one back."""

from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import StorageError
from ntg_assets.history.currents import MADE_CURRENT, kept_aside, read_changes, taken_back
from ntg_assets.publish.generations.handover import make_current, say_on_the_page
from ntg_assets.publish.generations.kept_days import draws_of
from ntg_assets.publish.generations.publication import clear_shelf, prepare
from ntg_assets.publish.generations.shelf import (
    Kept,
    current_folder,
    find,
    generations,
    shelf_lock,
    whole_folder,
)
from ntg_assets.publish.manifest import Manifest
from ntg_assets.publish.verify import verify_publication


def accept(paths: Paths, name: str | None, *, settings: PublishSettings, ids: IdTypes) -> Manifest:
    """Make the generation current that was kept aside, or one that is named.

    Raises:
        StorageError: none is kept aside, or it is damaged.
    """
    with shelf_lock(paths):
        prepare(paths)
        if name is None:
            aside = kept_aside(read_changes(paths.history))
            if aside is None:
                raise StorageError(
                    "no generation is kept aside. `ntg generations` lists those that are kept;"
                    " name one to make it current."
                )
            name = aside.generation
        kept = find(paths, name)
        make_current(paths, _whole(paths, kept), action="accepted", ids=ids)
        clear_shelf(paths, settings)
    return kept.manifest


def roll_back(paths: Paths, given: str | None, *, ids: IdTypes) -> tuple[Manifest, str]:
    """Make an earlier generation current again: the one before, or one that is named.

    The history stays: who was drawn for a contact counts as contacted, also for lists of the same
    day that are made anew.

    Returns:
        The generation that is current now, and the name of the one that was.

    Raises:
        StorageError: nothing is published, there is no earlier one, or it is damaged.
    """
    with shelf_lock(paths):
        prepare(paths)
        folder = current_folder(paths)
        if folder is None:
            raise StorageError("nothing is published yet. Run `ntg run-all` first.")
        name = folder.name.split(".")[0]
        kept = _one_before(paths, name) if given is None else find(paths, given)
        if kept.folder == folder:
            raise StorageError(f"generation {kept.name} is the current one already.")
        make_current(
            paths,
            _whole(paths, kept),
            action="rolled back",
            ids=ids,
            draws=draws_of(paths, folder),
        )
        if aside := kept_aside(read_changes(paths.history)):
            say_on_the_page(paths, kept.manifest, aside)
    return kept.manifest, name


def _whole(paths: Paths, kept: Kept) -> Path:
    """Return a whole folder of a generation, or say what is wrong with it."""
    folder = whole_folder(paths, kept.name)
    if folder is None:
        verify_publication(paths.at(kept.folder))
    return folder or kept.folder


def _one_before(paths: Paths, current: str) -> Kept:
    """Return the generation that was current last before this one and was not taken back."""
    by_name = {kept.name: kept for kept in generations(paths)}
    changes = read_changes(paths.history)
    back = {*taken_back(changes), current}
    for change in reversed(changes):
        name = change.generation
        if change.action in MADE_CURRENT and name in by_name and name not in back:
            return by_name[name]
    raise StorageError(
        f"no generation before {current} is kept. `ntg generations` lists those that are."
    )
