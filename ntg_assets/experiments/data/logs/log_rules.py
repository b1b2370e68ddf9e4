"""By which rules the rows of an experiment's own logs count: those of the events,
for dates and for exact duplicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.events import CLOCK_TOLERANCE, IngestSettings, instant
from ntg_assets.errors import SourceError
from ntg_assets.sources.reading.refused_values import first_day

# up to so many rows are counted and left out, however short the log: there a share says little
FEWEST_BAD = 10
MOST_BAD = 0.5  # of the rows; with more of them wrong the log is another one, however short
EXPOSURES, OUTCOMES, INTERACTIONS = "exposures", "outcomes", "interaction log"
COUNT_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "log": pl.String,
    "event_type": pl.String,
    "n_rows": pl.Int64,
    "n_out_of_time": pl.Int64,
    "n_duplicates": pl.Int64,
    "n_not_finite": pl.Int64,
    "first_at": pl.Datetime("us"),
    "last_at": pl.Datetime("us"),
}


@dataclass(frozen=True)
class LogRules:
    """Which times can be true, and how many rows may break that.

    Attributes:
        earliest: Rows before it come from a zero or broken clock.
        latest: Rows at or after it have not happened yet; None: not known.
        max_bad_share: Share of a log's rows (0-1) that may be left out; above it the log is
            refused.
    """

    earliest: datetime = datetime(1990, 1, 1)
    latest: datetime | None = None
    max_bad_share: float = 0.01


class ValidatedRows(NamedTuple):
    """Rows that count, and how many there are and were, by type of event
    (`COUNT_TYPES` without the experiment); what else there is to say of them.
    """

    rows: pl.DataFrame
    counts: pl.DataFrame
    note: str = ""


def log_rules(ingest: IngestSettings, *, max_bad_share: float, now: datetime) -> LogRules:
    """Take the rules of the interaction log for the logs of experiments."""
    latest = (
        instant(ingest.latest_event, ingest.zone) if ingest.latest_event else now + CLOCK_TOLERANCE
    )
    return LogRules(instant(ingest.earliest_event, ingest.zone), latest, max_bad_share)


def validate_rows(
    rows: pl.DataFrame,
    rules: LogRules,
    *,
    at: str,
    log: str,
    what: str,
    distinct: Sequence[str] = (),
) -> ValidatedRows:
    """Leave out rows whose time cannot be true, and all but one of those that are equal;
    count both.

    Args:
        rows: One row per exposure or outcome; an `event_type` and a `value` where the log has them.
        rules: Which times can be true.
        at: Column with the time.
        log: Kind of log in the counts.
        what: Name of the log in messages.
        distinct: Columns in which rows must differ; none: every row counts.

    Raises:
        SourceError: more rows than allowed lie outside.
    """
    in_time = (pl.col(at) >= rules.earliest) & (
        (pl.col(at) < rules.latest) if rules.latest else pl.lit(value=True)
    )
    marked = rows.with_columns(in_time.alias("is_in_time"))
    _raise_if_too_many(marked, rules, at=at, what=what)
    possible = marked.filter("is_in_time")
    kept = possible.unique(distinct, keep="any", maintain_order=False) if distinct else possible
    return ValidatedRows(kept.drop("is_in_time"), _counts(marked, kept, at=at, log=log))


def _raise_if_too_many(marked: pl.DataFrame, rules: LogRules, *, at: str, what: str) -> None:
    outside = marked.filter(~pl.col("is_in_time"))
    n, n_bad = marked.height, outside.height
    if n_bad > rules.max_bad_share * n and (n_bad > FEWEST_BAD or n_bad > MOST_BAD * n):
        until = f" and before {rules.latest:%Y-%m-%d}" if rules.latest else ""
        raise SourceError(
            f"{what}: {n_bad:,} of {n:,} rows lie outside the times that can be true (from"
            f" {rules.earliest:%Y-%m-%d}{until}; first: {first_day(outside[at])}), more than"
            f" experiments.max_bad_share = {rules.max_bad_share:g} allows. Is `timestamp_unit`"
            " right? Else mend the log."
        )


def _counts(marked: pl.DataFrame, kept: pl.DataFrame, *, at: str, log: str) -> pl.DataFrame:
    of_type = marked.group_by(_event_type(marked)).agg(
        pl.len().alias("n_given"), (~pl.col("is_in_time")).sum().alias("n_out_of_time")
    )
    counted = _kept_by_type(kept, at)
    per_type = of_type.join(counted, on="event_type", how="left", nulls_equal=True).with_columns(
        pl.col("n_rows", "n_not_finite").fill_null(0), pl.lit(log).alias("log")
    )
    doubled = pl.col("n_given") - pl.col("n_out_of_time") - pl.col("n_rows")
    typed = [
        pl.col(name).cast(dtype) for name, dtype in COUNT_TYPES.items() if name != "experiment"
    ]
    return per_type.with_columns(doubled.alias("n_duplicates")).select(typed)


def _kept_by_type(kept: pl.DataFrame, at: str) -> pl.DataFrame:
    """Count the rows that count, one row per type of event, with the first and the last time."""
    is_odd = ~pl.col("value").is_finite() if "value" in kept.columns else pl.lit(value=False)
    return kept.group_by(_event_type(kept)).agg(
        pl.len().alias("n_rows"),
        is_odd.fill_null(value=False).sum().alias("n_not_finite"),
        pl.col(at).min().alias("first_at"),
        pl.col(at).max().alias("last_at"),
    )


def _event_type(rows: pl.DataFrame) -> pl.Expr:
    if "event_type" in rows.columns:
        return pl.col("event_type")
    return pl.lit(None, dtype=pl.String).alias("event_type")
