"""From configured files to the tables of the ingest stage.

Two passes: `survey` reads the files, judges every row and accounts for every line; the query it leaves for the events
reads the files once more inside the store, so that the rows of the log never pass through Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.errors import SourceError
from ntg_assets.events.contracts import Events
from ntg_assets.events.duplicates import count_duplicates, repeated_hashes
from ntg_assets.events.files import SourceFile, inspect_files, resolve_files
from ntg_assets.events.items import ItemRows, ItemTables, no_items, read_items, shape_items
from ntg_assets.events.quarantine import place_rows, quarantine_table
from ntg_assets.events.readers import find_layouts
from ntg_assets.events.reconciliation import FileCounts, count_rows, reading
from ntg_assets.events.settings import EventSourceSettings, IngestSettings, ItemSourceSettings
from ntg_assets.events.threshold import SHOWN_EXAMPLES, find_breach, refuse
from ntg_assets.events.typed_rows import Plan, event_rules, item_rules, over_typed_rows
from ntg_assets.settings import EngineSettings
from ntg_assets.sql import Query, run
from ntg_assets.storage.connection import connect

EVENTS, ITEMS = "events", "items"


@dataclass(frozen=True)
class Place:
    """Where source files lie and what may be used to read them.

    Attributes:
        home: Project folder; file names are relative to it.
        folders: Further folders that files may lie in.
        engine: Limits of the engine.
        scratch: Folder for what does not fit into memory.
    """

    home: Path
    folders: tuple[Path, ...] = ()
    engine: EngineSettings = field(default_factory=EngineSettings)
    scratch: Path | None = None


@dataclass(frozen=True)
class Survey:
    """Everything that a load makes.

    Attributes:
        events: Query that yields the accepted events; it reads the files again.
        items: Tables of items and categories.
        quarantine: Bad rows of all sources.
        load_ledger: One row per file.
        files: The files as they were when the survey read them.
    """

    events: Query
    items: ItemTables
    quarantine: pl.DataFrame
    load_ledger: pl.DataFrame
    files: tuple[SourceFile, ...]


@dataclass(frozen=True)
class _Source:
    """One source, judged."""

    plan: Plan
    files: tuple[SourceFile, ...]
    counts: Mapping[int, FileCounts]
    duplicates: Mapping[int, int]
    quarantine: pl.DataFrame


def survey(ingest: IngestSettings, *, place: Place, now: datetime | None = None) -> Survey:
    """Read all source files once, judge every row, account for every line.

    Args:
        ingest: The source and its rules.
        place: Where the files lie.
        now: Events at or after this instant (naive UTC) have not happened yet; none: no such rule. A configured
            `latest_event` comes first.

    Raises:
        SourceError: a file or the set of files cannot be trusted; nothing is loaded.
    """
    files = _find(ingest.events, place, first_number=1)
    with reading(place.home), connect(engine=place.engine, scratch=place.scratch, allowed=[place.home, *place.folders]) as connection:
        items, item_source = _survey_items(connection, ingest, place, first_number=len(files) + 1)
    with reading(place.home), connect(engine=place.engine, scratch=place.scratch, allowed=[place.home, *place.folders]) as connection:
        source, repeated = _survey_events(connection, ingest, files, items=items, now=now)
    sources = {EVENTS: source, **({ITEMS: item_source} if item_source else {})}
    return Survey(
        events=_events_query(source.plan, ingest.events, repeated),
        items=items,
        quarantine=pl.concat([judged.quarantine for judged in sources.values()]),
        load_ledger=pl.concat([_ledger(name, judged) for name, judged in sources.items()]),
        files=tuple(file for judged in sources.values() for file in judged.files),
    )


def load_events(ingest: IngestSettings, home: Path, *, now: datetime | None = None) -> pl.DataFrame:
    """Return the accepted events of a log that fits into memory, by time, user and item: the stage without Dagster.

    Args:
        ingest: The source and its rules.
        home: Folder that file names are relative to.
        now: See `survey`.

    Raises:
        SourceError: the source cannot be trusted.
    """
    place = Place(home.resolve(), tuple(Path(folder) for folder in ingest.source_folders))
    surveyed = survey(ingest, place=place, now=now)
    with reading(place.home), connect(allowed=[place.home, *place.folders]) as connection:
        events = run(surveyed.events, connection)
    ids = IdTypes(ingest.events.user_id_type, ingest.events.item_id_type)
    order = ["event_at", "user_id", "item_id", "event_type", "value", "load_file"]
    return check_frame(events.sort(order), Events, ids=ids)


def _find(source: EventSourceSettings | ItemSourceSettings, place: Place, *, first_number: int) -> list[SourceFile]:
    paths = resolve_files(source.files, home=place.home, roots=place.folders)
    return inspect_files(paths, home=place.home, format_=source.format, delimiter=source.delimiter, first_number=first_number)


def _survey_events(
    connection: duckdb.DuckDBPyConnection, ingest: IngestSettings, files: Sequence[SourceFile], *, items: ItemTables, now: datetime | None
) -> tuple[_Source, pl.DataFrame]:
    source = ingest.events
    mapping = {f"events.{key}": name for key in ("user_id", "item_id", "event_at", "value", "event_type") if (name := getattr(source, key))}
    originals = [file for file in files if file.copy_of is None]
    layouts = find_layouts(connection, originals, mapping=mapping, delimiter=source.delimiter)
    _refuse_unknown_zone(connection, source.timezone)
    rules, parameters = event_rules(ingest, now=now)
    known = {"known_items": items.items.select("item_id")} if ingest.unknown_items == "quarantine" and ingest.items else {}
    plan = Plan(tuple(layouts), rules, parameters, known)
    counts = count_rows(connection, plan)
    _refuse_no_rows(counts, files)
    quarantine = _quarantine_events(connection, plan, counts, ingest, files)
    repeated = _no_hashes()
    if ingest.duplicates == "drop":
        repeated = repeated_hashes(connection, plan, n_valid=sum(file.n_valid for file in counts.values()))
    return _Source(plan, tuple(files), counts, count_duplicates(connection, plan, repeated), quarantine), repeated


def _quarantine_events(
    connection: duckdb.DuckDBPyConnection, plan: Plan, counts: Mapping[int, FileCounts], ingest: IngestSettings, files: Sequence[SourceFile]
) -> pl.DataFrame:
    n_bad = sum(file.n_bad for file in counts.values())
    if not n_bad:
        return quarantine_table([], files, source=EVENTS)
    breach = find_breach(counts, plan.files, source=EVENTS, max_bad_share=ingest.max_bad_share)
    judged = plan.only(breach.files) if breach else plan
    invalid = _invalid_rows(connection, judged, counts, max_rows=SHOWN_EXAMPLES if breach else n_bad)
    placed = place_rows(judged, invalid, {number: file.rejects for number, file in counts.items()})
    if breach:
        reasons = _named(run(over_typed_rows(judged, "bad_reasons"), connection), plan)
        refuse(breach, reasons=_with_rejects(reasons, counts, breach.files), examples=placed, files=files)
    return quarantine_table(placed, files, source=EVENTS)


def _invalid_rows(connection: duckdb.DuckDBPyConnection, plan: Plan, counts: Mapping[int, FileCounts], *, max_rows: int) -> pl.DataFrame:
    """Rows that break a rule; CSV files one by one, since only then the place of a row in its file is known."""
    affected = [file for file in plan.files if counts[file.number].n_invalid]
    parts = [plan.only([file.number]) for file in affected if file.format == "csv"]
    parts += [plan.only([file.number for file in affected if file.format == "parquet"])]
    found = [run(over_typed_rows(part, "bad_rows", numbered=True, max_rows=max_rows), connection) for part in parts if part.layouts]
    return pl.concat(found) if found else pl.DataFrame(schema=["load_file", "row_number", "column_name", "reason", "raw_fields"])


def _survey_items(
    connection: duckdb.DuckDBPyConnection, ingest: IngestSettings, place: Place, *, first_number: int
) -> tuple[ItemTables, _Source | None]:
    source, id_type = ingest.items, ingest.events.item_id_type
    if source is None:
        return no_items(id_type), None
    files = _find(source, place, first_number=first_number)
    mapping = {f"items.{key}": name for key in ("item_id", "title", "categories") if (name := getattr(source, key))}
    originals = [file for file in files if file.copy_of is None]
    plan = Plan(tuple(find_layouts(connection, originals, mapping=mapping, delimiter=source.delimiter)), item_rules(source, id_type))
    read = count_rows(connection, plan)
    _refuse_no_rows(read, files)
    rows = read_items(connection, plan)
    counts = {number: file.with_invalid(_count(rows.invalid, number)) for number, file in read.items()}
    placed = place_rows(plan, rows.invalid, {number: file.rejects for number, file in counts.items()})
    if breach := find_breach(counts, plan.files, source=ITEMS, max_bad_share=ingest.max_bad_share):
        refuse(breach, reasons=_with_rejects(_named(_reasons(rows), plan), counts, breach.files), examples=placed, files=files)
    duplicates = {number: _count(rows.duplicates, number) for number in counts}
    quarantine = quarantine_table(placed, files, source=ITEMS)
    return shape_items(rows.usable, source), _Source(plan, tuple(files), counts, duplicates, quarantine)


def _reasons(rows: ItemRows) -> pl.DataFrame:
    return rows.invalid.group_by("column_name", "reason").agg(pl.len().alias("n_rows")).sort("n_rows", "reason", descending=[True, False])


def _count(rows: pl.DataFrame, number: int) -> int:
    return rows.filter(pl.col("load_file") == number).height


def _named(reasons: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Reasons with the names that the columns have in the source."""
    return reasons.select(pl.col("column_name").replace_strict(plan.raw_columns), "reason", pl.col("n_rows").cast(pl.Int64))


