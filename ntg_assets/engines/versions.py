"""Versions of a table on the cluster: a folder of Parquet each, and a view of the one that counts.

`<storage>/<schema>/<table>/<name>/*.parquet` is written once and never changed. When its rows have
kept the contract, `_version.json` beside them says what they are, and one transaction of the
warehouse makes the table's view show the folder: that view is the pointer. Whatever fails before
leaves the old view, so nobody reads half a table; the folder that nothing shows is removed by the
next write.
"""

import json
import re
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from ntg_assets.engines.folders import remove, unwatched
from ntg_assets.errors import EngineError
from ntg_assets.sql import Rows, Table, quote_identifier
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.files import write_text

FACTS = "_version.json"  # engines take no file for rows whose name begins so
SHOWN = re.compile(r"read_parquet\('((?:[^']|'')+)/\*\.parquet'\)")
NAME_DIGITS = 12


@dataclass(frozen=True)
class Version:
    """What a folder holds.

    Attributes:
        n_rows: Rows.
        content_hash: Of the rows in any order, comparable within one engine.
        files: Bytes of each file: a file that is gone or another is seen.
    """

    n_rows: int
    content_hash: str
    files: dict[str, int]


def new_folder(storage: Path, table: Table) -> Path:
    """Name a folder for a version that is about to be written."""
    folder = storage / table.schema / table.name / uuid4().hex[:NAME_DIGITS]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def shown_folders(connection: Connection) -> dict[Table, Path]:
    """Return the folder behind each view of the warehouse that shows a table of the cluster."""
    views = connection.execute(
        "select schema_name, view_name, sql from duckdb_views() where not internal and not"
        " temporary and database_name = current_database()"
    ).fetchall()
    return {
        Table(schema, name): Path(shown.group(1).replace("''", "'"))
        for schema, name, text in views
        if (shown := SHOWN.search(text))
    }


def rows_of(folder: Path) -> str:
    """SQL of the rows of a folder."""
    return Rows(folder).quoted


@unwatched
def seal(folder: Path, *, n_rows: int, content_hash: str) -> None:
    """Say beside the rows of a folder what they are; it is not written again.

    Args:
        folder: Holds the rows of one version of a table.
        n_rows: Rows in it.
        content_hash: Of these, whatever their order.
    """
    version = Version(n_rows, content_hash, _files(folder))
    write_text(folder / FACTS, json.dumps(asdict(version), indent=1) + "\n")


@unwatched
def sealed(folder: Path) -> Version | None:
    """Return what a folder holds; none where it is not as it was sealed."""
    try:
        version = Version(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.files == _files(folder) else None


def point(connection: Connection, table: Table, folder: Path) -> None:
    """Let the warehouse show a folder as a table; part of the caller's transaction."""
    connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
    _drop_table(connection, table)
    connection.execute(f"create or replace view {table.quoted} as select * from {rows_of(folder)}")


@unwatched
def sweep(storage: Path, table: Table, kept: Collection[Path]) -> int:
    """Remove the versions of a table that nothing refers to; return their number."""
    parent = storage / table.schema / table.name
    loose = [folder for folder in parent.glob("*") if folder.is_dir() and folder not in kept]
    for folder in loose:
        remove(folder)
    return len(loose)


def drop_views(connection: Connection, kept: Collection[Table] = ()) -> list[Table]:
    """Drop the views of tables on a cluster, but for some; return what was dropped."""
    dropped = [table for table in shown_folders(connection) if table not in kept]
    for table in dropped:
        connection.execute(f"drop view {table.quoted}")
    return dropped


def drop_tables(connection: Connection, tables: Collection[Table]) -> None:
    """Drop tables whose rows lie in the warehouse itself."""
    for table in tables:
        _drop_table(connection, table)


def _drop_table(connection: Connection, table: Table) -> None:
    is_table = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name ="
        " $schema and table_name = $name",
        {"schema": table.schema, "name": table.name},
    ).fetchall()
    if is_table:
        connection.execute(f"drop table {table.quoted}")


def _files(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(folder.glob("*.parquet"))}


OWNER, OWN = "ntg_workspace.json", "cluster_storage.json"


class Removed(NamedTuple):
    """Storages whose tables were removed, and those that are not there."""

    emptied: list[Path]
    missing: list[Path]


def remove_tables(workspace: Path) -> Removed:
    """Remove all versions of all tables from every storage that a workspace has used; the next run
    makes them anew. A storage that is not there is asked for again by the next call.
    """
    own = _own(workspace)
    storages = [Path(storage) for storage in own.storages]
    missing = [storage for storage in storages if not storage.is_dir()]
    emptied = []
    for storage in storages:
        folders = [folder for folder in storage.glob("*") if folder.is_dir()]
        for folder in folders:
            shutil.rmtree(folder)
        emptied += [storage] if folders else []
    if storages != missing:
        _keep_own(workspace, own._replace(storages=[str(storage) for storage in missing]))
    return Removed(emptied, missing)


def claim(storage: Path, workspace: Path) -> None:
    """Make a storage this workspace's own, or refuse another's: each removes what it does not show.

    Args:
        storage: Folder for tables on the cluster.
        workspace: Folder that remembers which storages are its own.
    """
    storage.mkdir(parents=True, exist_ok=True)
    mark, own = storage / OWNER, _own(workspace)
    if mark.exists():
        owner = json.loads(mark.read_text(encoding="utf-8"))
        if owner["id"] != own.id:
            raise EngineError(
                f"engine.storage {storage} belongs to the workspace {owner['workspace']}. Give each"
                " workspace a folder of its own."
            )
    if str(storage) not in own.storages:
        workspace.mkdir(parents=True, exist_ok=True)
        _keep_own(workspace, own._replace(storages=[*own.storages, str(storage)]))
    if not mark.exists():
        write_text(mark, json.dumps({"id": own.id, "workspace": str(workspace)}) + "\n")


class _Own(NamedTuple):
    """What a workspace remembers of its storages: tables lie in each of them."""

    id: str
    storages: list[str]


def _own(workspace: Path) -> _Own:
    file = workspace / OWN
    if not file.exists():
        return _Own(uuid4().hex, [])
    return _Own(**json.loads(file.read_text(encoding="utf-8")))


def _keep_own(workspace: Path, own: _Own) -> None:
    write_text(workspace / OWN, json.dumps(own._asdict()) + "\n")
