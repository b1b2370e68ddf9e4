"""What differs between two generations, by how much, and what may be why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.generations.changes import Change, changes, flat
from ntg_assets.publish.generations.origin import ORIGIN, Origin
from ntg_assets.publish.generations.rank_changes import AFTER, BEFORE, rank_changes, rows_of
from ntg_assets.publish.generations.shelf import Kept
from ntg_assets.publish.generations.table_differences import (
    TableDifference,
    are_close,
    table_differences,
)
from ntg_assets.publish.manifest import Manifest
from ntg_assets.storage.connection import connect

STORE = "data/published/ntg.duckdb"
INPUTS = (
    "select file_name, sha256 from {store}.ingest.load_ledger",
    "select concat(source, ': ', file_name), sha256 from {store}.ingest.input_files",
)
DECISIONS = "select experiment, decision from {store}.experiments.decisions"
PROCESSOR = "processor"


class Differences(NamedTuple):
    """Two generations side by side.

    Attributes:
        before: The one.
        after: The other.
        figures: Headline figures that differ.
        decisions: Experiments with another decision.
        ranks: What differs in lists, radar and contacts, in words.
        tables: Tables that differ.
        inputs: Files and lists with another content.
        settings: Settings with another value, by dotted key.
        code: Source files, libraries and processor types that differ.
        unknown: What cannot be said, because a generation of an older version does not hold it.
    """

    before: Manifest
    after: Manifest
    figures: list[Change]
    decisions: list[Change]
    ranks: list[str]
    tables: list[TableDifference]
    inputs: list[Change]
    settings: list[Change]
    code: list[Change]
    unknown: list[str]

    @property
    def is_last_bits(self) -> bool:
        """Whether all that differs are floats, by less than `LAST_BITS`."""
        is_same = not (self.figures or self.decisions or self.ranks)
        return is_same and all(table.is_last_bits for table in self.tables)

    @property
    def processors(self) -> Change | None:
        """Types of processor, where they are not the same."""
        return next((change for change in self.code if change.what == PROCESSOR), None)


def differences(paths: Paths, before: Kept, after: Kept) -> Differences:
    """Compare two generations."""
    with _both(paths, before, after) as connection:
        decisions, inputs = (
            _changed(connection, *questions) for questions in ((DECISIONS,), INPUTS)
        )
        ranks = list(rank_changes(connection))
        tables = list(table_differences(connection, BEFORE, AFTER))
    origin_before, origin_after = _origin(before.folder), _origin(after.folder)
    is_known = origin_before is not None and origin_after is not None
    return Differences(
        before.manifest,
        after.manifest,
        _figures(before.manifest, after.manifest),
        decisions,
        ranks,
        tables,
        inputs,
        changes(flat(origin_before.settings), flat(origin_after.settings))
        if origin_before and origin_after
        else [],
        changes(_code(origin_before), _code(origin_after))
        if origin_before and origin_after
        else [],
        [] if is_known else [f"settings and code are not compared: {_OLDER}"],
    )


def headline_changes(
    paths: Paths, before: Kept, after: Kept
) -> tuple[list[Change], list[Change], list[str]]:
    """Compare what people look at first: headline figures, decisions, and lists in words; no table
    is compared row by row.
    """
    with _both(paths, before, after) as connection:
        decisions, ranks = _changed(connection, DECISIONS), list(rank_changes(connection))
    return _figures(before.manifest, after.manifest), decisions, ranks


@contextmanager
def _both(paths: Paths, before: Kept, after: Kept) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the stores of two generations side by side."""
    folders = {BEFORE: before.folder, AFTER: after.folder}
    with connect(scratch=paths.scratch, allowed=list(folders.values())) as connection:
        for name, folder in folders.items():
            file = str(folder / STORE).replace("'", "''")  # `attach` takes no bound parameter
            connection.execute(f"attach '{file}' as {name} (read_only)")
        yield connection


_OLDER = "a generation of an older version does not say what made it"


def _figures(before: Manifest, after: Manifest) -> list[Change]:
    """List the headline figures that differ, of those that both generations hold."""
    both = before.headlines.keys() & after.headlines.keys()
    figures_before, figures_after = (
        {name: made.headlines[name] for name in both} for made in (before, after)
    )
    return [
        change
        for change in changes(figures_before, figures_after)
        if not are_close(change.before, change.after)
    ]


def _changed(connection: duckdb.DuckDBPyConnection, *questions: str) -> list[Change]:
    stores = [
        {
            str(name): value
            for text in questions
            for name, value in rows_of(connection, text.format(store=store))
        }
        for store in (BEFORE, AFTER)
    ]
    return changes(*stores)


def _origin(folder: Path) -> Origin | None:
    file = folder / ORIGIN
    if not file.is_file():
        return None
    return Origin.model_validate(json.loads(file.read_text(encoding="utf-8")))


def _code(origin: Origin) -> dict[str, str]:
    return {**origin.code, **origin.libraries, PROCESSOR: origin.machine}
