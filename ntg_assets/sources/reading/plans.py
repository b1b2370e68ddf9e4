"""What is read of a source, and by which rules: the part of the one query that its callers know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.duckdb_readers import parameters_of
from ntg_assets.sources.reading.filters import Filter, filter_parameters
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sql import Source

ROW = "(row)"


@dataclass(frozen=True)
class Plan:
    """Everything that turns the files of one source into typed rows.

    Attributes:
        layouts: The files.
        rules: How each contract column is made.
        filters: Which records are no part of the source.
        null_words: Texts that mean "empty" in every column.
        parameters: Values of the rules' expressions.
        tables: Tables that they read.
    """

    layouts: tuple[Layout, ...]
    rules: tuple[Rule, ...]
    filters: tuple[Filter, ...] = ()
    null_words: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Source] = field(default_factory=dict)

    @property
    def raw_columns(self) -> dict[str, str]:
        """Source column of each mapped contract column."""
        return {rule.name: rule.source for rule in self.rules if rule.source is not None}

    @property
    def named_columns(self) -> dict[str, str]:
        """How people are told of what was wrong: the source column, or the row as a whole."""
        return {**self.raw_columns, ROW: ROW}

    @property
    def bound(self) -> dict[str, Any]:
        """Values of all parameters of `typed_rows`."""
        values: dict[str, Any] = {}
        for layout in self.layouts:
            values |= parameters_of(layout)
        words = {"null_words": list(self.null_words)} if self.null_words else {}
        return {**values, **self.parameters, **filter_parameters(self.filters), **words}

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that are read, by number."""
        return tuple(
            sorted(
                (file for layout in self.layouts for file in layout.files),
                key=lambda file: file.number,
            )
        )

    def numbered(self, n_read: Mapping[int, int]) -> "Plan":
        """The same plan with rows numbered file by file (the reader then goes through one file at
        a time).

        Args:
            n_read: Rows that the reader finds in each file, by its number.
        """
        return replace(
            self, layouts=tuple(replace(layout, n_read=n_read) for layout in self.layouts)
        )

    def only(self, numbers: Collection[int]) -> "Plan":
        """The same plan for some of its files."""
        kept = [
            (layout, tuple(file for file in layout.files if file.number in numbers))
            for layout in self.layouts
        ]
        return replace(
            self, layouts=tuple(replace(layout, files=files) for layout, files in kept if files)
        )