def _with_rejects(reasons: pl.DataFrame, counts: Mapping[int, FileCounts], files: Sequence[int]) -> pl.DataFrame:
    kinds = [reject.reason for number in files for reject in counts[number].rejects]
    told = pl.DataFrame({"column_name": "line", "reason": kinds}, schema={"column_name": pl.String, "reason": pl.String})
    counted = told.group_by("column_name", "reason", maintain_order=True).agg(pl.len().cast(pl.Int64).alias("n_rows"))
    return pl.concat([reasons, counted])


def _refuse_no_rows(counts: Mapping[int, FileCounts], files: Sequence[SourceFile]) -> None:
    if not any(file.n_rows for file in counts.values()):
        names = ", ".join(file.name for file in files[:SHOWN_EXAMPLES])
        raise SourceError(f"{names}: no row in {len(files)} file(s), only headers. Deliver a file with rows.")


def _refuse_unknown_zone(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    known = connection.execute("select count(*) from pg_timezone_names() where name = $zone", {"zone": zone}).fetchall()[0][0]
    if not known:
        raise SourceError(f"ingest.events.timezone: {zone!r} is no IANA time zone. Give a name such as 'Europe/Paris' or 'UTC'.")


def _no_hashes() -> pl.DataFrame:
    return pl.DataFrame(schema={"row_hash": pl.UInt64})


def _events_query(plan: Plan, source: EventSourceSettings, repeated: pl.DataFrame) -> Query:
    schema = {"event_type": pl.String, "weight": pl.Float64}
    weights = pl.DataFrame(list(source.weights.items()), schema=schema, orient="row")
    if repeated.is_empty():
        return over_typed_rows(plan, "events", {"event_weights": weights})
    return over_typed_rows(plan, "distinct_events", {"event_weights": weights, "repeated_hashes": repeated})


def _ledger(source: str, judged: _Source) -> pl.DataFrame:
    rows = [_ledger_row(source, judged, file) for file in judged.files]
    return pl.DataFrame(rows)


def _ledger_row(source: str, judged: _Source, file: SourceFile) -> dict[str, object]:
    counts = judged.counts[file.copy_of or file.number]
    n_duplicates = counts.n_rows if file.copy_of else judged.duplicates.get(file.number, 0)
    n_quarantined = 0 if file.copy_of else counts.n_bad
    return {
        "load_file": file.number,
        "source": source,
        "file_name": file.name,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "n_lines": file.n_lines or counts.n_rows,
        "n_rows": counts.n_rows,
        "n_accepted": counts.n_rows - n_quarantined - n_duplicates,
        "n_quarantined": n_quarantined,
        "n_duplicates": n_duplicates,
        "is_copy": file.copy_of is not None,
    }
