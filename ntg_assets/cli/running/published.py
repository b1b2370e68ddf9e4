"""What an interrupted run had published by then, read from the disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from ntg_assets.cli.interruption import Interrupted
from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.generations.shelf import current_generation


@contextmanager
def naming_what_is_published(paths: Paths) -> Iterator[None]:
    """Say of an interrupted run whether it had published: everything, or nothing."""
    before = _name(paths)
    try:
        yield
    except Interrupted as interrupted:
        if (now := _name(paths)) != before:
            interrupted.outcome = f"generation {now} was published before that, and stands"
        raise


def _name(paths: Paths) -> str | None:
    current = current_generation(paths)
    return current.generation if current else None
