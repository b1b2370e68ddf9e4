"""Source files and settings for the tests of the ingest stage."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.configuration.inputs.written_values import TimeOptions
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.events.contracts import Events
from ntg_assets.events.load import ORDER, Survey, load_events, survey
from ntg_assets.sources.optional_files import describe_list, read_rows
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place, source_reader
from ntg_assets.sources.written_times import settle_times, written_time_rules
from ntg_assets.storage.run import run

HEADER = "user_id,item_id,event_at,value"


def log_settings(
    files: str | Sequence[str] = "log.csv", *, items: Mapping[str, Any] | None = None, **keys: Any
) -> IngestSettings:
    """Settings for a log; keys of the event source and of the ingest section go side by side."""
    rules = {key: keys.pop(key) for key in list(keys) if key in IngestSettings.model_fields}
    events = {"files": [files] if isinstance(files, str) else list(files), "value": "value", **keys}
    return IngestSettings.model_validate({"events": events, "items": items, **rules})


def write_log(
    home: Path,
    rows: Sequence[str],
    *,
    name: str = "log.csv",
    header: str = HEADER,
    line_end: str = "\n",
) -> Path:
    """Write a CSV log below `home`."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}{line_end}" for line in (header, *rows)).encode())
    return path


def write_parquet(home: Path, select: str, *, name: str = "log.parquet") -> Path:
    """Write a Parquet log from a `select`."""
    path = home / name
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


def survey_log(home: Path, settings: IngestSettings, **keys: Any) -> Survey:
    """Survey the source below `home`."""
    return survey(settings, place=Place(home), **keys)


def load(home: Path, settings: IngestSettings) -> tuple[Survey, pl.DataFrame]:
    """Survey the source below `home` once, and return what `load_events` does beside it."""
    place = Place(home.resolve(), tuple(Path(folder) for folder in settings.source_folders))
    found = survey(settings, place=place)
    with source_reader(place) as connection:
        events = run(found.events, connection).sort(ORDER)
    ids = IdTypes(settings.events.user_id_type, settings.events.item_id_type)
    return found, check_frame(events, Events, ids=ids)


def accepted(home: Path, settings: IngestSettings, *columns: str) -> list[Any]:
    """Rows of the accepted events: values of one column, tuples of several."""
    events = load_events(settings, home).select(
        columns or ("user_id", "item_id", "event_at", "value")
    )
    return events.to_series().to_list() if len(columns) == 1 else events.rows()


def bad_rows(home: Path, settings: IngestSettings) -> list[tuple[int, str, str]]:
    """Quarantined rows: line, column, reason."""
    return survey_log(home, settings).quarantine.select("line", "column_name", "reason").rows()


def fates(found: Survey) -> list[tuple[int, int, int, int]]:
    """Rows, accepted, quarantined, duplicates of each file."""
    return found.load_ledger.select("n_rows", "n_accepted", "n_quarantined", "n_duplicates").rows()


def read_column(
    home: Path, column: pl.Series, rules: Sequence[Rule], **parameters: Any
) -> pl.DataFrame:
    """What a list of one column `given` holds by these rules."""
    path = home / "column.parquet"
    column.alias("given").to_frame().write_parquet(path)
    described = describe_list("list", [path.name], given="given")
    read = read_rows(described, rules, place=Place(home), parameters=parameters)
    assert read is not None
    return read.rows


def written_instants(home: Path, column: pl.Series, zone: str) -> pl.Series:
    """Instants of days or times as the logs of experiments write them."""
    rules, reading = written_time_rules("instant", "given", TimeOptions(), zone=zone)
    rows = read_column(home, column, rules, **reading.parameters)
    return settle_times(rows, "instant", zone=zone)["instant"]


def plain(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """All rows of a frame."""
    return frame.rows()
