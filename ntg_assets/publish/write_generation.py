"""Write one generation into a folder of its own: read copy, Parquet, reports, figures, the page,
and the manifest that ends them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.history.links import show_history
from ntg_assets.publish.brief import write_brief
from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.publish.contents import hashes
from ntg_assets.publish.exports import (
    CONTACT_LIST_SCHEMA,
    CONTACT_LISTS,
    HANDOVER,
    HANDOVER_SCHEMA,
    WITHHELD,
    export_contact_list,
    export_contact_list_schema,
    export_handover,
    export_handover_schema,
    export_parquet,
    export_withheld,
    order_by_key,
)
from ntg_assets.publish.files import write_text
from ntg_assets.publish.generations.headlines import headlines, unit_of
from ntg_assets.publish.generations.origin import ORIGIN, Origin
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES
from ntg_assets.publish.json_schemas import report_schema
from ntg_assets.publish.locations import BRIEF, FIGURE_FOLDER, REPORT_FOLDER
from ntg_assets.publish.manifest import Manifest, PublishedFile, describe_file, write_manifest
from ntg_assets.publish.pictures.figures import FIGURES, draw
from ntg_assets.publish.reports import REPORTS, SCHEMA_VERSION, Header, report
from ntg_assets.publish.store_copy import publish_store
from ntg_assets.sql import Table

NAME_DIGITS = 12


@dataclass(frozen=True)
class Publisher:
    """What writing a generation needs: the open warehouse, where to, what the data are called, and
    what they were made by.
    """

    connection: duckdb.DuckDBPyConnection
    paths: Paths
    settings: Settings
    ids: IdTypes
    header: Header
    origin: Origin


def name_generation(publisher: Publisher) -> str:
    """Name a generation by its content: the same input, configuration and code give the same name.

    The rows of a table are named as a set, so that their order makes no difference.
    """
    hashed = hashes(publisher.connection, READ_COPY_TABLES)
    contents = sorted((*table, content) for table, content in hashed.items())
    text = json.dumps([publisher.header._asdict(), publisher.origin.fingerprint, contents])
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]


def write_generation(publisher: Publisher, name: str) -> Manifest:
    """Write everything below `publisher.paths.published`; the manifest comes last."""
    files = [
        *_tables(publisher),
        *_reports(publisher),
        *_figures(publisher),
        _brief(publisher),
        _store(publisher),
        _origin(publisher),
    ]
    show_history(publisher.paths.published, publisher.paths.history)
    manifest = Manifest(
        generation=name,
        source=publisher.header.source,
        configuration=publisher.header.configuration,
        as_of=publisher.header.as_of,
        timezone=publisher.header.timezone,
        code=publisher.origin.fingerprint,
        processor=publisher.origin.machine,
        unit=unit_of(publisher.connection),
        headlines=headlines(publisher.connection),
        files=sorted(files, key=lambda file: file.path),
    )
    write_manifest(manifest, publisher.paths.manifest)
    return manifest


def _tables(publisher: Publisher) -> Iterator[PublishedFile]:
    for entry in PUBLISHED_TABLES:
        table = Table(entry.schema, entry.table)
        written = export_parquet(
            publisher.connection, table, target=publisher.paths.published / entry.path
        )
        yield _described(publisher, written, kind="table", n_rows=_count(publisher, table.quoted))
    yield from _contact_lists(publisher)


def _contact_lists(publisher: Publisher) -> Iterator[PublishedFile]:
    targets, root = Table("live", "intervention_targets"), publisher.paths.published
    n_contacts = _count(publisher, f"{targets.quoted} where action = 'contact'")
    withheld = read(publisher.connection, Table("live", "contact_holds"))["sentence"].to_list()
    for path in CONTACT_LISTS:
        written = export_contact_list(
            publisher.connection, targets, target=root / path, withheld=withheld
        )
        yield _described(
            publisher,
            written,
            kind="export" if written.suffix == ".csv" else "table",
            n_rows=n_contacts,
        )
    yield from _handover(publisher)
    if notice := export_withheld(withheld, as_of=publisher.header.as_of, target=root / WITHHELD):
        yield _described(publisher, notice, kind="export")
    yield _described(
        publisher,
        export_contact_list_schema(targets, ids=publisher.ids, target=root / CONTACT_LIST_SCHEMA),
        kind="schema",
    )


def _handover(publisher: Publisher) -> Iterator[PublishedFile]:
    root, attributes = publisher.paths.published, publisher.settings.radar.handover.attributes
    order = f"{Table('live', 'crm_handover').quoted} order by strategy, rank"
    handed = publisher.connection.sql(f"select * from {order}").pl()  # our own name
    passed_on = read(publisher.connection, Table("live", "handover_attributes"))
    written = export_handover(handed, passed_on, attributes, target=root / HANDOVER)
    yield _described(publisher, written, kind="export", n_rows=handed.height)
    schema = export_handover_schema(attributes, ids=publisher.ids, target=root / HANDOVER_SCHEMA)
    yield _described(publisher, schema, kind="schema")


def _reports(publisher: Publisher) -> Iterator[PublishedFile]:
    folder = publisher.paths.published / REPORT_FOLDER
    for name, tables in REPORTS.items():
        frames = {
            table: read(publisher.connection, Table(schema, table))
            for table, schema in tables.items()
        }
        yield _described(
            publisher,
            write_text(folder / f"{name}.json", report(name, frames, header=publisher.header)),
            kind="report",
        )
        schema = report_schema(name, list(tables), version=SCHEMA_VERSION, ids=publisher.ids)
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        yield _described(
            publisher, write_text(folder / "schemas" / f"{name}.schema.json", text), kind="schema"
        )


def _figures(publisher: Publisher) -> Iterator[PublishedFile]:
    for name, figure in FIGURES.items():
        frames = {
            table: read(publisher.connection, Table(schema, table))
            for table, schema in figure.tables.items()
        }
        target = publisher.paths.published / FIGURE_FOLDER / f"{name}.png"
        yield _described(publisher, draw(figure, frames, target=target), kind="figure")


def _brief(publisher: Publisher) -> PublishedFile:
    target = publisher.paths.published / BRIEF
    written = write_brief(
        lambda schema, table: read(publisher.connection, Table(schema, table)),
        header=publisher.header,
        target=target,
        figures=publisher.paths.published / FIGURE_FOLDER,
        strategies=[strategy.name for strategy in publisher.settings.radar.strategies],
    )
    return _described(publisher, written, kind="page")


def _store(publisher: Publisher) -> PublishedFile:
    written = publish_store(
        publisher.connection, READ_COPY_TABLES, target=publisher.paths.published_store
    )
    return _described(publisher, written, kind="store")


def _origin(publisher: Publisher) -> PublishedFile:
    text = json.dumps(publisher.origin.model_dump(), indent=1, ensure_ascii=False) + "\n"
    written = write_text(publisher.paths.published / ORIGIN, text)
    return _described(publisher, written, kind="origin")


def _described(
    publisher: Publisher, file: Path, *, kind: str, n_rows: int | None = None
) -> PublishedFile:
    return describe_file(file, workspace=publisher.paths.published, kind=kind, n_rows=n_rows)


def read(connection: duckdb.DuckDBPyConnection, table: Table) -> pl.DataFrame:
    """Read a table in the order of its key, so that what is written from it is the same every
    time.
    """
    return connection.sql(f"select * from {table.quoted}{order_by_key(table.name)}").pl()


def _count(publisher: Publisher, rows: str) -> int:
    return int(publisher.connection.execute(f"select count(*) from {rows}").fetchall()[0][0])
