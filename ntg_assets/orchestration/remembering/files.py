"""What the files hold that a step reads beside its tables, found from the words of its decorator.

Words that are not understood, and sources that may be another at each look, have no version: such
a step is made in every run.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import SourceError
from ntg_assets.history.forgets import FORGETS, KEY
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets.sources.files.file_names import find_paths, name_of
from ntg_assets.sources.files.manifests import MANIFEST, SHA256

DIGITS = 16


class Changing(Exception):  # noqa: N818  # an answer, not a fault
    """What is read has no version that could be compared."""


# the history of loads decides whether a load is refused; one that was not is never refused later,
# since a load of other content would have been made by this very step
IS_JUDGED_ONCE = frozenset({("source_files", "data/history/loads")})
# what a step finds it keeps there itself: it would read it now, and make the same
FINDS = "data/leakage/"


def file_versions(work: Work, settings: Settings, paths: Paths) -> dict[str, str]:
    """Hash the files that a step reads.

    Args:
        work: The step; its decorator says what it reads (`files=`).
        settings: The configuration, which names files.
        paths: The workspace.

    Returns:
        A version of each file, by its name.

    Raises:
        Changing: something that is read has none.
    """
    versions: dict[str, str] = {}
    for word in work.files:
        if (work.name, word) in IS_JUDGED_ONCE:
            continue
        reader = READERS.get(word)
        if reader is None:
            raise Changing(f"{word} is read anew in every run")
        versions |= reader(settings, paths)
    return versions


def only_found(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether files are what they were, but for what the step that read them has found."""
    added = after.keys() - before.keys()
    return before.items() <= after.items() and all(name.startswith(FINDS) for name in added)


def _events(settings: Settings, paths: Paths) -> dict[str, str]:
    return _of_source(settings.ingest.events, settings, paths)


def _items(settings: Settings, paths: Paths) -> dict[str, str]:
    return _of_source(settings.ingest.items, settings, paths) if settings.ingest.items else {}


def _fetched(settings: Settings, _: Paths) -> dict[str, str]:
    if settings.landing.fetch:
        raise Changing("landing.fetch names what lies elsewhere")
    return {}


def _nothing(_: Settings, __: Paths) -> dict[str, str]:
    """What is looked at only where nothing is kept: what fetches bring, and the publication before
    in place of a list that cannot be read.
    """
    return {}


def _optional(settings: Settings, paths: Paths) -> dict[str, str]:
    versions: dict[str, str] = {}
    for source in file_sources(settings):
        if source is not settings.ingest.events and source is not settings.ingest.items:
            versions |= _of_source(source, settings, paths)
    return versions


def file_sources(model: object) -> Iterator[FileSource]:
    """Yield every part of a configuration that names files."""
    if isinstance(model, FileSource):
        yield model
    parts: Sequence[object] = ()
    if isinstance(model, BaseModel):
        parts = [getattr(model, name) for name in type(model).model_fields]
    elif isinstance(model, Mapping):
        parts = [*model.values()]
    elif isinstance(model, list | tuple):
        parts = model
    for part in parts:
        yield from file_sources(part)


def _of_source(source: FileSource, settings: Settings, paths: Paths) -> dict[str, str]:
    roots = [paths.workspace, *(Path(folder) for folder in settings.ingest.source_folders)]
    versions: dict[str, str] = {}
    for pattern in source.files:
        try:
            matched = find_paths([pattern], home=paths.home, roots=roots)
        except (SourceError, OSError) as error:
            raise Changing(f"{pattern} cannot be read: {error}") from None
        for path in (*matched.passed_over, *matched.folders):
            versions[name_of(path, paths.home)] = "passed over"
        for path in matched.paths:
            for file in (path, path.with_name(path.name + SHA256), path.parent / MANIFEST):
                if file.is_file():
                    versions[name_of(file, paths.home)] = content(file)
    return versions


def _history(kind: str) -> Callable[[Settings, Paths], dict[str, str]]:
    def read(_: Settings, paths: Paths) -> dict[str, str]:
        return _below(paths.history / kind, paths.workspace)

    return read


def _forgotten(_: Settings, paths: Paths) -> dict[str, str]:
    key = paths.data / KEY
    kept = {f"data/{KEY}": content(key)} if key.is_file() else {}
    return {**kept, **_below(paths.history / FORGETS, paths.workspace)}


def _features(_: Settings, paths: Paths) -> dict[str, str]:
    """Features of every publication that is kept: which of them is compared with depends on
    tonight's cutoff.
    """
    return {
        name: version
        for folder in sorted(paths.generations.glob("[!.]*/data/features"))
        for name, version in _below(folder, paths.workspace).items()
    }


def _verdicts(_: Settings, paths: Paths) -> dict[str, str]:
    return _below(paths.data / "leakage", paths.workspace)


READERS: Mapping[str, Callable[[Settings, Paths], dict[str, str]]] = {
    "ingest.events.files": _events,
    "ingest.items.files": _items,
    "landing.fetch": _fetched,
    "data/landing": _nothing,
    "what ingest.input_files lists": _optional,
    "data/published": _nothing,
    "data/features": _features,
    "data/leakage": _verdicts,
    "data/history/forgets": _forgotten,
    "data/history/loads": _history("loads"),
    "data/history/segments": _history("segments"),
    "data/history/assignments": _history("assignments"),
    "data/history/generations": _history("generations"),
    "data/history/taken": _history("taken"),
}


def content(file: Path) -> str:
    """SHA-256 of a file, its first digits.

    Raises:
        Changing: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:DIGITS]
    except OSError as error:
        raise Changing(f"{file.name} cannot be read: {error.strerror}") from None


def _below(folder: Path, root: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(root).as_posix(): content(file) for file in files}
