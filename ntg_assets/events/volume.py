"""Whether a load brought as much as it should: against the load before,
and against the usual level of the log itself.

Two faults look like everyone leaving. An export that lost files is smaller than the load before: it
is refused, and what is stored stays. A producer that broke, while a monitor goes on, leaves a log
that ends in days far quieter than any before: it cannot be told from a real fall, so everything is
made but the contact lists are held back until a person has looked.

The usual level needs no model: every week (7 days, whatever day it begins on, so weekends do not
matter) of the quiet end must hold less than *every* week of the year before it, by more than
chance, and much less than the last weeks before it. A log that comes in bursts has had quiet weeks
before, and a season or a decline is slow.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any, Literal

import numpy as np
import polars as pl

from ntg_assets.configuration.events import VolumeSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.load_history import Extent, Load
from ntg_assets.local_days import UTC_ZONE, day_of, first_instant

Verdict = Literal["ok", "warn", "hold"]
Days = np.ndarray[tuple[int], np.dtype[np.float64]]

WEEK = 7
LONGEST_QUIET_DAYS = 90  # a level that has lasted longer is the usual one
USUAL_DAYS = 365  # a quiet season of the year before is usual
FEWEST_USUAL_DAYS = 14
FEWEST_A_WEEK = 50  # below, half as many happen by chance
# a slow decline or a season is no drop from the last weeks before; their level is the one that is
# told
RECENT_DAYS = 56
CONFIRMED_WITHIN_DAYS = 3  # the day on which a drop is seen to begin moves a little as it goes on
SCHEMA: dict[str, Any] = {
    "measure": pl.String,
    "seen": pl.Float64,
    "expected": pl.Float64,
    "ratio": pl.Float64,
    "since_on": pl.Date,
    "n_days": pl.Int64,
    "verdict": pl.String,
    "sentence": pl.String,
}


@dataclass(frozen=True)
class Loss:
    """What a load has less of than the one before.

    Attributes:
        measure: `events`, `users`, `last_day`.
        told: Both numbers, in words.
        is_refused: Whether the loss is so large that the load is not believed.
    """

    measure: str
    seen: float
    expected: float
    told: str
    is_refused: bool

    @property
    def ratio(self) -> float:
        return self.seen / self.expected


@dataclass(frozen=True)
class Drop:
    """A quiet end of the log: since when, how many days, the usual number a day,
    the number since.
    """

    since_on: date
    n_days: int
    usual: float
    since: float

    @property
    def ratio(self) -> float:
        return self.since / self.usual


def find_losses(
    extent: Extent, before: Load | None, settings: VolumeSettings, *, zone: str = UTC_ZONE
) -> list[Loss]:
    """Find what a load has less of than the one before;
    nothing where that one was too small to say.
    """
    if before is None or before.n_events < settings.minimum_events:
        return []
    counts = (
        ("events", extent.n_events, before.n_events),
        ("users", extent.n_users, before.n_users),
    )
    losses = [
        Loss(
            what,
            seen,
            expected,
            f"{seen:,} {what}, {expected:,} in the load before",
            seen <= settings.refuse_below * expected,
        )
        for what, seen, expected in counts
        if seen <= settings.warn_below * expected
    ]
    return [*losses, *_shorter(extent, before, settings, zone=zone)]


def refuse_losses(
    losses: Sequence[Loss], extent: Extent, before: Load | None, settings: VolumeSettings
) -> None:
    """Raise when a load lost too much, unless a person has confirmed a loss of this size against
    the same load.

    Raises:
        SourceError: the load is not believed; it says how to confirm it.
    """
    refused = [loss for loss in losses if loss.is_refused]
    if before is None or not refused or _is_confirmed(extent, before, settings):
        return
    token = f"{before.load}:{extent.n_events}"
    raise SourceError(
        f"ingest.events: {'; '.join(loss.told for loss in refused)} (loaded"
        f" {before.loaded_at:%Y-%m-%d %H:%M} UTC); nothing was loaded."
        f' Deliver what is missing, or, if it is true, set `ingest.volume.confirmed: ["{token}"]`'
        " (it holds for this load only)."
    )


def find_drop(days: Sequence[date], counts: Sequence[int], *, below: float) -> Drop | None:
    """Find since when a log has been quieter than ever before;
    the last day is left out, for it is rarely whole.

    Args:
        days: Days that hold something, ascending.
        counts: What each of them holds.
        below: The largest week since may hold this share of the median week before.

    Returns:
        The drop with the sharpest begin; none where there is none.
    """
    if len(days) < FEWEST_USUAL_DAYS + WEEK:
        return None
    every_day = np.zeros((days[-1] - days[0]).days + 1)
    every_day[[(day - days[0]).days for day in days]] = counts
    whole = every_day[:-1]
    longest = min(LONGEST_QUIET_DAYS, whole.size - FEWEST_USUAL_DAYS)
    found = [
        (sharpness, size)
        for size in range(WEEK, longest + 1)
        if (sharpness := _sharpness(whole, size, below)) is not None
    ]
    if not found:
        return None
    _, size = max(found)
    since_on = days[-1] - timedelta(days=size)
    usual = float(np.median(whole[:-size][-RECENT_DAYS:]))
    goes_on = int(every_day[-1] <= below * usual)
    return Drop(since_on, size + goes_on, usual, float(whole[-size:].mean()))


def looked_at_from(extent: Extent, *, zone: str = UTC_ZONE) -> datetime:
    """First moment of the days that a usual level is made of: older ones are not worth counting."""
    last_on = day_of(extent.last_at, zone) if extent.last_at else date.max
    first_on = last_on - timedelta(days=USUAL_DAYS + LONGEST_QUIET_DAYS + 1)
    return first_instant(first_on, zone)


def report_volume(
    load: Load,
    before: Load | None,
    daily: pl.DataFrame,
    settings: VolumeSettings,
    *,
    zone: str = UTC_ZONE,
) -> pl.DataFrame:
    """Make `volume_report`.

    Args:
        load: What was loaded.
        before: The load it is compared with.
        daily: happened_on, n_events, n_users, ascending, from `looked_at_from` on.
        settings: Shares, and what was confirmed.
        zone: Whose days count.
    """
    days = daily["happened_on"].to_list()
    rows = [
        *_against_before(load.extent, before, settings, zone=zone),
        _items(load.n_items, before.n_items if before else None, settings),
        *(
            _level(what, days, daily[f"n_{what}"].to_list(), settings)
            for what in ("events", "users")
        ),
    ]
    return _with_advice(pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def tell_doubts(volume_report: pl.DataFrame, *verdicts: Verdict) -> list[str]:
    """Sentences of the rows with one of the verdicts."""
    return volume_report.filter(pl.col("verdict").is_in(verdicts))["sentence"].to_list()


def _shorter(
    extent: Extent, before: Load, settings: VolumeSettings, *, zone: str
) -> Iterator[Loss]:
    """The loss of a log that ends on an earlier day than the one before."""
    if extent.last_at is None or before.last_at is None or before.first_at is None:
        return
    last_on, ended_on, began_on = (
        day_of(at, zone) for at in (extent.last_at, before.last_at, before.first_at)
    )
    n_back = (ended_on - last_on).days
    if n_back > 0:
        told = (
            f"the log ends on {last_on}, {n_back:,} day(s) before the end of the load before"
            f" ({ended_on})"
        )
        seen, expected = max((last_on - began_on).days + 1, 0), (ended_on - began_on).days + 1
        yield Loss("last_day", seen, expected, told, n_back >= settings.refuse_days_back)


def _is_confirmed(extent: Extent, before: Load, settings: VolumeSettings) -> bool:
    """Whether a loss against this very load was confirmed at about this size: a few rows fewer are
    the same loss, many are not.
    """
    sizes = [
        token.rpartition(":")[2]
        for token in settings.confirmed
        if token.rpartition(":")[0] == before.load
    ]
    return any(
        size.isdecimal() and extent.n_events >= settings.warn_below * int(size) for size in sizes
    )


def _against_before(
    extent: Extent, before: Load | None, settings: VolumeSettings, *, zone: str
) -> Iterator[tuple[object, ...]]:
    """Rows of what is compared with the load before."""
    losses = {loss.measure: loss for loss in find_losses(extent, before, settings, zone=zone)}
    for measure, seen, expected, told in _plainly(extent, before, zone=zone):
        if loss := losses.get(measure):
            confirmed = "; this was confirmed" if loss.is_refused else ""
            yield (
                measure,
                loss.seen,
                loss.expected,
                loss.ratio,
                None,
                None,
                "warn",
                f"{loss.told}{confirmed}",
            )
        else:
            yield measure, seen, expected, _ratio(seen, expected), None, None, "ok", told


def _plainly(
    extent: Extent, before: Load | None, *, zone: str
) -> Iterator[tuple[str, int | None, int | None, str]]:
    """Measures with nothing to say of them but their values."""
    for what, seen, expected in (
        ("events", extent.n_events, before.n_events if before else None),
        ("users", extent.n_users, before.n_users if before else None),
    ):
        yield (
            what,
            seen,
            expected,
            f"{seen:,} {what}" + _than_before(f"{expected:,}" if expected is not None else None),
        )
    ends, ended = (
        f"on {day_of(at, zone)}" if at else "nowhere"
        for at in (extent.last_at, before.last_at if before else None)
    )
    yield "last_day", None, None, f"the log ends {ends}" + _than_before(ended if before else None)


def _than_before(expected: str | None) -> str:
    return (
        f", {expected} in the load before"
        if expected is not None
        else "; no load before to compare with"
    )


def _ratio(seen: float | None, expected: float | None) -> float | None:
    return seen / expected if seen is not None and expected else None


def _items(seen: int | None, expected: int | None, settings: VolumeSettings) -> tuple[object, ...]:
    """A short item table spoils titles and categories, not who leaves: it is told,
    never refused.
    """
    is_short = expected is not None and (seen or 0) <= settings.warn_below * expected
    told = "no item table" if seen is None else f"{seen:,} rows of the item table"
    told += _than_before(f"{expected:,}" if expected is not None else None)
    return (
        "items",
        seen,
        expected,
        _ratio(seen or 0, expected),
        None,
        None,
        "warn" if is_short else "ok",
        told,
    )


def _level(
    what: str, days: Sequence[date], counts: Sequence[int], settings: VolumeSettings
) -> tuple[object, ...]:
    """Row of the usual level of a log, and of a quiet end where there is one."""
    measure = f"{what}_per_day"
    drop = find_drop(days, counts, below=settings.quiet_below)
    verdict: Verdict = "hold" if drop else "warn"
    drop = drop or find_drop(days, counts, below=settings.warn_below)
    if drop is None:
        mean = sum(counts) / ((days[-1] - days[0]).days + 1) if days else 0.0
        return (
            measure,
            mean,
            None,
            None,
            None,
            None,
            "ok",
            f"{what} per day end at their usual level",
        )
    told = (
        f"{what} per day fell from {drop.usual:,.4g} to {drop.since:,.4g} on {drop.since_on},"
        f" {drop.n_days} days running"
    )
    if verdict == "hold" and _names(settings.confirmed, drop.since_on):
        verdict, told = "ok", f"{told}; this was confirmed"
    return measure, drop.since, drop.usual, drop.ratio, drop.since_on, drop.n_days, verdict, told


def _with_advice(report: pl.DataFrame) -> pl.DataFrame:
    """Say once, behind the last sentence that holds the lists back, what to do about it."""
    held = report.with_row_index().filter(pl.col("verdict") == "hold")
    if held.is_empty():
        return report
    days = ", ".join(f'"{day}"' for day in held["since_on"].unique().sort())
    advice = (
        ": a producer may be broken; mend it and load again, or, if it is true, set"
        f" `ingest.volume.confirmed: [{days}]`"
    )
    is_last = pl.int_range(pl.len()) == held["index"][-1]
    return report.with_columns(
        pl.when(is_last).then(pl.col("sentence") + advice).otherwise("sentence").alias("sentence")
    )


def _names(confirmed: Iterable[str], since_on: date) -> bool:
    for token in confirmed:
        try:
            named = date.fromisoformat(token)
        except ValueError:
            continue
        if abs((named - since_on).days) <= CONFIRMED_WITHIN_DAYS:
            return True
    return False


def _sharpness(days: Days, size: int, below: float) -> float | None:
    """How sharply the last `size` days fall off (the difference of means over its error,
    as in CUSUM); none where they are usual.
    """
    since, usual = days[-size:], days[:-size][-USUAL_DAYS:]
    weeks, largest = _weeks(usual), float(_weeks(since).max())
    typical = float(min(np.median(weeks), np.median(weeks[-RECENT_DAYS:])))
    if (
        typical < FEWEST_A_WEEK
        or largest > below * typical
        or largest + 2 * sqrt(largest) >= weeks.min()
    ):
        return None
    return float(usual.mean() - since.mean()) * sqrt(size * usual.size / (size + usual.size))


def _weeks(days: Days) -> Days:
    """Sums of every seven days running."""
    sums = np.concatenate([np.zeros(1), np.cumsum(days)])
    return np.asarray(sums[WEEK:] - sums[:-WEEK])
