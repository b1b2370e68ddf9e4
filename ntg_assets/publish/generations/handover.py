"""Which generation people see: made current by one rename, or kept aside for a person to look at.

What people are about to act on is in the history before they can see it. A process that ends
anywhere here leaves the old generation or the new one current; `reconcile` completes the record.
"""

import os
import re
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import StorageError
from ntg_assets.history.currents import (
    Action,
    Change,
    append_change,
    kept_aside,
    last_current,
    read_changes,
    taken_back,
    was_current,
)
from ntg_assets.history.links import show_history
from ntg_assets.publish.generations.kept_days import draws_of, keep_days
from ntg_assets.publish.generations.shelf import (
    current_folder,
    current_generation,
    editions,
    shelve,
)
from ntg_assets.publish.locations import BRIEF
from ntg_assets.publish.manifest import Manifest, describe_file, read_manifest, write_manifest
from ntg_assets.storage.files import hard_link, point, write_text

# the paths that people know, which lead through the current generation
LINKED = ("outputs", "reports", "data/features", "data/published")
NOTICE = re.compile(r'<div class="alarm" id="kept-aside">.*?</div>\n', re.DOTALL)
BODY = "<body>\n"


def make_current(  # each is a word of the record
    paths: Paths,
    folder: Path,
    *,
    action: Action,
    ids: IdTypes,
    run: str | None = None,
    draws: list[str] | None = None,
) -> None:
    """Let people see a generation: its draw goes into the history, then the link is swapped.

    Args:
        paths: The workspace.
        folder: A whole generation.
        action: What is written into the history; nothing where it is current already.
        ids: How the source writes ids.
        run: The run that published it.
        draws: Rolled back: files of the history that people may have acted on.

    Raises:
        StorageError: the history cannot be written: before the swap nothing has changed.
    """
    manifest, was = read_manifest(paths.at(folder).manifest), _current_name(paths)
    # one that was current has its draw in the history, maybe by the contract of an older version
    if action == "published" or not was_current(read_changes(paths.history), manifest.generation):
        day = date.fromisoformat(manifest.as_of[:10])
        keep_days(folder, paths.history, published_for=day, ids=ids)
    link_workspace(paths)
    point(paths.current, folder)
    waits = kept_aside(read_changes(paths.history)) is not None
    if was != manifest.generation or action == "accepted" or (action == "published" and waits):
        change = _change(manifest, action, before=was)
        _record(paths, change.model_copy(update={"run": run, "draws": draws or []}))


def _record(paths: Paths, change: Change) -> None:
    """Write down what people see already.

    Raises:
        StorageError: the history cannot be written.
    """
    try:
        append_change(paths.history, change)
    except StorageError as error:
        raise StorageError(
            f"{error} Generation {change.generation} is the current one, though: the next command"
            " that changes generations writes that down."
        ) from error


def keep_aside(paths: Paths, folder: Path, reasons: list[str], *, run: str | None = None) -> None:
    """Keep a generation for a person to look at; the current page says so from now on.

    Args:
        paths: Where generations lie.
        folder: The one that waits.
        reasons: Why people do not see it, a sentence each.
        run: Run that made it.
    """
    manifest, current = read_manifest(paths.at(folder).manifest), current_generation(paths)
    assert current is not None  # noqa: S101  # there was one to jump from
    change = _change(manifest, "kept aside", before=current.generation).model_copy(
        update={"reasons": reasons, "run": run}
    )
    say_on_the_page(paths, current, change)
    waiting = kept_aside(read_changes(paths.history))
    if waiting is None or (waiting.generation, waiting.reasons) != (change.generation, reasons):
        append_change(paths.history, change)


def describe_aside(current: Manifest, change: Change) -> str:
    """Say that a newer generation waits, why, and what to do."""
    return (
        f"A newer publication, generation {change.generation} (everything known before"
        f" {change.as_of}), is kept aside: {'; '.join(change.reasons)}. What is shown is still"
        f" generation {current.generation} (everything known before {current.as_of}). Look at"
        f" data/generations/{change.generation}, then `ntg publish --accept`, or mend the cause and"
        " run again."
    )


def link_workspace(paths: Paths) -> None:
    """Let the paths that people know lead through the current generation."""
    for name in LINKED:
        point(paths.workspace / name, paths.current / name)


def reconcile(paths: Paths) -> None:
    """Write down a change of the current generation whose process ended before it could."""
    current = current_generation(paths)
    if current is None:
        return
    changes = read_changes(paths.history)
    last = last_current(changes)
    if last is None or last.generation != current.generation:
        at = datetime.fromtimestamp(paths.current.lstat().st_mtime, UTC).replace(tzinfo=None)
        before = last.generation if last else None
        action = _unrecorded(changes, current)
        draws = draws_of(paths, _latest(paths, str(before))) if action == "rolled back" else []
        change = _change(current, action, before=before)
        append_change(paths.history, change.model_copy(update={"at": at, "draws": draws}))


def _latest(paths: Paths, name: str) -> Path:
    """The folder of a generation that was written last: its page may have been written anew."""
    folders = [kept.folder for kept in editions(paths, name)]
    return folders[-1] if folders else paths.generations / name


def _unrecorded(changes: list[Change], current: Manifest) -> Action:
    """Find what made a generation current without a record. One that people had seen before was
    gone back to: what was drawn since then counts as sent; one that was taken back was accepted.
    """
    if current.generation in taken_back(changes):
        return "accepted"
    return "rolled back" if was_current(changes, current.generation) else "found"


def _current_name(paths: Paths) -> str | None:
    """Name the current generation by its folder: its manifest may be damaged."""
    folder = current_folder(paths)
    return folder.name.split(".")[0] if folder else None


def _change(manifest: Manifest, action: Action, *, before: str | None) -> Change:
    return Change(
        at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        action=action,
        generation=manifest.generation,
        as_of=manifest.as_of,
        before=before,
    )


def say_on_the_page(paths: Paths, current: Manifest, aside: Change) -> None:
    """Put a notice on the page of the current generation: the same files in a new folder."""
    folder = current_folder(paths)
    assert folder is not None  # noqa: S101  # there is a current manifest
    page = folder / BRIEF
    if not page.is_file():
        return
    sentence = escape(describe_aside(current, aside))
    notice = f'<div class="alarm" id="kept-aside"><strong>{sentence}</strong></div>\n'
    text = page.read_text(encoding="utf-8")
    told_text = NOTICE.sub("", text).replace(BODY, BODY + notice, 1)
    if told_text == text:
        return
    again = shelve(
        paths,
        current.generation,
        run=f"page-{current.generation}",
        write=lambda making: _same_but_the_page(paths, current, folder, making, told_text),
        anew=True,
    )
    point(paths.current, again)


def _same_but_the_page(
    paths: Paths, manifest: Manifest, folder: Path, making: Path, page: str
) -> None:
    for file in manifest.files:
        if file.path != BRIEF:
            hard_link(folder / file.path, making / file.path)
    written = describe_file(write_text(making / BRIEF, page), workspace=making, kind="page")
    show_history(making, paths.history)
    files = [written if file.path == BRIEF else file for file in manifest.files]
    target = paths.at(making).manifest
    write_manifest(manifest.model_copy(update={"files": files}), target)
    was = paths.at(folder).manifest.stat()
    os.utime(target, ns=(was.st_atime_ns, was.st_mtime_ns))  # as old as what it shows
