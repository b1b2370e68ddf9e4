"""Times of any column as naive UTC timestamps, as SQL."""

from dataclasses import dataclass, replace
from typing import Any

from ntg_assets.configuration.inputs.written_values import Calendar, TimeOptions, TimestampUnit
from ntg_assets.sources.values.calendars import in_gregorian
from ntg_assets.sources.values.columns import (
    FRACTIONS,
    INTEGERS,
    NAIVE_TIMES,
    TEXTS,
    ZONED_TIMES,
    Column,
    unusable,
)
from ntg_assets.sources.values.epoch_numbers import (
    SPREADSHEET_DAYS,
    from_spreadsheet_days,
    from_unit,
)
from ntg_assets.sources.values.time_texts import (
    TIME_TEXT,
    engine_format,
    from_iso_text,
    has_clock,
    in_zone,
    is_zoned,
    time_in_format,
)

DATE_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*"


@dataclass(frozen=True)
class TimeReading:
    """How the times of a column are read.

    Attributes:
        unit: Of epoch numbers, or iso.
        formats: Of texts; none: ISO.
        zone: Of times without one; `$timezone` holds it unless it is UTC.
        day_zone: Of days without a time, `$service_timezone`; none: `zone`.
        calendar: Of the years in texts.
    """

    unit: TimestampUnit = "iso"
    formats: tuple[str, ...] = ()
    zone: str = "UTC"
    day_zone: str | None = None
    calendar: Calendar = "gregorian"

    @classmethod
    def of(cls, options: TimeOptions, *, day_zone: str | None = None) -> "TimeReading":
        """How a configured column is read."""
        return cls(
            options.timestamp_unit,
            tuple(options.timestamp_format),
            options.timezone,
            day_zone,
            options.calendar,
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """Values that the expressions are bound to."""
        zones = {"timezone": self.zone, "service_timezone": self.day_zone or self.zone}
        if zones["service_timezone"] == self.zone:
            zones.pop("service_timezone")
        values: dict[str, Any] = {name: zone for name, zone in zones.items() if zone != "UTC"}
        return values | {
            f"time_format_{place}": engine_format(format_)
            for place, format_ in enumerate(self.formats)
        }

    @property
    def in_use(self) -> tuple[str, ...]:
        """Limits that are always kept: a bound value must be used,
        also when every file has times of its own.
        """
        return tuple(f"${name} is not null" for name in self.parameters)

    @property
    def expected(self) -> str:
        """What is said of a text that is no time."""
        if self.formats:
            shown = " or ".join(self.formats)
            return f"does not fit timestamp_format ({shown})"
        if self.calendar != "gregorian":
            return f"is no ISO timestamp of the {self.calendar} calendar"
        if self.unit in SPREADSHEET_DAYS:
            return "is no serial day of a spreadsheet"
        return "is no ISO timestamp" if self.unit == "iso" else f"is no epoch number ({self.unit})"


def as_instant(column: Column, reading: TimeReading) -> str:
    """Naive UTC timestamp in microseconds; times without a zone are those of the reading's zone.

    A column that holds timestamps is read as such whatever the unit says: its meaning is certain. A
    day without a time is one of the day's zone.
    """
    column = _in_gregorian(column, reading)
    if reading.formats and column.family in TEXTS:
        return _from_formats(column.expression, reading)
    day_zone = reading.day_zone
    if day_zone is None or day_zone == reading.zone:
        return _as_instant(column, reading.unit, reading.zone)
    if column.family == "DATE":
        return in_zone(f"cast({column.expression} as timestamp)", day_zone, "service_timezone")
    if reading.unit != "iso" or column.family not in TEXTS:
        return _as_instant(column, reading.unit, reading.zone)
    day = in_zone(f"try_cast(trim({column.expression}) as timestamp)", day_zone, "service_timezone")
    return (
        f"case when regexp_full_match({column.expression}, '{DATE_TEXT}') then {day} else"
        f" {_as_instant(column, reading.unit, reading.zone)} end"
    )


def as_clock(column: Column, reading: TimeReading) -> str:
    """What the clocks of the reading's zone showed, where a time carries no zone of its own;
    null elsewhere: only such a time can lie in a gap, or twice, when clocks change.
    """
    column = _in_gregorian(column, reading)
    if column.family in NAIVE_TIMES - {"DATE"}:
        return f"cast({column.expression} as timestamp)"
    if reading.unit in SPREADSHEET_DAYS and column.family in TEXTS | INTEGERS | FRACTIONS:
        return from_spreadsheet_days(column, reading.unit)
    if column.family not in TEXTS or reading.unit != "iso":
        return "cast(null as timestamp)"
    return _clock_of_text(column.expression, reading)


def _in_gregorian(column: Column, reading: TimeReading) -> Column:
    """A column of texts with their years in the Gregorian calendar."""
    if reading.calendar == "gregorian" or column.family not in TEXTS:
        return column
    return replace(column, expression=in_gregorian(column.expression, reading.calendar))


def _clock_of_text(expression: str, reading: TimeReading) -> str:
    """What clocks showed by a text in ISO, or in a format, that names no zone and no day alone."""
    if not reading.formats:
        return (
            f"case when regexp_full_match({expression}, '{TIME_TEXT}') and not"
            f" regexp_full_match({expression}, '{DATE_TEXT}') then"
            f" try_cast({expression} as timestamp) end"
        )
    naive = [
        time_in_format(expression, place, format_)
        for place, format_ in enumerate(reading.formats)
        if not is_zoned(format_)
    ]
    return f"coalesce({', '.join([*naive, 'null'])})" if naive else "cast(null as timestamp)"


def _from_formats(expression: str, reading: TimeReading) -> str:
    """Instant of a text in the first format that it fits."""
    tried = []
    for place, format_ in enumerate(reading.formats):
        parsed = time_in_format(expression, place, format_)
        if is_zoned(format_):
            tried.append(f"cast({parsed} as timestamp)")
        elif reading.day_zone not in {None, reading.zone} and not has_clock(format_):
            tried.append(in_zone(parsed, str(reading.day_zone), "service_timezone"))
        else:
            tried.append(in_zone(parsed, reading.zone))
    return f"coalesce({', '.join(tried)})" if len(tried) > 1 else tried[0]


def _as_instant(column: Column, unit: TimestampUnit, zone: str) -> str:
    if column.family in ZONED_TIMES:
        return f"cast(cast({column.expression} as timestamptz) as timestamp)"
    if column.family in NAIVE_TIMES:
        return in_zone(f"cast({column.expression} as timestamp)", zone)
    if unit == "iso" and column.family in TEXTS:
        return from_iso_text(column.expression, zone)
    if unit in SPREADSHEET_DAYS and column.family in TEXTS | INTEGERS | FRACTIONS:
        return in_zone(from_spreadsheet_days(column, unit), zone)
    if unit != "iso" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return from_unit(column, unit)
    advice = (
        "Set `timestamp_unit` to seconds, milliseconds, microseconds or nanoseconds"
        if column.family in INTEGERS | FRACTIONS
        else "Map another column"
    )
    raise unusable(column, "timestamps", advice)
