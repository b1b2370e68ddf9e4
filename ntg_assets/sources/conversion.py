"""How a source column of any type becomes a contract column: SQL expressions that are null where
the source cannot be believed.

Each function takes an SQL expression and its DuckDB type, and gives an expression; user text never
gets in here except as a quoted identifier or a bound parameter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ntg_assets.configuration.events import IdType
from ntg_assets.configuration.files import DurationUnit, NumberOptions, TimeOptions, TimestampUnit
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
CLOCK_TIMES = frozenset({"TIME", "INTERVAL", "TIME_NS"})
LISTS = ("[]", "STRUCT", "MAP")
NAIVE_TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"})
ZONED_TIMES = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})
MICROSECONDS_PER: dict[TimestampUnit, int] = {
    "seconds": 1_000_000,
    "milliseconds": 1_000,
    "microseconds": 1,
}
EXCEL_EPOCH = 25_569  # serial day of 1970-01-01
EXCEL_DAYS = (61, 2_958_466)  # from 1900-03-01, before which a leap day is wrong there, to 9999
NANOSECONDS = 1_000  # in a microsecond, which is the finest that tables hold
LARGEST_EXACT_INTEGER = 2**53  # above it neighbouring integers are the same float
# end of the year 9999: beyond it a timestamp cannot be written as ISO text
LAST_SECOND = 253_402_300_799
DATE_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*"
TIME_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?\s*"
OFFSET = r"[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"  # no zone is further from UTC than 14 hours
ZONED_TIME_TEXT = (
    r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[T"
    rf" ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?\s*"
    rf"(Z|z|UTC|GMT|{OFFSET})(\[[A-Za-z0-9_/+-]+\])?\s*"  # Java adds the zone in brackets
)


@dataclass(frozen=True)
class Column:
    """A source column as SQL sees it.

    Attributes:
        expression: Quoted reference, or a constant.
        type: DuckDB type.
        label: How messages name it (`ratings.csv, column 'ts'`).
        is_json: Whether its texts are values of JSON, in which a list is certain.
    """

    expression: str
    type: str
    label: str = ""
    is_json: bool = False

    @property
    def family(self) -> str:
        """Type without its arguments: `DECIMAL(18,3)` is a DECIMAL."""
        return re.sub(r"\(.*", "", self.type)


# control characters (line ends too), marks that turn the direction of what follows, and signs
# without a width that no script needs (a byte order mark in the middle of a file)
UNPRINTABLE = (
    r"[\x00-\x1f\x7f\x{200e}\x{200f}\x{061c}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{2028}\x{2029}"
    r"\x{200b}\x{2060}\x{feff}]"  # no width
)
LONGEST_ID = 1024  # bytes
# nearly all ids are plain: a pattern over their bytes takes half the time of an expression
PLAIN_START, NOT_PLAIN = '["-~]*', "*[! -~]*"
TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "on"), ("false", "f", "no", "n", "off")
WHOLE_NUMBER = (
    r"\s*[+-]?[0-9]+(\.0*)?\s*"  # `7.0` is what a library without nullable integers writes
)
# abbreviations that the engine does not know, or takes for a place that few mean (BST)
ZONE_NAMES = {
    "CEST": "Etc/GMT-2",
    "MESZ": "Etc/GMT-2",
    "MEZ": "Etc/GMT-1",
    "EEST": "Etc/GMT-3",
    "WEST": "Etc/GMT-1",
    "BST": "Etc/GMT-1",
    "EDT": "Etc/GMT+4",
    "CDT": "Etc/GMT+5",
    "MDT": "Etc/GMT+6",
    "PDT": "Etc/GMT+7",
}
UNITS = {"milliseconds": 1e-3, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
CLOCK = r"\s*(-)?(?:(\d+):)?(\d{1,4}):(\d{1,2}(?:[.,]\d+)?)\s*"
WORDED = (
    r"(?i)\s*(?:P(?:(\d+)D)?T?)?\s*(?:(\d+(?:[.,]\d+)?)\s*h(?:(?:ou)?rs?)?)?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*m(?:in(?:ute)?s?)?)?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*s(?:ec(?:ond)?s?)?)?\s*"
)


def as_id(column: Column, id_type: IdType) -> str:
    """Ids as the source has them: whole numbers stay whole, texts stay as written
    (`00042` is not 42).
    """
    if id_type == "string":
        return _as_text_id(column)
    if column.family in INTEGERS:
        return f"try_cast({column.expression} as bigint)"
    if column.family == "DECIMAL":
        is_whole = f"{column.expression} = floor({column.expression})"
        return f"case when {is_whole} then try_cast({column.expression} as bigint) end"
    if column.family in FRACTIONS:  # what a library with no nullable integers writes
        is_whole = (
            f"{column.expression} = floor({column.expression}) and abs({column.expression}) <="
            f" {LARGEST_EXACT_INTEGER}"
        )
        return f"case when {is_whole} then try_cast({column.expression} as bigint) end"
    if column.family in TEXTS:
        text = f"cast({column.expression} as varchar)"
        return (
            f"case when regexp_full_match({text}, '{WHOLE_NUMBER}') then"
            f" try_cast(split_part({text}, '.', 1) as bigint) end"
        )
    raise unusable(column, "integer ids", "Map another column")


def as_text(column: Column) -> str:
    """Text with at least one character that is no space, as written."""
    if column.family not in TEXTS | INTEGERS | {"BOOLEAN"}:
        raise unusable(column, "text", "Map another column")
    text = f"cast({column.expression} as varchar)"
    return f"case when trim({text}) <> '' then {text} end"


def as_listed_text(column: Column) -> str:
    """Text, or a list of texts or structs as JSON."""
    if column.type.endswith("[]"):
        return f"case when len({column.expression}) > 0 then to_json({column.expression}) end"
    return as_text(column)


def is_list(column: Column) -> str:
    """Whether a column holds lists: by its type, or because JSON says so."""
    if column.type.endswith("[]"):
        return "true"
    return f"starts_with({column.expression}, '[')" if column.is_json else "false"


def as_value(column: Column, options: NumberOptions | None = None) -> str:
    """Finite number; NaN and infinity are null, minus zero is zero
    (so that equal rows are equal byte by byte).
    """
    number = as_number(column, options)
    return f"case when isfinite({number}) then {number} + 0e0 end"


def as_number(column: Column, options: NumberOptions | None = None) -> str:
    """Number, NaN and infinity among them; of texts `true` and `yes` are 1, `false` and `no` 0."""
    if column.family not in TEXTS | INTEGERS | FRACTIONS | {"BOOLEAN"}:
        raise unusable(column, "a number", "Map another column")
    if column.family not in TEXTS:
        return f"try_cast({column.expression} as double)"
    text = f"cast({column.expression} as varchar)"
    number = (
        f"try_cast({text} as double)"
        if options is None or options.are_plain
        else _from_written_number(text, options)
    )
    word = f"lower(trim({text}))"
    return (
        f"coalesce({number}, case when {word} in {_among(TRUE_WORDS)} then 1e0 when {word} in"
        f" {_among(FALSE_WORDS)} then 0e0 end)"
    )


def as_duration(column: Column, unit: DurationUnit) -> str:
    """Length of time in a unit, from a clock (`1:02:03`, `2:45` minutes and seconds), words
    (`1h 2m 3s`), ISO (`PT1H2M3S`), or a column of times or intervals.
    """
    per_unit = UNITS[unit]
    if column.family in CLOCK_TIMES:
        return f"cast(epoch({column.expression}) as double) / {per_unit}"
    if column.family not in TEXTS:
        raise unusable(column, "durations as text", "Set `value_format: number`")
    text = f"cast({column.expression} as varchar)"
    clock = _sum_of_parts(text, CLOCK, {2: 3600, 3: 60, 4: 1})
    worded = _sum_of_parts(text, WORDED, {1: 86400, 2: 3600, 3: 60, 4: 1})
    sign = rf"case when regexp_matches({text}, '^\s*-') then -1e0 else 1e0 end"
    return (
        f"case when regexp_full_match({text}, '{CLOCK}') then {sign} * ({clock}) / {per_unit} when"
        rf" regexp_full_match({text}, '{WORDED}') and regexp_matches({text}, '\d') then ({worded})"
        f" / {per_unit} end"
    )


def value_if_empty(converted: str, column: Column, value: float) -> str:
    """A number, where the column is empty another one."""
    empty = f"coalesce(trim(cast({column.expression} as varchar)), '') = ''"
    return f"case when {empty} then cast({value!r} as double) else {converted} end"


def _from_written_number(text: str, options: NumberOptions) -> str:
    """Number as people and spreadsheets write it; null where it could mean something else."""
    bare = f"trim({text})"
    for place in range(len(options.currency_signs)):
        bare = f"replace({bare}, $currency_sign_{place}, '')"
    bare = f"trim(replace({bare}, chr(160), ' '))"
    if options.accounting_negatives:
        bare = (
            rf"regexp_replace(regexp_replace({bare}, '^\(\s*(.*?)\s*\)$', '-\1'),"
            rf" '^([^-].*?)\s*-$', '-\1')"
        )
    point = re.escape(options.decimal)
    whole = r"\d+"
    if options.thousands:
        group = "''" if options.thousands == "'" else re.escape(options.thousands)
        whole = rf"(\d{{1,3}}({group}\d{{3}})+|\d+)"
        bare_digits = f"replace({bare}, '{options.thousands.replace(chr(39), chr(39) * 2)}', '')"
    else:
        bare_digits = bare
    plain = f"replace({bare_digits}, '{options.decimal}', '.')"
    pattern = rf"[+-]?\s*({whole}({point}\d*)?|{point}\d+)"
    return (
        f"case when regexp_full_match({bare}, '{pattern}') then"
        f" try_cast(replace({plain}, ' ', '') as double) end"
    )


def _sum_of_parts(text: str, pattern: str, seconds: dict[int, int]) -> str:
    """Seconds of the groups of a pattern, each worth so many."""
    return " + ".join(
        f"coalesce(try_cast(replace(nullif(regexp_extract({text}, '^(?:{pattern})$', {group}), ''),"
        f" ',', '.') as double), 0e0) * {worth}"
        for group, worth in seconds.items()
    )


def _among(words: Sequence[str]) -> str:
    return f"({', '.join(repr(word) for word in words)})"


@dataclass(frozen=True)
class TimeReading:
    """How the times of a column are read.

    Attributes:
        unit: Of epoch numbers, or iso.
        formats: Of texts; none: ISO.
        zone: Of times without one; `$timezone` holds it unless it is UTC.
        day_zone: Of days without a time, `$service_timezone`; none: `zone`.
    """

    unit: TimestampUnit = "iso"
    formats: tuple[str, ...] = ()
    zone: str = "UTC"
    day_zone: str | None = None

    @classmethod
    def of(cls, options: TimeOptions, *, day_zone: str | None = None) -> "TimeReading":
        """How a configured column is read."""
        return cls(
            options.timestamp_unit, tuple(options.timestamp_format), options.timezone, day_zone
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """Values that the expressions are bound to."""
        zones = {"timezone": self.zone, "service_timezone": self.day_zone or self.zone}
        if zones["service_timezone"] == self.zone:
            zones.pop("service_timezone")
        given: dict[str, Any] = {name: zone for name, zone in zones.items() if zone != "UTC"}
        return given | {
            f"time_format_{place}": _engine_format(one) for place, one in enumerate(self.formats)
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
        if self.unit == "excel_days":
            return "is no serial day of a spreadsheet"
        return "is no ISO timestamp" if self.unit == "iso" else f"is no epoch number ({self.unit})"


def as_instant(column: Column, reading: TimeReading) -> str:
    """Naive UTC timestamp in microseconds; times without a zone are those of the reading's zone.

    A column that holds timestamps is read as such whatever the unit says: its meaning is certain. A
    day without a time is one of the day's zone.
    """
    if reading.formats and column.family in TEXTS:
        return _from_formats(column.expression, reading)
    day_zone = reading.day_zone
    if day_zone is None or day_zone == reading.zone:
        return _as_instant(column, reading.unit, reading.zone)
    if column.family == "DATE":
        return _in_zone(f"cast({column.expression} as timestamp)", day_zone, "service_timezone")
    if reading.unit != "iso" or column.family not in TEXTS:
        return _as_instant(column, reading.unit, reading.zone)
    day = _in_zone(
        f"try_cast(trim({column.expression}) as timestamp)", day_zone, "service_timezone"
    )
    return (
        f"case when regexp_full_match({column.expression}, '{DATE_TEXT}') then {day} else"
        f" {_as_instant(column, reading.unit, reading.zone)} end"
    )


def as_clock(column: Column, reading: TimeReading) -> str:
    """What the clocks of the reading's zone showed, where a time carries no zone of its own;
    null elsewhere: only such a time can lie in a gap, or twice, when clocks change.
    """
    if column.family in NAIVE_TIMES - {"DATE"}:
        return f"cast({column.expression} as timestamp)"
    if reading.unit == "excel_days" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return _from_excel_days(column)
    if column.family not in TEXTS or reading.unit != "iso":
        return "cast(null as timestamp)"
    if not reading.formats:
        return (
            f"case when regexp_full_match({column.expression}, '{TIME_TEXT}') and not"
            f" regexp_full_match({column.expression}, '{DATE_TEXT}') then"
            f" try_cast({column.expression} as timestamp) end"
        )
    naive = [
        time_in_format(column.expression, place, one)
        for place, one in enumerate(reading.formats)
        if not _is_zoned(one)
    ]
    return f"coalesce({', '.join([*naive, 'null'])})" if naive else "cast(null as timestamp)"


def _from_formats(expression: str, reading: TimeReading) -> str:
    """Instant of a text in the first format that it fits."""
    tried = []
    for place, one in enumerate(reading.formats):
        parsed = time_in_format(expression, place, one)
        if _is_zoned(one):
            tried.append(f"cast({parsed} as timestamp)")
        elif reading.day_zone not in {None, reading.zone} and not _has_clock(one):
            tried.append(_in_zone(parsed, str(reading.day_zone), "service_timezone"))
        else:
            tried.append(_in_zone(parsed, reading.zone))
    return f"coalesce({', '.join(tried)})" if len(tried) > 1 else tried[0]


def time_in_format(expression: str, place: int, given: str) -> str:
    r"""A text read in one format, the one that `$time_format_<place>` holds. The spaces that some
    programs put before AM and PM (U+202F, U+00A0) are spaces, `p.m.` is PM, `Sept` is Sep; names of
    zones that mean one offset are known (`CEST`, `EDT`), and what follows an offset in brackets is
    a comment.
    """
    text = f"replace(replace({expression}, chr(8239), ' '), chr(160), ' ')"
    if "%p" in given:
        dotted = rf"regexp_replace({text}, '(?i)([ap])\.m\b\.?', '\1m')"
        text = f"case when contains(lower({text}), '.m') then {dotted} else {text} end"
    if "%b" in given:
        text = f"replace({text}, 'Sept ', 'Sep ')"
    if "%z" in given:
        bare = rf"regexp_replace({text}, '\s*(\(.*\)|\[.*\])\s*$', '')"
        ends = f"right(trim({text}), 1) in (')', ']')"
        text = f"replace(case when {ends} then {bare} else {text} end, 'Z', '+00')"
    if "%Z" in given:
        text = _with_known_zone(text)
    kind = "timestamptz" if _is_zoned(given) else "timestamp"
    return f"cast(try_strptime({text}, $time_format_{place}) as {kind})"


def _with_known_zone(text: str) -> str:
    """A text whose abbreviated zone is one that the engine knows by name."""
    found = rf"regexp_extract({text}, '\b({'|'.join(ZONE_NAMES)})\b', 1)"
    named = " ".join(
        rf"when '{short}' then regexp_replace({text}, '\b{short}\b', '{name}')"
        for short, name in ZONE_NAMES.items()
    )
    return f"case {found} {named} else {text} end"


def _engine_format(given: str) -> str:
    """A format as the engine has it: its `%n` takes one to nine digits, its `%f` six at most."""
    return given.replace("%f", "%n").replace("\u202f", " ").replace("\u00a0", " ")


def _is_zoned(given: str) -> bool:
    return "%z" in given or "%Z" in given


def _has_clock(given: str) -> bool:
    return bool(re.search(r"%-?[HIcXspMS]", given))


def _as_instant(column: Column, unit: TimestampUnit, zone: str) -> str:
    if column.family in ZONED_TIMES:
        return f"cast(cast({column.expression} as timestamptz) as timestamp)"
    if column.family in NAIVE_TIMES:
        return _in_zone(f"cast({column.expression} as timestamp)", zone)
    if unit == "iso" and column.family in TEXTS:
        return _from_iso_text(column.expression, zone)
    if unit == "excel_days" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return _in_zone(_from_excel_days(column), zone)
    if unit == "nanoseconds" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return _from_nanoseconds(column)
    if unit != "iso" and column.family in TEXTS | INTEGERS | FRACTIONS:
        return _from_epoch(column, MICROSECONDS_PER[unit])
    advice = (
        "Set `timestamp_unit` to seconds, milliseconds, microseconds or nanoseconds"
        if column.family in INTEGERS | FRACTIONS
        else "Map another column"
    )
    raise unusable(column, "timestamps", advice)


def _as_text_id(column: Column) -> str:
    if column.family in INTEGERS:
        return f"cast({column.expression} as varchar)"
    if column.family == "DECIMAL":
        whole = f"cast(try_cast({column.expression} as hugeint) as varchar)"
        return f"case when {column.expression} = floor({column.expression}) then {whole} end"
    if column.family in TEXTS:
        text = f"cast({column.expression} as varchar)"
        is_plain = f"{text} glob '{PLAIN_START}' and not ({text} glob '{NOT_PLAIN}')"
        is_seen = f"trim({text}) <> '' and not regexp_matches({text}, '{UNPRINTABLE}')"
        return (
            f"case when strlen({text}) <= {LONGEST_ID} and case when {is_plain} then true else"
            f" {is_seen} end then {text} end"
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
    bare = rf"regexp_replace({expression}, '\[.*$', '')"
    without_space = rf"regexp_replace({bare}, '\s+({OFFSET}\s*)$', '\1')"
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


def _from_nanoseconds(column: Column) -> str:
    """Timestamp of an epoch number in nanoseconds, cut to microseconds, exact for whole numbers."""
    whole = (
        f"try_cast({column.expression} as bigint)"
        if column.family in INTEGERS
        else f"case when regexp_full_match(cast({column.expression} as varchar), '{WHOLE_NUMBER}')"
        f" then try_cast(split_part(cast({column.expression} as varchar), '.', 1) as bigint) end"
        if column.family in TEXTS
        else f"try_cast({column.expression} as bigint)"
    )
    return f"make_timestamp({whole} // {NANOSECONDS})"


def _from_excel_days(column: Column) -> str:
    """Timestamp of a serial day of a spreadsheet, to the millisecond: days since 1899-12-30, as
    local clocks showed them.
    """
    number = f"try_cast({column.expression} as double)"
    return (
        f"case when {number} between {EXCEL_DAYS[0]} and {EXCEL_DAYS[1]} then"
        f" make_timestamp(cast(round(({number} - {EXCEL_EPOCH}) * 86400000) as bigint) * 1000) end"
    )


def _in_zone(timestamp: str, zone: str, parameter: str = "timezone") -> str:
    return timestamp if zone == "UTC" else f"timezone('UTC', timezone(${parameter}, {timestamp}))"


def unusable(column: Column, wanted: str, advice: str) -> SourceError:
    """Make the error of a column whose type can never be what is wanted."""
    return SourceError(
        f"{column.label}: holds {column.type}, {wanted} expected. {advice} in the configuration."
    )
