"""Numbers as programs, people and spreadsheets write them, as SQL."""

import re
from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.inputs.written_values import NumberOptions
from ntg_assets.sources.values.columns import FRACTIONS, INTEGERS, TEXTS, Column, unusable

# as programs write them, and spreadsheets in the languages of their users
TRUE_WORDS = (
    "true", "t", "yes", "y", "on", "ja", "wahr", "oui", "vrai", "si", "s\u00ed",
    "verdadero", "vero", "sim", "verdadeiro", "waar",
)  # fmt: skip
FALSE_WORDS = (
    "false", "f", "no", "n", "off", "nein", "falsch", "non", "faux", "falso", "n\u00e3o", "nao",
    "nee", "onwaar",
)  # fmt: skip
# signs that mean the same whoever reads them: digits of other scripts, minus signs and dashes,
# spaces and apostrophes of print
DIGITS = "0123456789"
# of full width; Arabic, Persian, Devanagari, Bengali, Thai
FIRST_DIGITS = "\uff10\u0660\u06f0\u0966\u09e6\u0e50"
PRINTED_DIGITS = "".join(chr(ord(first) + place) for first in FIRST_DIGITS for place in range(10))
PRINTED = PRINTED_DIGITS + "\uff0e\uff0c\uff0d\u2212\u2013\u066b\u066c"
TYPED = DIGITS * len(FIRST_DIGITS) + ".,---.,"
SPACES = "\u00a0\u202f\u2009\u2007"
APOSTROPHES = "\u2019\u02bc"
FULL_STARS, HALF, EMPTY_STARS = "\u2605\u2b50\u272d", "\u00bd", "\u2606\u2729\u2730"
_STAR = f"[{FULL_STARS}{HALF}{EMPTY_STARS}]"
STARS = f" *{_STAR}(?:{_STAR}|\ufe0f| )*"  # `★★★½☆`
PLAIN_NUMBER = r"^\s*[+-]?\d+(?:\.\d*)?\s*$"
INDIAN = ","  # the sign between groups of two digits, but for the last: 1,23,456


def as_value(column: Column, options: NumberOptions | None = None) -> str:
    """Finite number; NaN and infinity are null, minus zero is zero
    (so that equal rows are equal byte by byte).
    """
    number = as_number(column, options)
    return f"case when isfinite({number}) then {number} + 0e0 end"


def as_number(column: Column, options: NumberOptions | None = None) -> str:
    """Number, NaN and infinity among them; of texts `true` and `yes` are 1, `false` and `no` 0, and
    stars as many as are full.
    """
    if column.family not in TEXTS | INTEGERS | FRACTIONS | {"BOOLEAN"}:
        raise unusable(column, "a number", "Map another column")
    if column.family not in TEXTS:
        return f"try_cast({column.expression} as double)"
    text = f"cast({column.expression} as varchar)"
    number = (
        f"coalesce(try_cast({text} as double), try_cast({typed_text(text)} as double))"
        if options is None or options.are_plain
        else _from_written_number(text, options)
    )
    word = f"lower(trim({text}))"
    return (
        f"coalesce({number}, case when {word} in {_among(TRUE_WORDS)} then 1e0 when {word} in"
        f" {_among(FALSE_WORDS)} then 0e0 when regexp_full_match({text}, '{STARS}') then"
        f" {_count(text, FULL_STARS)} + 5e-1 * {_count(text, HALF)} end)"
    )


def _count(text: str, signs: str) -> str:
    return f"(length({text}) - length(translate({text}, '{signs}', '')))"


def value_if_empty(converted: str, column: Column, value: float) -> str:
    """A number, where the column is empty another one."""
    empty = f"coalesce(trim(cast({column.expression} as varchar)), '') = ''"
    return f"case when {empty} then cast({value!r} as double) else {converted} end"


