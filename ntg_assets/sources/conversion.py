"""How a source column of any type becomes a contract column: SQL expressions that are null where
the source cannot be believed.

Each function takes an SQL expression and its DuckDB type, and gives an expression; user text never
gets in here except as a quoted identifier or a bound parameter.
"""

import re
from dataclasses import dataclass

from ntg_assets.configuration.events import IdType, TimestampUnit
from ntg_assets.errors import SourceError

INTEGERS = frozenset(
    {
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
    }
)
FRACTIONS = frozenset({"FLOAT", "DOUBLE", "DECIMAL"})
TEXTS = frozenset({"VARCHAR", "ENUM", "UUID"})
NAIVE_TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"})
ZONED_TIMES = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})
MICROSECONDS_PER: dict[TimestampUnit, int] = {
    "seconds": 1_000_000,
    "milliseconds": 1_000,
    "microseconds": 1,
}
LARGEST_EXACT_INTEGER = 2**53  # above it neighbouring integers are the same float
# end of the year 9999: beyond it a timestamp cannot be written as ISO text
LAST_SECOND = 253_402_300_799
DATE_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*"
TIME_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?\s*"
OFFSET = r"[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"  # no zone is further from UTC than 14 hours
ZONED_TIME_TEXT = (
    r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[T"
    rf" ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?\s*(Z|z|UTC|GMT|{OFFSET})\s*"
)


@dataclass(frozen=True)
class Column:
    """A source column as SQL sees it.

    Attributes:
        expression: Quoted reference, or a constant.
        type: DuckDB type.
        label: How messages name it (`ratings.csv, column 'ts'`).
    """

    expression: str
    type: str
    label: str = ""

    @property
    def family(self) -> str:
        """Type without its arguments: `DECIMAL(18,3)` is a DECIMAL."""
        return re.sub(r"\(.*", "", self.type)


def as_id(column: Column, id_type: IdType) -> str:
    """Ids as the source has them: whole numbers stay whole, texts stay as written
    (`00042` is not 42).
    """
    if id_type == "string":
        return _as_text_id(column)
    if column.family in INTEGERS:
        return f"try_cast({column.expression} as bigint)"
    if column.family in FRACTIONS:  # what a library with no nullable integers writes
        is_whole = (
            f"{column.expression} = floor({column.expression}) and abs({column.expression}) <="
            f" {LARGEST_EXACT_INTEGER}"
        )
        return f"case when {is_whole} then try_cast({column.expression} as bigint) end"
    if column.family in TEXTS:
        text = f"cast({column.expression} as varchar)"
        return (
            rf"case when regexp_full_match({text}, '\s*[+-]?[0-9]+\s*') then try_cast({text} as"
            r" bigint) end"
        )
    raise unusable(column, "integer ids", "Map another column")


def as_text(column: Column) -> str:
    """Text with at least one character that is no space, as written."""
    if column.family not in TEXTS | INTEGERS | {"BOOLEAN"}:
        raise unusable(column, "text", "Map another column")
    text = f"cast({column.expression} as varchar)"
    return f"case when trim({text}) <> '' then {text} end"


def as_value(column: Column) -> str:
    """Finite number; NaN and infinity are null, and minus zero is zero
    (so that equal rows are equal byte by byte).
    """
    if column.family not in TEXTS | INTEGERS | FRACTIONS | {"BOOLEAN"}:
        raise unusable(column, "a number", "Map another column")
    number = f"try_cast({column.expression} as double)"
    return f"case when isfinite({number}) then {number} + 0e0 end"


def as_instant(
    column: Column, unit: TimestampUnit, *, zone: str, day_zone: str | None = None
) -> str:
    """Naive UTC timestamp in microseconds; times without a zone are read in `zone`,
    which `$timezone` must hold unless it is UTC.

    A column that holds timestamps is read as such whatever `unit` says: its meaning is certain. A
    day without a time is one of `day_zone`, which `$service_timezone` must hold where it is another
    zone.
    """
    if day_zone is None or day_zone == zone:
        return _as_instant(column, unit, zone)
    if column.family == "DATE":
        return _in_zone(f"cast({column.expression} as timestamp)", day_zone, "service_timezone")
    if unit != "iso" or column.family not in TEXTS:
        return _as_instant(column, unit, zone)
    day = _in_zone(f"try_cast({column.expression} as timestamp)", day_zone, "service_timezone")
    return (
        f"case when regexp_full_match({column.expression}, '{DATE_TEXT}') then {day} else"
        f" {_as_instant(column, unit, zone)} end"
    )


def _as_instant(column: Column, unit: TimestampUnit, zone: str) -> str:
    if column.family in ZONED_TIMES:
        return f"cast(cast({column.expression} as timestamptz) as timestamp)"
    if column.family in NAIVE_TIMES:
        return _in_zone(f"cast({column.expression} as timestamp)", zone)
    if unit == "iso" and column.family in TEXTS:
        return _from_iso_text(column.expression, zone)
    if unit != "iso" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return _from_epoch(column, MICROSECONDS_PER[unit])
    advice = (
        "Set `timestamp_unit` to seconds, milliseconds or microseconds"
        if column.family in INTEGERS | FRACTIONS
        else "Map another column"
    )
    raise unusable(column, "timestamps", advice)


def _as_text_id(column: Column) -> str:
    if column.family in INTEGERS:
        return f"cast({column.expression} as varchar)"
    if column.family in TEXTS:
        text = f"cast({column.expression} as varchar)"
        return (
            f"case when trim({text}) <> '' and not contains({text}, chr(10)) and not"
            f" contains({text}, chr(13)) then {text} end"
        )
    raise unusable(column, "string ids", "Set the id type to integer, or map another column")


def _from_iso_text(expression: str, zone: str) -> str:
    naive = _in_zone(f"try_cast({expression} as timestamp)", zone)
    return (
        f"case when regexp_full_match({expression}, '{TIME_TEXT}') then {naive} when"
        f" regexp_full_match({expression}, '{ZONED_TIME_TEXT}') then"
        f" cast({_from_zoned_text(expression)} as timestamp) end"
    )


def _from_zoned_text(expression: str) -> str:
    """Instant of a text with an offset; the engine's cast knows few spellings,
    so the others are tried in its own.
    """
    without_space = rf"regexp_replace({expression}, '\s+({OFFSET}\s*)$', '\1')"
    as_offset = rf"regexp_replace({without_space}, '\s*(Z|z|UTC|GMT)\s*$', '+00')"
    return f"coalesce(try_cast({expression} as timestamptz), try_cast({as_offset} as timestamptz))"


def _from_epoch(column: Column, microseconds: int) -> str:
    """Timestamp of an epoch number; a double tells microseconds apart until the year 2255."""
    bound = LAST_SECOND * (1_000_000 // microseconds)
    if column.family in INTEGERS:
        exact = f"try_cast({column.expression} as bigint)"
        return (
            f"case when {exact} between {-bound} and {bound} then make_timestamp({exact} *"
            f" {microseconds}) end"
        )
    number = f"try_cast({column.expression} as double)"
    return (
        f"case when abs({number}) <= {bound} then make_timestamp(cast(round({number} *"
        f" {microseconds}) as bigint)) end"
    )


def _in_zone(timestamp: str, zone: str, parameter: str = "timezone") -> str:
    return timestamp if zone == "UTC" else f"timezone('UTC', timezone(${parameter}, {timestamp}))"


def unusable(column: Column, wanted: str, advice: str) -> SourceError:
    """Make the error of a column whose type can never be what is wanted."""
    return SourceError(
        f"{column.label}: holds {column.type}, {wanted} expected. {advice} in the configuration."
    )
