"""What the clocks of a zone show at instants (naive UTC), and at which instants they show a time;
all by one calendar of zones, that of polars.
"""

from datetime import timedelta
from typing import Literal

import polars as pl

INSTANT = pl.Datetime("us")
LONGEST_JUMP = timedelta(days=2)  # a clock was never put forward by more than a day
SMALLEST_STEP = timedelta(seconds=1)  # at which clocks change


def shown_times(instants: pl.Series, zone: str) -> pl.Series:
    """What the zone's clocks show at instants."""
    return (
        instants.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    )


def showing_instants(
    clocks: pl.Series, zone: str, *, ambiguous: Literal["earliest", "latest"]
) -> pl.Series:
    """Instants at which the zone's clocks show these times; null where they jump over one."""
    local = clocks.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")
    return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def after_jump(clocks: pl.Series, zone: str) -> pl.Series:
    """First instant after which clocks that jump over a time show a later one,
    by halving: around a jump they only move forward.
    """
    low, high = clocks - LONGEST_JUMP, clocks + LONGEST_JUMP
    for _ in range(int(2 * LONGEST_JUMP / SMALLEST_STEP).bit_length()):
        middle = (low + (high - low) / 2).dt.truncate("1s")
        has_jumped = shown_times(middle, zone) >= clocks
        low, high = low.zip_with(has_jumped, middle), middle.zip_with(has_jumped, high)
    return high
