"""Take people out of the samples, offenders and messages that the history of runs has kept."""

import json
import re
import sqlite3  # noqa: TID251  # Dagster's own files, of which no table is made
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ntg_assets.errors import StorageError
from ntg_assets.orchestration.table_metadata import UNBROKEN, unbroken
from ntg_assets.sql import quote_identifier

REMOVED = "(forgotten)"
BUSY_SECONDS = 10.0
RECORDS = "records"  # of a table in Dagster's metadata
LINES = "*.jsonl"


def remove_from_run_history(home: Path, ids: Collection[str]) -> dict[str, int]:
    """Rewrite what names people in the databases of a Dagster home, and their free pages.

    A row of a table that holds an id as a value is dropped; in texts an id goes where it stands
    behind `user`, `user_id` or `unit_id`, and anywhere when it is no number.

    Args:
        home: Folder with SQLite databases, as Dagster keeps them by default.
        ids: Who.

    Returns:
        Entries that were changed, by file below `home`.

    Raises:
        StorageError: a database is in use.
    """
    changed = {}
    for file in sorted(home.rglob("*.db")):
        try:
            n_changed = _clean_database(file, ids)
        except sqlite3.OperationalError as error:
            raise StorageError(
                f"{file.name}: {error}. Stop `ntg ui` and its daemon, then call `ntg forget` again."
            ) from None
        if n_changed:
            changed[file.relative_to(home).as_posix()] = n_changed
    return changed


def remove_from_lines(folder: Path, ids: Collection[str]) -> dict[str, int]:
    """Rewrite the structured logs of runs likewise; return the lines that were changed, by file."""
    changed = {}
    for file in sorted(folder.glob(LINES)):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        cleaned = [clean_text(line, ids) for line in lines]
        n_changed = sum(was != now for was, now in zip(lines, cleaned, strict=True))
        if n_changed:
            file.write_text("".join(cleaned), encoding="utf-8")
            changed[file.name] = n_changed
    return changed


def clean_entry(text: str, ids: Collection[str]) -> str:
    """Take people out of a text of Dagster's: as JSON where it is JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return clean_text(text, ids)
    cleaned = clean_value(value, ids)
    return text if cleaned == value else json.dumps(cleaned)


def clean_value(value: Any, ids: Collection[str]) -> Any:  # noqa: ANN401  # whatever JSON holds
    """Return JSON without people: rows that name one are dropped, ids in texts are blanked."""
    if isinstance(value, dict):
        return {
            name: (
                [clean_value(row, ids) for row in part if not _names_one(row, ids)]
                if name == RECORDS and isinstance(part, list)
                else clean_value(part, ids)
            )
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [clean_value(part, ids) for part in value]
    return clean_text(value, ids) if isinstance(value, str) else value


def spellings(ids: Collection[str]) -> set[str]:
    """Texts by which an entry of the history that names somebody is found: ids as they are, as
    samples write them, and either as JSON writes what is not ASCII.
    """
    shown = _shown(ids)
    return {*shown, *(json.dumps(person)[1:-1] for person in shown)}


def _shown(ids: Collection[str]) -> set[str]:
    return {*ids, *(unbroken(person) for person in ids)}


def clean_text(text: str, ids: Collection[str]) -> str:
    """Blank ids in a text."""
    for person in sorted(_shown(ids)):
        if person in text:
            text = _pattern(person).sub(lambda match: match.group(1) + REMOVED, text)
    return text


def _pattern(person: str) -> re.Pattern[str]:
    before = r"(\b(?:user|unit)(?:_id)?\W{1,4})" if person.lstrip("-").isdigit() else r"((?<!\w))"
    return re.compile(rf"{before}{re.escape(person)}(?!\w)")


def _names_one(row: object, ids: Collection[str]) -> bool:
    """Whether a row of a sample holds an id in a column by which people are named."""
    values = row.get("data", row) if isinstance(row, dict) else {}
    return isinstance(values, dict) and any(
        str(value).replace(UNBROKEN, " ").strip() in ids
        for name, value in values.items()
        if name.startswith(("user", "unit_id", "listed_id"))
    )


def _clean_database(file: Path, ids: Collection[str]) -> int:
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as database:
        database.execute("pragma secure_delete = on")
        n_changed = sum(
            _clean_column(database, table, column, ids) for table, column in _texts(database)
        )
        database.commit()
        if n_changed:  # what was there stays in free pages and in the write-ahead log else
            database.execute("vacuum")
            database.execute("pragma wal_checkpoint(truncate)")
    return n_changed


def _texts(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        for _, column, kind, *_ in database.execute(
            f"pragma table_info({quote_identifier(table)})"
        ).fetchall():
            if kind.upper() == "TEXT":
                yield table, column


def _clean_column(
    database: sqlite3.Connection, table: str, column: str, ids: Collection[str]
) -> int:
    named, held = quote_identifier(table), quote_identifier(column)
    may = f"exists (select 1 from json_each(?) as one where instr({held}, one.value) > 0)"  # noqa: S608  # names are the schema's
    question = f"select rowid, {held} from {named} where {may}"  # noqa: S608  # likewise
    rows = database.execute(question, [json.dumps(sorted(spellings(ids)))]).fetchall()
    mend = f"update {named} set {held} = ? where rowid = ?"  # noqa: S608  # likewise
    n_changed = 0
    for row, text in rows:
        cleaned = clean_entry(text, ids)
        if cleaned != text:
            database.execute(mend, [cleaned, row])
            n_changed += 1
    return n_changed
