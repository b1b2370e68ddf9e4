"""Numbers as programs, people and spreadsheets write them, as SQL."""

import re
from collections.abc import Sequence

from ntg_assets.configuration.inputs.written_values import NumberOptions
from ntg_assets.sources.values.columns import FRACTIONS, INTEGERS, TEXTS, Column, unusable

TRUE_WORDS, FALSE_WORDS = ("true", "t", "yes", "y", "on"), ("false", "f", "no", "n", "off")


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


def _among(words: Sequence[str]) -> str:
    return f"({', '.join(repr(word) for word in words)})"
