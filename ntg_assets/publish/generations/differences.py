"""What differs between two generations, by how much, and what may be why."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.generations.origin import ORIGIN, Origin
from ntg_assets.publish.generations.shelf import Kept
from ntg_assets.publish.generations.table_differences import (
    TableDifference,
    are_close,
    table_differences,
)
from ntg_assets.publish.manifest import Manifest
from ntg_assets.storage.connection import MissingTableError, connect

BEFORE, AFTER = "before", "after"
STORE = "data/published/ntg.duckdb"
INPUTS = (
    "select file_name, sha256 from {store}.ingest.load_ledger",
    "select concat(source, ': ', file_name), sha256 from {store}.ingest.input_files",
)
DECISIONS = "select experiment, decision from {store}.experiments.decisions"
LISTS = """
with
before as (
    select user_id, list(item_id order by rank) as items
    from before.live.recommendations group by user_id
),
after as (
    select user_id, list(item_id order by rank) as items
    from after.live.recommendations group by user_id
)
select
    count(*) as n_users,
    count(*) filter (before.items <> after.items) as n_other_list,
    count(*) filter (before.items[1] <> after.items[1]) as n_other_first,
    avg(len(list_intersect(before.items, after.items)) / greatest(len(before.items), 1)) as kept
from before inner join after using (user_id)
"""
RADAR = """
select count(*) from before.live.revenue_risk_radar as b
inner join after.live.revenue_risk_radar as a using (user_id)
where b.rank <= $top and a.rank <= $top
"""
CONTACTS = """
select
    count(*) filter (a.user_id is null) as gone,
    count(*) filter (b.user_id is null) as new
from (select strategy, user_id from before.live.intervention_targets where action = 'contact') as b
full join
    (select strategy, user_id from after.live.intervention_targets where action = 'contact') as a
    on a.strategy = b.strategy and a.user_id = b.user_id
"""
TOP = 100
PROCESSOR = "processor"


class Change(NamedTuple):
    """One thing that has another value; none: it was not there, or is not."""

    what: str
    before: Any
    after: Any


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
        ranks = list(_ranks(connection))
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
        decisions, ranks = _changed(connection, DECISIONS), list(_ranks(connection))
    return _figures(before.manifest, after.manifest), decisions, ranks


def in_words(value: object) -> str:
    """Write a value as a person reads it."""
    if value is None:
        return "none"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


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


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the keys whose values differ, in the order of the keys."""
    keys = sorted({*before, *after})
    return [
        Change(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give the values of a nested configuration by dotted key; lists are one value."""
    values: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            values |= flat(value, f"{prefix}{name}.")
        else:
            values[f"{prefix}{name}"] = value
    return values


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
            for name, value in _rows(connection, text.format(store=store))
        }
        for store in (BEFORE, AFTER)
    ]
    return changes(*stores)


def _rows(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Ask; nothing where a store of an older version lacks the table."""
    try:
        return connection.execute(text, parameters).fetchall()
    except MissingTableError:
        return []


def _ranks(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for n_users, n_other, n_first, kept in _rows(connection, LISTS):
        if n_other:
            yield (
                f"lists: {n_other:,} of {n_users:,} users have another list ({n_first:,} another"
                f" first item); {kept:.0%} of the items of a list stay on average"
            )
    sizes = [
        _rows(connection, f"select count(*) from {store}.live.revenue_risk_radar")
        for store in (BEFORE, AFTER)
    ]
    if all(sizes):
        top = min(TOP, *(rows[0][0] for rows in sizes))
        ((both,),) = _rows(connection, RADAR, {"top": top})
        if both < top:
            yield f"radar: {both:,} of the first {top:,} users are among the first {top:,} in both"
    for gone, new in _rows(connection, CONTACTS):
        if gone or new:
            yield f"contacts: {new:,} are new, {gone:,} are gone"


def _origin(folder: Path) -> Origin | None:
    file = folder / ORIGIN
    if not file.is_file():
        return None
    return Origin.model_validate(json.loads(file.read_text(encoding="utf-8")))


def _code(origin: Origin) -> dict[str, str]:
    return {**origin.code, **origin.libraries, PROCESSOR: origin.machine}
