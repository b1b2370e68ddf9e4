"""`ntg diff`: what differs between two publications, and why it may."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.history.currents import kept_aside, last_current, read_changes
from ntg_assets.publish.generations.changes import Change, in_words
from ntg_assets.publish.generations.differences import Differences, differences
from ntg_assets.publish.generations.shelf import Kept, find
from ntg_assets.publish.generations.table_differences import TableDifference

SHOWN = 12  # of a kind; --json gives all
SHOWN_COLUMNS = 4
SHORT = 60  # characters of a value


def render_differences(
    before: str | None, after: str | None, *, paths: Paths, console: Console, as_json: bool
) -> None:
    """Print what differs; without names: what is kept aside, or is current, and the one before.

    Args:
        before: Generation by name, or by the beginning of one.
        after: The other one.
        paths: Where generations lie.
        console: Where people read it.
        as_json: Whether programs read it.
    """
    both = differences(paths, *_chosen(before, after, paths))
    if as_json:
        print_json(_as_rows(both))
        return
    for line in told(both):
        console.print(escape(line), highlight=False, soft_wrap=True)


def told(both: Differences) -> Iterator[str]:
    """Say in lines what differs."""
    before, after = both.before, both.after
    yield f"{before.generation} (known before {before.as_of}) -> {after.generation} ({after.as_of})"
    yield from _section("figures", [_change(change) for change in both.figures])
    yield from _section("decisions", [_change(change) for change in both.decisions])
    yield from _section("ranks", both.ranks)
    real = [table for table in both.tables if not table.is_last_bits]
    yield from _section("tables", [_table(table) for table in real])
    if n_last_bits := len(both.tables) - len(real):
        yield f"{n_last_bits} tables differ in last bits alone (1e-9): in no row, id or rank"
    if not both.tables:
        yield "no table differs"
    yield from _section("inputs", [_change(change) for change in both.inputs])
    yield from _section("settings", [_change(change) for change in both.settings])
    yield from _section("code", [_change(change) for change in both.code])
    yield from both.unknown
    yield from _processors(both)
    if both.tables and not (both.inputs or both.settings or both.code or both.unknown):
        yield (
            "inputs, settings and code are the same: what differs comes of the history (contacts,"
            " loads, earlier publications) or of the clock"
        )


def _processors(both: Differences) -> Iterator[str]:
    """Say what processors of other types have to do with it."""
    types = both.processors
    if types is None:
        return
    yield f"made on processors of other types ({types.before}; {types.after})"
    if both.is_last_bits:
        yield "  floats differ below 1e-9 only: ids, ranks, lists and decisions are the same"
    else:
        yield "  that alone moves floats by less than 1e-9: what differs by more has another cause"


def _chosen(before: str | None, after: str | None, paths: Paths) -> tuple[Kept, Kept]:
    changes = read_changes(paths.history)
    current, aside = last_current(changes), kept_aside(changes)
    if current is None:
        raise StorageError("nothing is published yet. Run `ntg run-all` first.")
    newest = aside or current
    if after is None:
        after = newest.generation if before != newest.generation else current.generation
    before = before or newest.before
    if before is None:
        raise StorageError(
            f"generation {after} is the only one. `ntg generations` lists those that are kept."
        )
    return find(paths, before), find(paths, after)


def _section(name: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{name} ({len(lines)})"
        yield from (f"  {line}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"  and {len(lines) - SHOWN} more (--json gives all)"


def _change(change: Change) -> str:
    factor = ""
    if isinstance(change.before, int | float) and isinstance(change.after, int | float):
        factor = f" ({change.after - change.before:+,.6g})"
    return f"{change.what}: {_value(change.before)} -> {_value(change.after)}{factor}"


def _value(value: object) -> str:
    text = in_words(value)
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def _table(table: TableDifference) -> str:
    if table.n_before is None or table.n_after is None:
        where = "only after" if table.n_before is None else "only before"
        return f"{table.table}: is there {where}"
    parts = [f"{table.n_before:,} -> {table.n_after:,} rows"]
    parts += [f"{table.n_new:,} new"] if table.n_new else []
    parts += [f"{table.n_gone:,} gone"] if table.n_gone else []
    parts += [
        f"{column.column} in {column.n_changed:,}"
        + (f" (by up to {column.largest:,.6g})" if column.largest is not None else "")
        for column in sorted(table.columns, key=lambda changed: -changed.n_changed)[:SHOWN_COLUMNS]
    ]
    if (more := len(table.columns) - SHOWN_COLUMNS) > 0:
        parts.append(f"{more} more columns")
    parts += [f"column {name} is only on one side" for name in table.other_columns]
    return f"{table.table}: {', '.join(parts)}"


def _as_rows(both: Differences) -> dict[str, Any]:
    return {
        "before": both.before.generation,
        "after": both.after.generation,
        **{
            name: [change._asdict() for change in getattr(both, name)]
            for name in ("figures", "decisions", "inputs", "settings", "code")
        },
        "ranks": both.ranks,
        "tables": [
            {
                **table._asdict(),
                "columns": [column._asdict() for column in table.columns],
                "is_last_bits": table.is_last_bits,
            }
            for table in both.tables
        ],
        "unknown": both.unknown,
    }
