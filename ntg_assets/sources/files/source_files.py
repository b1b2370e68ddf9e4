"""Files of a source as they were when they were inspected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import (
    Format,
)
from ntg_assets.sources.files.packing import Packing
from ntg_assets.sources.files.partitions import Partition, content_identity


@dataclass(frozen=True)
class SourceFile:
    """One file as it was found.

    Attributes:
        number: Its `load_file`.
        name: Relative to the project folder, with forward slashes.
        sha256: Of the bytes on disk.
        partition: What its path says of its records: `key=value` folders, and what columns are
            configured to be taken from its name.
        n_lines: Physical lines of a CSV file, records of a JSON file (0 for Parquet: the reader
            counts its rows).
        n_blank_lines: Lines of a text file without any character.
        header: Column names of a CSV file, in order; keys of the first records of a JSON file.
        odd_keys: Those of a JSON file of which a key holds a dot or a bracket itself.
        n_header_lines: Lines that the header takes up.
        has_quotes: Whether a CSV file holds a quote character at all.
        repeats_header: Whether the header of a CSV file comes again below it.
        packing: How what is read is packed.
        misnamed: In what its bytes differ from what its name promises; none: in nothing.
        copy_of: Number of an earlier file with the same content.
        changed_ns: Time of the last change, to notice one during the load.
        staged: What is read in its place, where no reader takes it as it is.
        n_skipped_lines: Lines of the original before the first one of what is read.
        n_stated_rows: Records that a manifest says it has.
        n_last_lines: Lines at its end that the configuration says are no records.
        n_before: Records that it has as it was delivered, where lists in them were exploded.
    """

    number: int
    path: Path
    name: str
    format: Format
    sha256: str
    n_bytes: int
    changed_ns: int
    partition: Partition = ()
    n_lines: int = 0
    n_blank_lines: int = 0
    header: tuple[str, ...] = ()
    odd_keys: frozenset[str] = frozenset()
    n_header_lines: int = 0
    has_quotes: bool = False
    repeats_header: bool = False
    packing: Packing = "none"
    misnamed: str | None = None
    copy_of: int | None = None
    staged: Path | None = None
    n_skipped_lines: int = 0
    n_stated_rows: int | None = None
    n_before: int | None = None
    n_last_lines: int = 0

    @property
    def read_path(self) -> Path:
        """What the reader reads."""
        return self.staged or self.path

    @property
    def identity(self) -> str:
        """Name of the content: the bytes, and what the folders say of them."""
        return content_identity(self.sha256, self.partition)


def raise_if_changed(files: Sequence[SourceFile]) -> None:
    """Raise when a file is not what it was when it was inspected: then two readings of it may
    differ.
    """
    for file in files:
        stat = file.path.stat() if file.path.exists() else None
        if stat is None or (stat.st_size, stat.st_mtime_ns) != (file.n_bytes, file.changed_ns):
            raise SourceError(
                f"{file.name}: changed while it was read. Let the writer finish (write under"
                " another name, then rename), then run again."
            )
