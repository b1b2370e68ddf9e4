"""Ids as the source has them, as SQL: whole numbers stay whole, texts stay as written."""

from ntg_assets.configuration.inputs.events import IdType
from ntg_assets.sources.values.columns import (
    FRACTIONS,
    INTEGERS,
    LARGEST_EXACT_INTEGER,
    TEXTS,
    WHOLE_NUMBER,
    Column,
    unusable,
)

# control characters (line ends too), marks that turn the direction of what follows, and signs
# without a width that no script needs (a byte order mark in the middle of a file)
UNPRINTABLE = (
    r"[\x00-\x1f\x7f\x{200e}\x{200f}\x{061c}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{2028}\x{2029}"
    r"\x{200b}\x{2060}\x{feff}]"  # no width
)
LONGEST_ID = 1024  # bytes
# nearly all ids are plain: a pattern over their bytes takes half the time of an expression
PLAIN_START, NOT_PLAIN = '["-~]*', "*[! -~]*"


def as_id(column: Column, id_type: IdType) -> str:
    """Ids as the source has them: whole numbers stay whole, texts stay as written
    (`00042` is not 42).
    """
    if id_type == "string":
        return _as_text_id(column)
    if column.family in INTEGERS:
        return f"try_cast({column.expression} as bigint)"
    if column.family in FRACTIONS:
        is_whole = _is_whole(column)
        return f"case when {is_whole} then try_cast({column.expression} as bigint) end"
    if column.family in TEXTS:
        text = f"cast({column.expression} as varchar)"
        return (
            f"case when regexp_full_match({text}, '{WHOLE_NUMBER}') then"
            f" try_cast(split_part({text}, '.', 1) as bigint) end"
        )
    raise unusable(column, "integer ids", "Map another column")


def _is_whole(column: Column) -> str:
    """Whether a number is whole: of floats, which a library without nullable integers writes, only
    those that are exact.
    """
    is_whole = f"{column.expression} = floor({column.expression})"
    if column.family == "DECIMAL":
        return is_whole
    return f"{is_whole} and abs({column.expression}) <= {LARGEST_EXACT_INTEGER}"


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
    advice = "Write ids as text" if column.family == "BLOB" else "Set the id type to integer"
    raise unusable(column, "string ids", f"{advice}, or map another column")
