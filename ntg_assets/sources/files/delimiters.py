"""Which character separates the fields of a header, where it is not the configured one."""

import csv
import io
from collections.abc import Collection

SURE_DELIMITERS = (";", "\t", ",", "|", "\x01")
# also parts of names: only believed where they bring a wanted name to light
UNSURE_DELIMITERS = (":", " ")
SIGN_WORDS = {"\t": "tabs", " ": "spaces"}
SHOWN_SIGNS = {"\t": "\\t", "\x01": "\\x01"}


def describe_other_delimiter(header: str, delimiter: str, wanted: Collection[str] = ()) -> str:
    """Say which delimiter a header seems to have been written with;
    nothing where the configured one is as good.

    Args:
        header: First line of the file.
        delimiter: The configured one.
        wanted: Column names that the configuration asks for; without any the most fields count.
    """
    fields = {
        sign: _fields(header, sign)
        for sign in (*SURE_DELIMITERS, *UNSURE_DELIMITERS, delimiter)
        if sign in header
    }
    named = {sign: len(set(wanted).intersection(names)) for sign, names in fields.items()}
    divided = {sign: len(fields[sign]) if sign in SURE_DELIMITERS else 0 for sign in fields}
    best = max(fields, key=lambda sign: (named[sign], divided[sign]), default=delimiter)
    if best == delimiter:
        return ""
    is_better = named[best] > named.get(delimiter, 0)
    n_before = len(fields.get(delimiter, []))
    is_divided = divided[best] > 1 >= n_before
    if not (is_better or is_divided):
        return ""
    shown = SIGN_WORDS.get(best, repr(best))
    return f'Its fields are separated by {shown}: set `delimiter: "{SHOWN_SIGNS.get(best, best)}"`.'


def _fields(header: str, delimiter: str) -> list[str]:
    if len(delimiter) > 1:
        return header.split(delimiter)
    try:
        return next(
            csv.reader(io.StringIO(header, newline=""), delimiter=delimiter, strict=True), []
        )
    except csv.Error:
        return []
