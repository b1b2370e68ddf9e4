"""Columns of lists and logs whose values cannot be believed: one sentence for all of them, with the
first of them as it is written, and with the setting that reads it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from ntg_assets.configuration.inputs.events import CLOCK_TOLERANCE, IngestSettings, instant
from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.advice import advise_numbers, advise_times

IN_FUTURE = "in the future"  # said of what another night may find past


@dataclass(frozen=True)
class PossibleTimes:
    """When things can have happened.

    Attributes:
        earliest: What is earlier comes from a zero or broken clock, or from another unit.
        latest: What is later has not happened yet; None: not known.
    """

    earliest: datetime = datetime(1990, 1, 1)
    latest: datetime | None = None

    @classmethod
    def of(cls, ingest: IngestSettings, *, now: datetime) -> "PossibleTimes":
        """Take the rules of the interaction log."""
        latest = ingest.latest_event
        return cls(
            instant(ingest.earliest_event, ingest.zone),
            instant(latest, ingest.zone) if latest else now + CLOCK_TOLERANCE,
        )

    @property
    def parameters(self) -> dict[str, datetime]:
        """Values that rules of times are bound to (see `within_times`)."""
        return {"earliest": self.earliest} | ({"latest": self.latest} if self.latest else {})

    def raise_if_earlier(self, times: pl.Series, *, what: str, column: str) -> None:
        """Refuse times that are too early.

        Args:
            times: Instants (naive UTC).
            what: Source in messages; may be empty.
            column: Column of the files.
        """
        early = times.filter(times < self.earliest)
        if early.len():
            raise SourceError(
                f"{_lead(what)}{early.len():,} of {times.len():,} rows lie before"
                f" {self.earliest:%Y-%m-%d} in {column} (first: {first_day(early)}). Is"
                " `timestamp_unit` right? Mend the rows, or set an earlier ingest.earliest_event."
            )

    def describe_later(self, times: pl.Series) -> str | None:
        """Say how many times have not come yet."""
        late = times.filter(times >= self.latest) if self.latest else times.clear()
        if late.is_empty():
            return None
        return f"{late.len():,} rows lie {IN_FUTURE} (first: {first_day(late)})"


def first_day(times: pl.Series) -> str:
    """Day of the first of some instants, also of one before the years that Python knows."""
    return times.head(1).dt.strftime("%Y-%m-%d")[0]


def raise_if_unreadable(
    rows: pl.DataFrame,
    broken: pl.Series,
    name: str,
    *,
    what: str,
    column: str,
    kind: Literal["day or time", "number"] = "day or time",
) -> None:
    """Refuse rows whose times or numbers are none.

    Args:
        rows: With `file_name`, and with `<name>_text`: what stands where nothing could be read.
        broken: Which of them.
        name: Column of the rows.
        what: Source in messages; may be empty.
        column: Column of the files.
        kind: What is expected.
    """
    if not broken.any():
        return
    wrong = rows.filter(broken).select(text=f"{name}_text", file="file_name")
    advise = advise_numbers if kind == "number" else advise_times
    text, file = wrong.row(0)
    raise SourceError(
        f"{_lead(what)}{wrong.height:,} of {rows.height:,} rows hold no {kind} in {column} (first:"
        f" {text or ''!r} in {file}). {advise(wrong['text'].unique(maintain_order=True))}"
    )


def _lead(what: str) -> str:
    return f"{what}: " if what else ""
