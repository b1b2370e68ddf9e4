"""What an interrupted run had published by then, read from the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from ntg_assets.cli.interruption import Interrupted
from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.manifest import read_manifest
from ntg_assets.publish.verify import files_of_another_generation


@contextmanager
def telling_what_is_published(paths: Paths) -> Iterator[None]:
    """Say of an interrupted run what it had published: nothing, everything,
    or a part that readers must not mix with the rest.
    """
    before = _mark(paths)
    try:
        yield
    except Interrupted as interrupted:
        if _mark(paths) != before:
            interrupted.outcome = (
                f"generation {read_manifest(paths.manifest).generation} was published before that,"
                " and stands"
            )
        elif mixed := files_of_another_generation(paths):
            told = (
                f"{len(mixed)} files (first: {mixed[0]}) belong to a generation that is not whole"
            )
            interrupted.outcome = (
                f"the publication had begun: {told}. Run again; until then read nothing but what"
                " `ntg verify` accepts"
            )
        raise


def _mark(paths: Paths) -> tuple[int, int] | None:
    """What changes when a manifest, the last file of a generation, is replaced."""
    if not paths.manifest.exists():
        return None
    found = paths.manifest.stat()
    return found.st_ino, found.st_mtime_ns
