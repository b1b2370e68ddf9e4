"""Numbers that count time from an epoch, as SQL."""

from ntg_assets.configuration.inputs.written_values import TimestampUnit
from ntg_assets.sources.values.columns import INTEGERS, TEXTS, WHOLE_NUMBER, Column

MICROSECONDS_PER: dict[TimestampUnit, int] = {
    "seconds": 1_000_000,
    "milliseconds": 1_000,
    "microseconds": 1,
}
EXCEL_EPOCH = 25_569  # serial day of 1970-01-01
EXCEL_DAYS = (61, 2_958_466)  # from 1900-03-01, before which a leap day is wrong there, to 9999
DAY_SECONDS = 86_400
APPLE, WINDOWS, DOTNET = 978_307_200, -11_644_473_600, -62_135_596_800  # seconds after 1970
# what units count, in parts of a microsecond, which is the finest that tables hold, and from when
PARTS_OF_MICROSECONDS: dict[TimestampUnit, tuple[int, int]] = {
    "nanoseconds": (1_000, 0),
    "apple_nanoseconds": (1_000, APPLE),
    "filetime": (10, WINDOWS),
    "dotnet_ticks": (10, DOTNET),
}
MICROSECONDS_FROM: dict[TimestampUnit, tuple[int, int]] = {
    "apple_seconds": (1_000_000, APPLE),
    "webkit_microseconds": (1, WINDOWS),
}
SPREADSHEET_DAYS: dict[TimestampUnit, int] = {"excel_days": 0, "excel_1904_days": 1_462}
JULIAN_EPOCH, JULIAN_DAYS = 2_440_587.5, (1_721_426, 5_373_484)  # of the years 1 to 9999
IN_JSON = r"^\s*/Date\((-?\d+)(?:[+-]\d{4})?\)/\s*$"
# end of the year 9999: beyond it a timestamp cannot be written as ISO text
LAST_SECOND = 253_402_300_799


def from_unit(column: Column, unit: TimestampUnit) -> str:
    """Timestamp of a number that counts a unit of UTC."""
    if unit == "julian_days":
        return _from_julian_days(column)
    if unit in PARTS_OF_MICROSECONDS:
        parts, epoch = PARTS_OF_MICROSECONDS[unit]
        return _later(_from_parts(column, parts), epoch)
    microseconds, epoch = MICROSECONDS_FROM.get(unit) or (MICROSECONDS_PER[unit], 0)
    return _later(from_epoch(column, microseconds), epoch)


def _later(instant: str, seconds: int) -> str:
    return f"({instant} + to_microseconds({seconds * 1_000_000}))" if seconds else instant


def from_epoch(column: Column, microseconds: int) -> str:
    """Timestamp of an epoch number; a double tells microseconds apart until the year 2255."""
    bound = LAST_SECOND * (1_000_000 // microseconds)
    if column.family in INTEGERS:
        exact = f"try_cast({column.expression} as bigint)"
        return (
            f"case when {exact} between {-bound} and {bound} then make_timestamp({exact} *"
            f" {microseconds}) end"
        )
    number = _number(column)
    return (
        f"case when abs({number}) <= {bound} then make_timestamp(cast(round({number} *"
        f" {microseconds}) as bigint)) end"
    )


def _number(column: Column) -> str:
    """Number of a column; of texts also one with a decimal comma, and what .NET writes into JSON
    (`/Date(1704269107000)/`).
    """
    plain = f"try_cast({column.expression} as double)"
    if column.family not in TEXTS:
        return plain
    with_point = f"try_cast(replace({column.expression}, ',', '.') as double)"
    in_json = rf"try_cast(regexp_extract({column.expression}, '{IN_JSON}', 1) as double)"
    return f"coalesce({plain}, {with_point}, {in_json})"


def _from_parts(column: Column, parts: int) -> str:
    """Timestamp of a number of so many parts of a microsecond, cut to microseconds, exact for whole
    numbers.
    """
    whole = (
        f"try_cast({column.expression} as bigint)"
        if column.family in INTEGERS
        else f"case when regexp_full_match(cast({column.expression} as varchar), '{WHOLE_NUMBER}')"
        f" then try_cast(split_part(cast({column.expression} as varchar), '.', 1) as bigint) end"
        if column.family in TEXTS
        else f"try_cast({column.expression} as bigint)"
    )
    return f"make_timestamp({whole} // {parts})"


def _from_julian_days(column: Column) -> str:
    """Timestamp of a Julian date, to the millisecond."""
    number = _number(column)
    return (
        f"case when {number} between {JULIAN_DAYS[0]} and {JULIAN_DAYS[1]} then"
        f" make_timestamp(cast(round(({number} - {JULIAN_EPOCH}) * 86400000) as bigint) * 1000) end"
    )


def from_spreadsheet_days(column: Column, unit: TimestampUnit) -> str:
    """Timestamp of a serial day of a spreadsheet, to the millisecond: days since 1899-12-30 (or
    1904-01-01), as local clocks showed them.
    """
    number = f"({_number(column)} + {SPREADSHEET_DAYS[unit]})"
    return (
        f"case when {number} between {EXCEL_DAYS[0]} and {EXCEL_DAYS[1]} then"
        f" make_timestamp(cast(round(({number} - {EXCEL_EPOCH}) * 86400000) as bigint) * 1000) end"
    )
