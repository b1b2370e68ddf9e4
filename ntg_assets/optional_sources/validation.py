"""The verdicts on sources, as they are read one after the other, each for itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl

from ntg_assets.errors import describe_error
from ntg_assets.optional_sources.input_files import (
    InputFile,
    compare_files,
    hash_files,
)

Read = TypeVar("Read")
VERDICTS: dict[str, Any] = {
    "source": pl.String,
    "files": pl.String,
    "n_files": pl.Int64,
    "n_rows": pl.Int64,
    "is_usable": pl.Boolean,
    "sentence": pl.String,
    "consequence": pl.String,
}


class Found(NamedTuple):
    """What there is to say of a source that was read."""

    n_files: int
    n_rows: int
    sentence: str


class ValidatedSources:
    """The verdicts on all sources, as they are read one after the other, and what files held."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.rows: list[tuple[Any, ...]] = []
        self.files: list[InputFile] = []

    def read(
        self,
        source: str,
        files: Sequence[str],
        read: Callable[[], Read],
        *,
        found: Callable[[Read], Found],
        without: str,
        is_hashed: bool = False,
    ) -> Read | None:
        """Read one source and judge it; None when it cannot be read, whatever the reason.

        `is_hashed`: whether the reader looks at the bytes of its files itself.

        Args:
            source: Configuration key, by which people know it.
            files: Patterns that it is read from.
            read: Reads it.
            found: Says of what was read how many rows there are, and what is doubtful.
            without: What is left out while it cannot be read, in words.
            is_hashed: Whether the reader looks at the bytes of its files itself.
        """
        named = ", ".join(files)
        before = {} if is_hashed else hash_files(files, home=self.home)
        try:
            result = read()
            summary = found(result)
        except Exception as error:  # noqa: BLE001  # whatever it is, it concerns this source alone
            self.rows.append((source, named, 0, 0, False, describe_error(error), without))
            return None
        after = hash_files(files, home=self.home) if before else {}
        self.files += compare_files(source, before, after)
        self.rows.append(
            (source, named, summary.n_files, summary.n_rows, True, summary.sentence, None)
        )
        return result
