"""Columns that files do not hold: the configured ones, and those that the filters look at, with
what a file's name, its folder or the configuration says of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from ntg_assets.configuration.inputs.columns_from import ColumnFrom, ColumnName, column_name
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.exploding import place_column
from ntg_assets.sources.files.partitions import Partition


class Joined(NamedTuple):
    """How a column is made from several: `first_of` or `all_of` these."""

    kind: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Described:
    """One source as the configuration describes it.

    Attributes:
        key: Its configuration key (`ingest.events`).
        source: Its settings.
        columns: What each setting that names a column names.
    """

    key: str
    source: FileSource
    columns: Mapping[str, ColumnName]

    @classmethod
    def of(cls, key: str, source: FileSource, settings: Sequence[str]) -> "Described":
        """Describe a source by its settings that name columns, as far as they are set."""
        return cls(key, source, source.mapped(tuple(settings)))

    @property
    def names(self) -> dict[str, str]:
        """Column of the files for each setting."""
        return {key: column_name(given) for key, given in self.columns.items()}

    @property
    def mapping(self) -> dict[str, str]:
        """Configuration key with the column that it names, filters included."""
        named = {
            f"{self.key}.{key}": name for key, name in self.names.items() if name not in self.joined
        }
        named |= {
            f"{self.key}.{key}.{joined.kind}.{place}": part
            for key, name in self.names.items()
            if (joined := self.joined.get(name))
            for place, part in enumerate(joined.parts)
        }
        if self.source.explode:
            named[f"{self.key}.explode"] = place_column(self.source.explode)
        existing = {*named.values(), *self.joined}
        for setting in ("keep", "skip_when_empty"):
            for value in getattr(self.source, setting):
                name = self.column_of(value)
                if name not in existing:
                    named[f"{self.key}.{setting}.{value}"] = name
        return named

    @property
    def joined(self) -> dict[str, Joined]:
        """Columns that are made from several, with these."""
        return {
            column.name: Joined(kind, tuple(parts))
            for column in self.columns.values()
            if isinstance(column, ColumnFrom)
            for kind, parts in (("first_of", column.first_of), ("all_of", column.all_of))
            if parts is not None
        }

    def absent_parts(self, existing: Collection[str]) -> list[str]:
        """Columns that a file may lack, since it has another one that stands for the same."""
        return [
            part
            for kind, parts in self.joined.values()
            if kind == "first_of" and any(part in existing for part in parts)
            for part in parts
            if part not in existing
        ]

    @property
    def defaults(self) -> dict[str, str]:
        """What stands in files that lack a column."""
        return {
            column.name: column.default
            for column in self.columns.values()
            if isinstance(column, ColumnFrom) and column.default is not None
        }

    def column_of(self, given: str) -> str:
        """Column that a filter means: that of the setting of this name, else the files' own."""
        return self.names.get(given, given)

    def said_by_place(self, name: str) -> Partition:
        """What a file's place says of its records, column by column.

        Raises:
            SourceError: the name of the file, or of its folder, does not fit a pattern.
        """
        path = PurePosixPath(name)
        said: list[tuple[str, str | None]] = []
        for key, given in self.columns.items():
            if isinstance(given, str) or given.column is not None or given.name in self.joined:
                continue
            value = given.value_of(file_name=path.name, folder=path.parent.name)
            if value is None or not value.strip():
                place = "file name" if given.file_name is not None else "folder"
                raise SourceError(
                    f"{name}: {self.key}.{key} is taken from the {place}, but it does not fit"
                    f" {given.file_name or given.folder!r}. Mend the pattern, or name other files."
                )
            said.append((given.name, value))
        return tuple(said)
