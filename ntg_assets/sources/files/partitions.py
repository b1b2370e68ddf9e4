"""What the folders of a file say: `dt=2024-03-01/` is a column of every row below it,
and belongs to the file's content.
"""

import hashlib
import json
from pathlib import PurePosixPath
from urllib.parse import unquote

from ntg_assets.errors import SourceError

Partition = tuple[tuple[str, str | None], ...]
# what Hive and Spark write where the value is null or empty
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def partition_of(name: str) -> Partition:
    """Find the `key=value` folders of a path, outermost first,
    both sides decoded; a value that stands for none is none.

    Args:
        name: Path with forward slashes, relative to the project folder (what lies above it says
            nothing of the data).
    """
    folders = (
        folder.split("=", 1) for folder in PurePosixPath(name).parent.parts if folder.find("=") > 0
    )
    return tuple(
        (unquote(key), None if value in {NO_VALUE, ""} else unquote(value))
        for key, value in folders
    )


def content_identity(sha256: str, partition: Partition) -> str:
    """Name a content: the same for the same bytes below folders that say the same,
    in any order of folders.
    """
    if not partition:
        return sha256
    in_order = sorted(partition, key=lambda pair: (pair[0], pair[1] is not None, pair[1] or ""))
    said = json.dumps(in_order)
    return hashlib.sha256(f"{sha256}:{said}".encode()).hexdigest()


def value_of(partition: Partition, key: str, *, name: str) -> str | None:
    """Value that a path gives for a key.

    Args:
        partition: Keys and values of the path.
        key: Which one.
        name: The file in messages.

    Raises:
        SourceError: it gives two different ones.
    """
    values = [value for stated, value in partition if stated == key]
    for other in values[1:]:
        if other != values[0]:
            raise SourceError(
                f"{name}: its folders say {key!r} twice, {values[0]!r} and {other!r}. Move the file"
                " to where it belongs."
            )
    return values[0]
