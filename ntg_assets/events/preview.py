"""The first records of a log as they are read, for a person to look at."""

from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.events.examination import latest_now, place_of_files
from ntg_assets.events.load import survey
from ntg_assets.events.load_history import Extent
from ntg_assets.sources.sources import source_reader
from ntg_assets.sql import Query
from ntg_assets.storage.run import run

COLUMNS = "user_id, item_id, event_at, event_type, value, load_file"


class Preview(NamedTuple):
    """Some of the accepted events of a log, in the order of the files, and how much it holds."""

    rows: pl.DataFrame
    extent: Extent


def preview_events(settings: Settings, *, paths: Paths, n_rows: int) -> Preview:
    """Load a log in memory, and return some of it.

    Raises:
        SourceError: the load would be refused.
    """
    place = place_of_files(settings.ingest, paths=paths, engine=settings.engine)
    result = survey(settings.ingest, place=place, now=latest_now())
    events = result.events
    first = f"select {COLUMNS} from ({events.text}) limit {int(n_rows)}"  # noqa: S608  # our own text, values are bound
    with source_reader(place) as connection:
        rows = run(Query(first, events.tables, events.parameters), connection)
    return Preview(rows, result.extent)
