"""Read tables of facts: every named column with the times at which its rows held and were known."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.attributes.doubts import describe_doubts, settle_doubts, with_iso_days
from ntg_assets.configuration.inputs.attributes import AttributeSettings, AttributeSourceSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.sources.optional_files import FileRows
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sniffing.advice import advise_times
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import as_log_id_or_written
from ntg_assets.sources.written import read_written

KEY = "ingest.attributes"
ANY_TIME = PossibleTimes()
MOST_BAD = 0.5  # of the times: with more of them the table writes them otherwise
ASSUMED = "it has no times, so it counts as known from the start (assumed)"
TYPES: dict[str, Any] = {
    "entity": pl.String,
    "listed_id": pl.String,
    "attribute": pl.String,
    "value": pl.String,
    "valid_from_at": pl.Datetime("us"),
    "known_from_at": pl.Datetime("us"),
    "place": pl.Int64,
}


class AttributeRows(NamedTuple):
    """One source as it was read: rows of `attributes`, and what was left out.

    Attributes:
        rows: Rows of `attributes`.
        n_files: Files that were read.
        n_without_id: Rows that name nobody, in each attribute of the source.
        n_without_time: Rows with a time that cannot be read, likewise.
        first_without_time: The first of these times, as written.
        is_time_assumed: Whether neither time is configured.
        doubts: What a person should look at.
    """

    rows: pl.DataFrame
    n_files: int
    n_without_id: int
    n_without_time: int
    first_without_time: str | None
    is_time_assumed: bool
    doubts: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        text = f"{self.rows.height:,} facts in {self.n_files:,} file(s)"
        if self.n_without_id:
            text += f"; {self.n_without_id:,} rows name nobody"
        if self.n_without_time:
            text += (
                f"; {self.n_without_time:,} rows left out, whose time cannot be read (first:"
                f" {self.first_without_time!r})"
            )
        text += f"; {ASSUMED}" if self.is_time_assumed else ""
        return "; ".join([text, *self.doubts])


def read_attributes(
    source: AttributeSourceSettings,
    *,
    place: Place,
    ids: IdTypes,
    zone: str,
    roles: AttributeSettings | None = None,
    possible: PossibleTimes = ANY_TIME,
) -> AttributeRows:
    """Read one table of facts.

    A row whose id is blank, or whose time is blank or cannot be read, is left out and counted: to
    take it as known from the start would be a leak.

    Args:
        source: Files and columns.
        place: Where files may lie.
        ids: How the log writes ids.
        zone: Zone whose midnights begin the days.
        roles: What attributes decide; None: nothing.
        possible: When something can have become known.

    Raises:
        SourceError: a file is missing, damaged, or lacks a column; most times cannot be read.
    """
    roles = roles or AttributeSettings()
    read = _read(source, place=place, zone=zone)
    id_type = getattr(ids, source.entity)
    timed = pl.concat(
        _facts(name, read.rows, fact, entity=source.entity, id_type=id_type)
        for name, fact in _fact_columns(source).items()
    )
    judged = _judged(timed, source=source, n_files=read.n_files)
    rows = with_iso_days(judged.rows, source, roles=roles, zone=zone)
    left_out = _left_out(timed, source)
    settled = settle_doubts(rows, left_out, roles=roles, entity=source.entity)
    said = describe_doubts(settled, source, roles=roles, possible=possible, zone=zone)
    return judged._replace(rows=settled, doubts=tuple(said))


def _facts(
    name: str,
    rows: pl.DataFrame,
    fact: str,
    *,
    entity: str,
    id_type: Literal["integer", "string"],
) -> pl.DataFrame:
    return rows.with_row_index("place").select(
        entity=pl.lit(entity),
        listed_id=as_log_id_or_written(pl.col("listed_id"), id_type),
        attribute=pl.lit(name),
        value=fact,
        valid_from_at="valid_from_at",
        known_from_at="known_from_at",
        valid_from_text="valid_from_text",
        known_from_text="known_from_text",
        place=pl.col("place").cast(pl.Int64),
    )


def _fact_columns(source: AttributeSourceSettings) -> dict[str, str]:
    """Name the column in which each attribute is read: what a file calls it may be anything."""
    return {name: f"fact_{position}" for position, name in enumerate(source.attributes)}


def _read(source: AttributeSourceSettings, *, place: Place, zone: str) -> FileRows:
    """Read ids, times and facts as they are written, the times as instants too."""
    facts = _fact_columns(source)
    times = {"valid_from": source.valid_from, "known_from": source.known_from}
    return read_written(
        source,
        {
            "listed_id": source.id,
            **times,
            **{fact: source.attributes[name] for name, fact in facts.items()},
        },
        called={
            **{fact: f"attributes.{name}" for name, fact in facts.items()},
            "listed_id": "id",
        },
        ids=("listed_id",),
        times=tuple(times),
        options=source,
        key=KEY,
        place=place,
        zone=zone,
    )


def _times(source: AttributeSourceSettings) -> list[str]:
    """The times that are configured."""
    columns = {"valid_from": source.valid_from, "known_from": source.known_from}
    return [name for name, column in columns.items() if column]


def _left_out(timed: pl.DataFrame, source: AttributeSourceSettings) -> pl.DataFrame:
    """Rows that name somebody, and have a time that cannot be read."""
    is_broken = [pl.col(f"{name}_at").is_null() for name in _times(source)]
    return timed.filter(
        pl.col("listed_id").is_not_null() & pl.any_horizontal(pl.lit(value=False), *is_broken)
    )


def _judged(timed: pl.DataFrame, *, source: AttributeSourceSettings, n_files: int) -> AttributeRows:
    """Leave out rows without an id or with a time that cannot be read; a time that is not
    configured is the other one.
    """
    wanted, n_columns = _times(source), len(source.attributes)
    without, has_id = _left_out(timed, source), pl.col("listed_id").is_not_null()
    has_time = [pl.col(f"{name}_at").is_not_null() for name in wanted]
    kept = timed.filter(has_id, *has_time)
    broken = _broken_times(without, wanted)
    _raise_if_most(broken, n_left_out=without.height // n_columns, n_rows=timed.height // n_columns)
    if source.known_from is None:
        kept = kept.with_columns(known_from_at="valid_from_at")
    elif source.valid_from is None:
        kept = kept.with_columns(valid_from_at="known_from_at")
    return AttributeRows(
        kept.select(pl.col(name).cast(dtype) for name, dtype in TYPES.items()),
        n_files,
        timed.filter(~has_id).height // n_columns,
        without.height // n_columns,
        (broken[0] or "blank") if broken else None,
        not wanted,
    )


def _broken_times(without: pl.DataFrame, names: Sequence[str]) -> list[str | None]:
    """List the times that cannot be read, as they are written."""
    texts = (
        without.filter(pl.col(f"{name}_at").is_null())[f"{name}_text"].to_list() for name in names
    )
    return list(chain.from_iterable(texts))


def _raise_if_most(broken: Sequence[str | None], *, n_left_out: int, n_rows: int) -> None:
    """Refuse a source of which most times cannot be read: it writes them otherwise."""
    if n_left_out > MOST_BAD * n_rows:
        raise SourceError(
            f"{n_left_out:,} of {n_rows:,} rows have a time that cannot be read (first:"
            f" {broken[0] or ''!r}). {advise_times(broken)}"
        )


def no_attributes() -> pl.DataFrame:
    """Rows of `attributes` where none are configured."""
    return pl.DataFrame(schema=TYPES)
