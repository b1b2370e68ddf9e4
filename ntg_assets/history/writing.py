"""A history that cannot be written, told as what it is: its disk may be one of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntg_assets.errors import StorageError


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Write a file of the history in the block: whole, or not at all.

    Args:
        file: The file, `data/history/<kind>/<name>`.

    Raises:
        StorageError: the disk is full or broken.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StorageError(
            f"data/history/{file.parent.name}/{file.name}: cannot be written ({reason}). Make room"
            " on the disk of data/history and run the same again: nothing is half written."
        ) from error
