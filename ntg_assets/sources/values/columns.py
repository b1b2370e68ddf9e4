"""Columns of files as SQL sees them, and those whose type is texts already.

Each function of this folder takes a column and gives an expression that is null where the source
cannot be believed; user text never gets in but as a quoted identifier or a bound parameter.
"""

import re
from dataclasses import dataclass

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
LARGEST_EXACT_INTEGER = 2**53  # above it neighbouring integers are the same float


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


WHOLE_NUMBER = (
    r"\s*[+-]?[0-9]+(\.0*)?\s*"  # `7.0` is what a library without nullable integers writes
)


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


def unusable(column: Column, wanted: str, advice: str) -> SourceError:
    """Make the error of a column whose type can never be what is wanted."""
    return SourceError(
        f"{column.label}: holds {column.type}, {wanted} expected. {advice} in the configuration."
    )
