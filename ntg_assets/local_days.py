"""Days as people live them: the calendar of the service's zone,
between instants (naive UTC) and days.

A day begins at the first instant at which the zone's clocks show its date, and ends where the next
one begins. So days of 23 and 25 hours, days without a midnight (clocks go from 23:59 to 01:00) and
a day that was left out (Samoa, 30 December 2011) come out right, and days follow one another: where
clocks are put back over midnight, the day that has begun goes on. Therefore "before the day" and
"before the day's first instant" are the same, whatever the zone. All of it rests on one calendar of
zones (that of polars), so that the two directions cannot disagree.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.zone_clocks import (
    INSTANT,
    LONGEST_JUMP,
    SMALLEST_STEP,
    after_jump,
    showing_instants,
    shown_times,
)
from ntg_assets.zones import UTC_ZONE

# of which years the instants of days are kept
KNOWN_FROM, KNOWN_UNTIL = date(1900, 1, 1), date(2200, 1, 1)
MICROSECONDS_PER_DAY = 86_400_000_000


def local_day(instant: pl.Expr, zone: str) -> pl.Expr:
    """Day of the zone in which an instant (naive UTC) lies."""
    if zone == UTC_ZONE:
        return instant.dt.date()
    day = instant.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()
    for begins_at, shown_again_at, begun in _put_back_over_midnight(zone):
        is_begun = instant.is_between(begins_at, shown_again_at, closed="left")
        day = pl.when(~is_begun).then(day).otherwise(begun)
    return day


def local_days(instants: pl.Series, zone: str) -> pl.Series:
    """Day of the zone in which each instant (naive UTC) lies."""
    return (
        pl.DataFrame({"at": instants})
        .select(day=local_day(pl.col("at"), zone))["day"]
        .alias(instants.name)
    )


def day_of(instant: datetime, zone: str) -> date:
    """Day of the zone in which an instant (naive UTC) lies."""
    return local_days(pl.Series([instant], dtype=INSTANT), zone)[0]


def with_event_on(events: pl.DataFrame, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Add `event_on` to events made by hand; the reader of the log makes the same."""
    others = [name for name in events.columns if name != "event_on"]
    after = others.index("event_at") + 1
    return events.select(
        *others[:after], local_day(pl.col("event_at"), zone).alias("event_on"), *others[after:]
    )


def first_instants(clocks: pl.Series, zone: str) -> pl.Series:
    """First instant (naive UTC) at which the zone's clocks show each of these times,
    or a later one where they jump over it.

    Args:
        clocks: Naive local times, or days: then their first instants.
        zone: IANA name.
    """
    clock = clocks.cast(INSTANT)
    if zone == UTC_ZONE:
        return clock
    at = showing_instants(clock, zone, ambiguous="earliest")
    is_skipped = at.is_null() & clock.is_not_null()
    return (
        at.scatter(is_skipped.arg_true(), after_jump(clock.filter(is_skipped), zone))
        if is_skipped.any()
        else at
    )


def first_instant(clock: date | datetime, zone: str) -> datetime:
    """First instant (naive UTC) of a day, or at which the zone's clocks show a time."""
    return first_instants(pl.Series([clock]), zone)[0]


def shift_days(instants: pl.Series, n_days: float, zone: str) -> pl.Series:
    """Move instants (naive UTC) by days: what begins a day of the zone begins another one
    afterwards; the rest moves by 24 hours each.

    Args:
        instants: Naive UTC.
        n_days: Days, backwards below zero; a fraction is of 24 hours.
        zone: IANA name of the service's zone.
    """
    moved = instants.cast(INSTANT) + timedelta(days=n_days)
    if zone == UTC_ZONE:
        return moved
    days, whole = local_days(instants, zone), int(n_days)
    begins_day = first_instants(days, zone) == instants
    day_moved = first_instants(days + timedelta(days=whole), zone) + timedelta(days=n_days - whole)
    return day_moved.zip_with(begins_day, moved).alias(instants.name)


