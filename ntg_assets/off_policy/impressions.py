"""The log of exposures: read like the interaction log, every row accounted for."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import polars as pl

from ntg_assets.configuration.off_policy import ShownLogSettings
from ntg_assets.contracts import POLARS_ID_TYPES, IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.off_policy.shown_columns import WHAT, shown_rules, times_of
from ntg_assets.sources.accounting.bad_rows import bad_reasons, raise_if_too_many
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_rows
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.source_files import SourceFile, raise_if_changed
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.reading.rules import number_parameters
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.sources.sources import (
    Place,
    count_skips,
    find_files,
    make_plan,
    raise_if_no_rows,
    source_reader,
)
from ntg_assets.storage.run import run
from ntg_assets.zones import UTC_ZONE

MAPPED = ("user_id", "item_id", "shown_at", "propensity", "reward", "position", "impression_id")
ANY_TIME = PossibleTimes()
SHOWN = ("user_id", "item_id", "shown_at")
REJECTED, SKIPPED, DUPLICATE = "rejected", "skipped", "duplicate"
FATES: dict[str, Any] = {"fate": pl.String, "reason": pl.String, "n_rows": pl.Int64}


class ShownLog(NamedTuple):
    """What a log of exposures holds.

    Attributes:
        rows: `user_id`, `item_id`, `shown_at`, `position` (from 1; null: not known), `propensity`,
        `reward`: one row per exposure, ordered.
        fates: `fate`, `reason`, `n_rows` of the rows that are not among them.
        n_files: Files that were read.
    """

    rows: pl.DataFrame
    fates: pl.DataFrame
    n_files: int = 0

    @property
    def sentence(self) -> str:
        """What was found and what was left out, in words."""
        others = [f"{n:,} {fate} ({reason})" for fate, reason, n in self.fates.iter_rows()]
        return "; ".join([f"{self.rows.height:,} usable rows", *others])


def no_shown_log(ids: IdTypes) -> ShownLog:
    """Make the tables of a configuration without a log of exposures."""
    return ShownLog(_no_rows(ids), pl.DataFrame(schema=FATES))


def read_shown(
    log: ShownLogSettings,
    *,
    place: Place,
    ids: IdTypes,
    max_bad_share: float,
    day_zone: str = UTC_ZONE,
    possible: PossibleTimes = ANY_TIME,
) -> ShownLog:
    """Read the configured log.

    Args:
        log: Files and columns.
        place: Where files may lie.
        ids: Types of the ids, as in the interaction log.
        max_bad_share: Share of rows (0-1) that may be unusable.
        day_zone: Zone of days without a time.
        possible: When something can have been shown.

    Raises:
        SourceError: a file or a column is missing or damaged, or too many rows cannot be used (a
            propensity that is none, a place before the first one, one impression with two
            outcomes).
    """
    described = Described.of(WHAT, log, MAPPED)
    files = find_files(described, place, first_number=1).files
    with source_reader(place) as connection:
        plan = make_plan(
            connection,
            files,
            described,
            shown_rules(log, ids, day_zone=day_zone, has_latest=possible.latest is not None),
            parameters=_parameters(log, possible, day_zone),
            forgotten=place.forgotten,
        )
        counts = count_rows(connection, plan)
        raise_if_no_rows(counts, files)
        raise_if_too_many(connection, plan, counts, source=WHAT, max_bad_share=max_bad_share)
        bad = bad_reasons(connection, plan, counts)
        skips = count_skips(connection, plan, counts)
        rows = run(over_typed_rows(plan, "shown_rows", package="off_policy"), connection)
    raise_if_changed(files)
    kept, repeated = _without_repeats(rows, log, max_bad_share=max_bad_share)
    fates = [_rejected(bad), _skipped(skips), *repeated, _copies(files, counts)]
    used = [part.filter(pl.col("n_rows") > 0) for part in fates]
    return ShownLog(kept.select(*_no_rows(ids).columns), pl.concat(used), len(files))


def _no_rows(ids: IdTypes) -> pl.DataFrame:
    types = {
        "user_id": POLARS_ID_TYPES[ids.user],
        "item_id": POLARS_ID_TYPES[ids.item],
        "shown_at": pl.Datetime("us"),
    }
    return pl.DataFrame(
        schema={**types, "position": pl.Int64, "propensity": pl.Float64, "reward": pl.Float64}
    )


def _parameters(log: ShownLogSettings, possible: PossibleTimes, day_zone: str) -> dict[str, Any]:
    """Name what the rules of the log compare with."""
    first = {"first_position": log.first_position} if log.position else {}
    times = times_of(log, day_zone).parameters
    return {**first, **possible.parameters, **times, **number_parameters(log)}


def _rejected(bad: pl.DataFrame) -> pl.DataFrame:
    """Rows that cannot be used, by column and reason."""
    return bad.select(
        fate=pl.lit(REJECTED),
        reason=pl.concat_str("column_name", pl.lit(" "), "reason"),
        n_rows="n_rows",
    )


def _skipped(skips: Mapping[int, Mapping[str, int]]) -> pl.DataFrame:
    """Rows that a filter left out, by reason."""
    counts = (count for of_file in skips.values() for count in of_file.items())
    rows = [(SKIPPED, reason, n) for reason, n in counts]
    counted = pl.DataFrame(rows, schema=FATES, orient="row")
    return counted.group_by("fate", "reason", maintain_order=True).agg(pl.col("n_rows").sum())


def _copies(files: Sequence[SourceFile], counts: Mapping[int, FileCounts]) -> pl.DataFrame:
    """Rows of files that hold what an earlier file holds."""
    n_rows = sum(counts[file.copy_of].n_rows for file in files if file.copy_of is not None)
    return _fate(DUPLICATE, "the file is a copy of another one", n_rows)


def _without_repeats(
    rows: pl.DataFrame, log: ShownLogSettings, *, max_bad_share: float
) -> tuple[pl.DataFrame, tuple[pl.DataFrame, pl.DataFrame]]:
    """Let each impression count once, and none that has two outcomes;
    the rows come in an order that only they decide.
    """
    key = [*SHOWN, "position", "impression_id"]
    ordered = rows.sort(*key, "propensity", "reward", nulls_last=True)
    keeps_all = log.duplicates == "keep" and log.impression_id is None
    once = ordered if keeps_all else ordered.unique(maintain_order=True)
    is_conflict = pl.len().over(key) > 1 if log.impression_id else pl.lit(value=False)
    kept = once.filter(~is_conflict)
    n_conflicts = once.height - kept.height
    if n_conflicts > max_bad_share * rows.height:
        first = once.filter(is_conflict).row(0, named=True)
        share = f"{n_conflicts:,} of {rows.height:,} rows"
        _raise_conflicts(share, first, log, max_bad_share=max_bad_share)
    conflicting = f"{log.impression_id} has several propensities or rewards"
    return kept, (
        _fate(REJECTED, conflicting, n_conflicts),
        _fate(DUPLICATE, "alike in every column", ordered.height - once.height),
    )


def _fate(fate: str, reason: str, n_rows: int) -> pl.DataFrame:
    return pl.DataFrame([(fate, reason, n_rows)], schema=FATES, orient="row")


def _raise_conflicts(
    share: str, first: Mapping[str, Any], log: ShownLogSettings, *, max_bad_share: float
) -> NoReturn:
    raise SourceError(
        f"{WHAT}: {share} tell one impression with several propensities or rewards, more than"
        f" ingest.max_bad_share = {max_bad_share:g} allows (first: {log.impression_id}"
        f" {first['impression_id']!r}, item {first['item_id']!r}). Write each impression once, with"
        " what came of it in the end."
    )