def _from_written_number(text: str, options: NumberOptions) -> str:
    """Number as people and spreadsheets write it; null where it could mean something else."""
    bare = f"trim({typed_text(text)})"
    for place, sign in enumerate(options.currency_signs):
        bare = _without_sign(bare, typed_text(f"$currency_sign_{place}"), sign)
    bare = f"trim({bare})"
    if options.accounting_negatives:
        bare = (
            rf"regexp_replace(regexp_replace({bare}, '^\(\s*(.*?)\s*\)$', '-\1'),"
            rf" '^([^-].*?)\s*-$', '-\1')"
        )
    digits = bare
    if options.thousands:
        digits = f"replace({bare}, '{_in_sql(options.thousands)}', '')"
    plain = f"replace({digits}, '{options.decimal}', '.')"
    pattern = _in_sql(number_pattern(options.decimal, options.thousands))
    return (
        f"case when regexp_full_match({bare}, '{pattern}') then"
        f" try_cast(replace({plain}, ' ', '') as double) end"
    )


def _without_sign(text: str, sign: str, written: str) -> str:
    """SQL of a text without a sign; one with figures (`/5`) stands behind the number only."""
    if not any(character.isdigit() for character in written):
        return f"replace({text}, {sign}, '')"
    rest = f"left({text}, length({text}) - length({sign}))"
    return f"case when ends_with({text}, {sign}) then {rest} else {text} end"


def number_pattern(decimal: str, thousands: str | None) -> str:
    """Pattern of the numbers that are written with these signs."""
    point, whole = re.escape(decimal), r"\d+"
    if thousands:
        group = re.escape(thousands)
        groups = rf"(?:{group}\d{{2,3}})*" if thousands == INDIAN else rf"(?:{group}\d{{3}})*"
        whole = rf"(?:\d{{1,3}}{groups}{group}\d{{3}}|\d+)"
    return rf"[+-]?\s*(?:{whole}(?:{point}\d*)?|{point}\d+)"


def as_program_text(texts: pl.Expr, options: NumberOptions) -> pl.Expr:
    """Write numbers as programs do, digit by digit: what is no number in the configured signs stays
    as it is, for the message.
    """
    typed_texts = texts.str.replace_many(list(_from()), list(_to()))
    bare = _without_signs(typed_texts, options).str.strip_chars()
    if options.accounting_negatives:
        bare = bare.str.replace(r"^\(\s*(.*?)\s*\)$", "-$1").str.replace(r"^([^-].*?)\s*-$", "-$1")
    pattern = number_pattern(options.decimal, options.thousands)
    plain = bare.str.replace_all(options.thousands or " ", "", literal=True)
    plain = plain.str.replace(options.decimal, ".", literal=True)
    is_of_programs = texts.str.contains(PLAIN_NUMBER)  # and of these signs it is none
    return (
        pl.when(bare.str.contains(f"^(?:{pattern})$"))
        .then(plain)
        .when(is_of_programs)
        .then(texts + pl.lit(f" (with {options.decimal!r} before decimals)"))
        .otherwise(texts)
    )


def _without_signs(texts: pl.Expr, options: NumberOptions) -> pl.Expr:
    """Texts without the signs of currencies; one with a digit (`/5`) stands behind numbers only."""
    for sign in map(typed, options.currency_signs):
        is_behind = any(character.isdigit() for character in sign)
        texts = (
            texts.str.strip_suffix(sign)
            if is_behind
            else texts.str.replace_all(sign, "", literal=True)
        )
    return texts


def typed(text: str) -> str:
    """A text with the signs of print as those of a keyboard; see `PRINTED`."""
    return text.translate(str.maketrans(_from(), _to()))


def typed_text(text: str) -> str:
    """SQL of a text with the signs of print as those of a keyboard."""
    return f"translate({text}, '{_in_sql(_from())}', '{_in_sql(_to())}')"


def _from() -> str:
    return PRINTED + SPACES + APOSTROPHES


def _to() -> str:
    return TYPED + " " * len(SPACES) + "'" * len(APOSTROPHES)


def _in_sql(text: str) -> str:
    return text.replace("'", "''")


def _among(words: Sequence[str]) -> str:
    return f"({', '.join(repr(word) for word in words)})"