def shift_instant(instant: datetime, n_days: int, zone: str) -> datetime:
    """Move one instant (naive UTC) by whole days; see `shift_days`.

    Args:
        instant: Naive UTC.
        n_days: Days, backwards below zero.
        zone: IANA name of the service's zone.
    """
    return shift_days(pl.Series([instant], dtype=INSTANT), n_days, zone)[0]


def day_numbers(at: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Number the days of the zone in which instants (microseconds since 1970) lie,
    rising with time.
    """
    if zone == UTC_ZONE:
        return at // MICROSECONDS_PER_DAY
    return np.searchsorted(_calendar(zone)["begins_at"].to_physical().to_numpy(), at, side="right")


def describe_cutoff(as_of: str, zone: str) -> str:
    """Say a cutoff (ISO, naive UTC) so that its day is clear where days are not those of UTC."""
    if zone == UTC_ZONE:
        return as_of
    at = datetime.fromisoformat(as_of)
    day = day_of(at, zone)
    place = "the start of" if first_instant(day, zone) == at else "on"
    return f"{as_of} UTC, {place} {day} in {zone}"


def days_of_utc_days(zone: str, *, first_on: date, last_on: date) -> pl.DataFrame:
    """Say which days of the zone each day of UTC holds, for joining them to instants.

    Args:
        zone: IANA name.
        first_on: First day of UTC.
        last_on: Last one, included.

    Returns:
        One row per `utc_on` in [first_on, last_on]: its instants lie on `day_on` before `next_at`,
        and on `next_on` from then on. No zone begins two days inside one of UTC; `next_at` is the
        end of the day of UTC where none begins.
    """
    earliest, latest = max(first_on, date.min + LONGEST_JUMP), min(last_on, date.max - LONGEST_JUMP)
    begins = _begins(
        pl.date_range(earliest - LONGEST_JUMP, latest + LONGEST_JUMP, eager=True), zone
    )
    days = pl.DataFrame({"utc_on": pl.date_range(first_on, last_on, eager=True)}).with_columns(
        at=pl.col("utc_on").cast(INSTANT)
    )
    inside = begins.select(
        utc_on=pl.col("begins_at").dt.date(), next_at="begins_at", next_on="day_on"
    )
    later = inside.filter(pl.col("next_at") > pl.col("utc_on").cast(INSTANT))
    joined = days.join_asof(begins, left_on="at", right_on="begins_at").join(
        later, on="utc_on", how="left", validate="1:1"
    )
    ends_at = pl.col("at") + timedelta(days=1)
    return joined.select(
        "utc_on",
        "day_on",
        pl.col("next_at").fill_null(ends_at),
        pl.col("next_on").fill_null(pl.col("day_on")),
    ).sort("utc_on")


def _begins(days: pl.Series, zone: str) -> pl.DataFrame:
    """`day_on`, `begins_at` of the days that have an instant, in order."""
    begins = pl.DataFrame(
        {"day_on": days, "begins_at": first_instants(days, zone)},
        schema_overrides={"begins_at": INSTANT},
    )
    return begins.unique("begins_at", keep="last", maintain_order=True)


@lru_cache(maxsize=8)
def _calendar(zone: str) -> pl.DataFrame:
    return _begins(pl.date_range(KNOWN_FROM, KNOWN_UNTIL, eager=True), zone)


@lru_cache(maxsize=8)
def _put_back_over_midnight(zone: str) -> list[tuple[datetime, datetime, date]]:
    """When a day has begun although the clocks show the one before again: from, until, the day."""
    midnights = _calendar(zone).with_columns(clock=pl.col("day_on").cast(INSTANT))
    again = showing_instants(midnights["clock"], zone, ambiguous="latest")
    twice = midnights.with_columns(again_at=again).filter(pl.col("again_at") > pl.col("begins_at"))
    last_shown = shown_times(twice["again_at"] - SMALLEST_STEP, zone).dt.date()
    return (
        twice.filter(last_shown < twice["day_on"]).select("begins_at", "again_at", "day_on").rows()
    )
