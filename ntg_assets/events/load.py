"""From configured files to the tables of the ingest stage.

Two passes: `survey` reads the files, judges every row and accounts for every line; the query it
leaves for the events reads the files once more inside the store, so that the rows of the log never
pass through Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.engines.kernel import FileWorkers
from ntg_assets.events.contracts import Events
from ntg_assets.events.item_validation import describe_items, validate_items
from ntg_assets.events.items import ItemTables, no_items
from ntg_assets.events.load_history import Extent
from ntg_assets.events.validation import describe_events, validate_events
from ntg_assets.events.workers.asking import workers_for
from ntg_assets.events.workers.reading import LogOfWorkers
from ntg_assets.sources.files.file_names import find_paths
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.ledger import ledger_of
from ntg_assets.sources.sources import FoundFiles, Place, ValidatedSource, find_files, source_reader
from ntg_assets.sql import Query
from ntg_assets.storage.run import run

ORDER = ["event_at", "user_id", "item_id", "event_type", "value", "load_file"]


@dataclass(frozen=True)
class Survey:
    """Everything that a load makes.

    Attributes:
        events: Query that yields the accepted events; it reads the files again.
        items: Tables of items and categories.
        quarantine: Bad rows of all sources.
        load_ledger: One row per file.
        extent: How much the log holds.
        files: The files as they were when the survey read them.
        notes: What was passed over, for people.
        misnamed: Files that are not what their names promise, and how they were read.
        n_contradictions: Rows that are equal to another one in all but the value.
        n_folded: Accepted rows whose local time clocks showed twice.
    """

    events: Query
    items: ItemTables
    quarantine: pl.DataFrame
    load_ledger: pl.DataFrame
    extent: Extent
    files: tuple[SourceFile, ...]
    notes: tuple[str, ...] = ()
    misnamed: tuple[str, ...] = ()
    n_contradictions: int = 0
    n_folded: int = 0


def survey(
    ingest: IngestSettings,
    *,
    place: Place,
    now: datetime | None = None,
    workers: FileWorkers | None = None,
) -> Survey:
    """Read all source files once, judge every row, account for every line.

    Args:
        ingest: The source and its rules.
        place: Where the files lie.
        now: Events at or after this instant (naive UTC) have not happened yet; none: no such rule.
            A configured `latest_event` comes first.
        workers: Who reads the files of the log where it is large; none: this process.

    Raises:
        SourceError: a file or the set of files cannot be trusted; nothing is loaded.
        EngineError: a worker does not see a file as this process does.
    """
    reader, log_files = _find_log(ingest, place=place, workers=workers)
    items, judged_items, item_files = _survey_items(
        ingest, place=place, first_number=len(log_files.files) + 1
    )
    if reader:
        log, events = reader.validate(log_files.files, items=items.items, now=now)
    else:
        log, events = _read_log(ingest, log_files.files, items=items.items, place=place, now=now)
    sources = [log, *judged_items]
    return Survey(
        events=events,
        items=items,
        quarantine=pl.concat([source.quarantine for source in sources]),
        load_ledger=pl.concat([ledger_of(source) for source in sources]),
        extent=_extent_of(log),
        files=(*log_files.files, *item_files.files),
        notes=(*log_files.notes, *item_files.notes, *(reader.notes if reader else ())),
        misnamed=(*log_files.misnamed, *item_files.misnamed),
        n_contradictions=log.n_contradictions,
        n_folded=sum(counts.n_folded for counts in log.counts.values()),
    )


def _find_log(
    ingest: IngestSettings, *, place: Place, workers: FileWorkers | None
) -> tuple[LogOfWorkers | None, FoundFiles]:
    """Find the files of the log, and who reads them; none: this process."""
    described = describe_events(ingest)
    if workers is None:
        return None, find_files(described, place, first_number=1)
    found = find_paths(described.source.files, home=place.home, roots=place.folders)
    notes: list[str] = []
    if workers_for(workers, found.paths, notes) is None:
        files = find_files(described, place, first_number=1)
        return None, replace(files, notes=(*files.notes, *notes))
    reader = LogOfWorkers(workers, ingest, place, notes)
    return reader, reader.find(found)


def _read_log(
    ingest: IngestSettings,
    files: Sequence[SourceFile],
    *,
    items: pl.DataFrame,
    place: Place,
    now: datetime | None,
) -> tuple[ValidatedSource, Query]:
    """Judge the rows of the log in this process."""
    with source_reader(place) as connection:
        return validate_events(
            connection, ingest, files, items=items, now=now, forgotten=place.forgotten
        )


def _survey_items(
    ingest: IngestSettings, *, place: Place, first_number: int
) -> tuple[ItemTables, list[ValidatedSource], FoundFiles]:
    """Read and judge the item table; empty tables, and no source, where none is configured."""
    id_type = ingest.events.item_id_type
    if not ingest.items:
        return no_items(id_type), [], FoundFiles()
    described = describe_items(ingest.items)
    item_files = find_files(described, place, first_number=first_number)
    with source_reader(place) as connection:
        judged, items = validate_items(
            connection,
            ingest.items,
            item_files.files,
            id_type=id_type,
            max_bad_share=ingest.max_bad_share,
        )
    return items, [judged], item_files


def _extent_of(log: ValidatedSource) -> Extent:
    accepted = int(ledger_of(log)["n_accepted"].sum())
    return Extent(accepted, *log.span) if log.span else Extent(accepted, 0, None, None)


def load_events(ingest: IngestSettings, home: Path, *, now: datetime | None = None) -> pl.DataFrame:
    """Return the accepted events of a log that fits into memory, by time,
    user and item: the stage without Dagster.

    Args:
        ingest: The source and its rules.
        home: Folder that file names are relative to.
        now: See `survey`.

    Raises:
        SourceError: the source cannot be trusted.
    """
    place = Place(home.resolve(), tuple(Path(folder) for folder in ingest.source_folders))
    surveyed = survey(ingest, place=place, now=now)
    with source_reader(place) as connection:
        events = run(surveyed.events, connection)
    return check_frame(
        events.sort(ORDER),
        Events,
        ids=IdTypes(ingest.events.user_id_type, ingest.events.item_id_type),
    )
