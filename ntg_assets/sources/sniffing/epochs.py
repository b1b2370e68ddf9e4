"""Numbers of times that could count from another year than the usual one: of those, one reading
lies years before the file was written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ntg_assets.configuration.inputs.written_values import TimestampUnit
from ntg_assets.sources.values.epoch_numbers import APPLE, DAY_SECONDS, SPREADSHEET_DAYS

YEAR_SECONDS = 365.25 * DAY_SECONDS


class OtherEpoch(NamedTuple):
    """Another reading of the numbers of a unit.

    Attributes:
        unit: What it is called.
        later_seconds: By how much its instants are later.
        is_likely_after: Years between the end of a log and its file from which on it is asked for.
    """

    unit: TimestampUnit
    later_seconds: int
    is_likely_after: float


OTHER_EPOCHS: dict[TimestampUnit, OtherEpoch] = {
    "seconds": OtherEpoch("apple_seconds", APPLE, 20),
    "nanoseconds": OtherEpoch("apple_nanoseconds", APPLE, 20),
    "excel_days": OtherEpoch(
        "excel_1904_days", SPREADSHEET_DAYS["excel_1904_days"] * DAY_SECONDS, 3
    ),
}


def other_epoch(
    unit: TimestampUnit, *, last_at: datetime, written_at: datetime
) -> OtherEpoch | None:
    """Another reading of numbers that end years before their file was written, where that one does
    not end after it.

    Args:
        unit: As which the numbers are read.
        last_at: The latest of them, so (naive UTC).
        written_at: When the file was last changed (naive UTC).
    """
    other = OTHER_EPOCHS.get(unit)
    if other is None:
        return None
    age = (written_at - last_at).total_seconds()
    fits = age + DAY_SECONDS >= other.later_seconds
    return other if fits and age > other.is_likely_after * YEAR_SECONDS else None


def latest_of(numbers: Sequence[str], unit: TimestampUnit) -> datetime | None:
    """The latest of some numbers of a unit that has another reading (naive UTC)."""
    scale = {"seconds": 1.0, "nanoseconds": 1e-9, "excel_days": float(DAY_SECONDS)}.get(unit)
    values = [_number(text) for text in numbers]
    known = [value for value in values if value is not None]
    if scale is None or not known:
        return None
    start = -25_569 * DAY_SECONDS if unit == "excel_days" else 0
    seconds = max(known) * scale + start
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
