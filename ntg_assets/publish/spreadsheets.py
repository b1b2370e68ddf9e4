"""CSV files that people open in a spreadsheet: nothing in them runs as a formula,
and amounts are told to two decimals.

A spreadsheet takes a cell for a formula by its first sign, quoted or not: an id such as `=cmd|' /C
calc'!A0` would run on the desk of whoever opens the list. Such a text gets one apostrophe in front,
which a spreadsheet does not run. A text that begins with an apostrophe of its own gets one too, so
that taking one leading apostrophe away always gives the exact text back.

Source: OWASP, "CSV Injection" (the signs, the apostrophe inside a quoted cell).
"""

from pathlib import Path

import polars as pl

APOSTROPHE = "'"
DECIMALS = 2  # of money and of probabilities
SIGNS = (  # as written, full-width, small, raised and lowered forms
    r"=\uff1d\ufe66\u207c\u208c\u2a75\u2a76"
    r"+\uff0b\ufe62\u207a\u208a\ufb29"
    r"\-\uff0d\ufe63\u207b\u208b\u2212"
    r"@\uff20\ufe6b"
)
# what a spreadsheet skips before it looks at the first sign: spaces of all kinds, zero-width and
# control signs
BLANK = r"[\s\p{Z}\p{C}]"
STARTS_A_FORMULA = rf"^(?:{BLANK}*[{SIGNS}]|[\t\r\n]|{APOSTROPHE})"
NOTE = (
    "A text that a spreadsheet would run as a formula (first sign =, +, -, @ or a form of these,"
    " also after blanks; tab; line break) has one apostrophe in front, and so has a text that"
    " begins with one: take one leading apostrophe away to have the exact text. Decimal numbers"
    f" are rounded to {DECIMALS} places. The Parquet file beside it is exact."
)


def write_spreadsheet(rows: pl.DataFrame, target: Path) -> None:
    """Write a CSV for people: texts in quotes and harmless,
    decimal numbers rounded, numbers as numbers.
    """
    spreadsheet_safe(rows).write_csv(target, quote_style="non_numeric", float_precision=DECIMALS)


def safe_text(text: str) -> str:
    """Put an apostrophe before one text that a spreadsheet would run."""
    if text[:1].isalnum():  # no sign, no blank: nearly every text
        return text
    return str(spreadsheet_safe(pl.DataFrame({"text": [text]}))["text"][0])


def spreadsheet_safe(rows: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run, and round decimal numbers."""
    text = pl.col(pl.String)
    harmless = (
        pl.when(text.str.contains(STARTS_A_FORMULA)).then(pl.lit(APOSTROPHE) + text).otherwise(text)
    )
    # -0.0 + 0.0 is 0.0: no "-0.00"
    return rows.with_columns(harmless.name.keep(), pl.col(pl.Float64).round(DECIMALS) + 0.0)
