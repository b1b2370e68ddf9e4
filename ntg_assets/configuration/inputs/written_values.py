"""What the texts and numbers of a column mean: times, numbers, lengths of time."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.inputs.spellings import Words, as_list
from ntg_assets.configuration.section import Section
from ntg_assets.zones import is_zone

TimestampUnit = Literal[
    "iso",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "excel_days",
    "excel_1904_days",
    "apple_seconds",
    "apple_nanoseconds",
    "webkit_microseconds",
    "filetime",
    "dotnet_ticks",
    "julian_days",
]
Calendar = Literal["gregorian", "buddhist", "persian"]
DurationUnit = Literal["milliseconds", "seconds", "minutes", "hours"]
MARK = re.compile(r"%-?.")  # a directive of strftime
KNOWN_MARKS = frozenset("aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%")


def require_time_format(written: str) -> str:
    """Refuse a format that no reader of times knows."""
    marks = MARK.findall(written)
    unknown = [mark for mark in marks if mark[-1] not in KNOWN_MARKS]
    if unknown:
        raise ValueError(
            f"{written!r} holds {unknown[0]!r}, which no time format knows; write for example"
            " '%d.%m.%Y %H:%M' (see docs/sources.md)"
        )
    if not any(mark[-1] in "yYcxG" for mark in marks):
        raise ValueError(
            f"{written!r} names no year; write a format such as '%d.%m.%Y %H:%M' (see"
            " docs/sources.md)"
        )
    return written


TimeFormat = Annotated[str, Field(min_length=1)]


class TimeOptions(Section):
    """What the texts and numbers of a column of times mean."""

    timestamp_unit: TimestampUnit = "iso"
    """`iso` for dates and timestamps as text (or Parquet timestamps),
    else the unit of a number since 1970. `excel_days`: serial days of a spreadsheet (45296.5),
    `excel_1904_days` of one that counts from 1904 (old Excel for Mac). `apple_seconds`,
    `apple_nanoseconds`: since 2001 (Core Data); `webkit_microseconds`: since 1601 (Chrome);
    `filetime`: 100 ns since 1601 (Windows); `dotnet_ticks`: 100 ns since the year 1; `julian_days`
    (SQLite).
    """
    timestamp_format: Annotated[list[TimeFormat], BeforeValidator(as_list)] = Field(
        default_factory=list
    )
    """How times are written where they are not ISO, one format or several, tried in order:
    `"%d.%m.%Y %H:%M"`, `"%m/%d/%Y"`, `"%b %d, %Y, %I:%M %p"`; `%z` is an offset (also `Z`), `%Z` a
    zone's name. What fits none is quarantined; an order of day and month is never guessed.
    """
    calendar: Calendar = "gregorian"
    """Calendar of the years in texts: `buddhist` (2569 is 2026); `persian`: numbers, the year first
    (1404/10/16).
    """
    timezone: str = "UTC"
    """Zone of timestamps that carry none (IANA name). Times that its clocks jump over are
    quarantined; of those that they show twice the later one (standard time) is meant, and counted.
    """

    @field_validator("timestamp_format")
    @classmethod
    def _are_formats(cls, formats: list[str]) -> list[str]:
        return [require_time_format(written) for written in formats]

    @field_validator("timezone")
    @classmethod
    def _is_known_zone(cls, name: str) -> str:
        if not is_zone(name):
            raise ValueError("is no IANA time zone; give a name such as 'Europe/Paris' or 'UTC'")
        return name

    @model_validator(mode="after")
    def _calendar_has_years(self) -> "TimeOptions":
        if self.calendar == "gregorian":
            return self
        if self.timestamp_unit != "iso":
            raise ValueError(
                f"calendar: {self.calendar} is for times as text, timestamp_unit:"
                f" {self.timestamp_unit} for numbers; set one of them"
            )
        if odd := next((form for form in self.timestamp_format if "%Y" not in form), None):
            raise ValueError(f"calendar: {self.calendar} needs a year of four digits (%Y) in {odd}")
        return self

    @model_validator(mode="after")
    def _format_or_unit(self) -> "TimeOptions":
        if self.timestamp_format and self.timestamp_unit != "iso":
            raise ValueError(
                f"timestamp_format is for times as text, timestamp_unit: {self.timestamp_unit} for"
                " epoch numbers; set one of them"
            )
        return self


class NumberOptions(Section):
    """What the texts of a column of numbers mean."""

    decimal: Literal[".", ","] = "."
    """Decimal sign: `","` reads `3,50` as 3.5."""
    thousands: Literal[",", ".", " ", "'", "_"] | None = None
    """Sign between groups of three digits: `"."` with `decimal: ","` reads `1.234,50` as 1234.5;
    null: none is allowed.
    """
    currency_signs: Words = Field(default_factory=list)
    """Texts before or after an amount that are left out: `["$", "EUR"]`."""
    accounting_negatives: bool = False
    """Whether `(12.50)` and `12.50-` are minus 12.5."""

    @model_validator(mode="after")
    def _signs_differ(self) -> "NumberOptions":
        if self.decimal == self.thousands:
            raise ValueError(
                f"decimal and thousands are both {self.decimal!r}; a number would have two meanings"
            )
        return self

    @property
    def are_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return not (
            self.decimal != "."
            or self.thousands
            or self.currency_signs
            or self.accounting_negatives
        )
