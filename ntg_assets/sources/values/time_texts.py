"""Texts of times in ISO or in a stated format, as SQL."""

import re
from functools import reduce

from ntg_assets.sources.values import day_halves
from ntg_assets.sources.values.calendar_words import in_english
from ntg_assets.sources.values.numbers import DIGITS, FIRST_DIGITS, PRINTED_DIGITS

TIME_TEXT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?\s*"
OFFSET = r"[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"  # no zone is further from UTC than 14 hours
ZONED_TIME_TEXT = (
    r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[T"
    rf" ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?\s*"
    rf"(Z|z|UTC|GMT|{OFFSET})(\[[A-Za-z0-9_/+-]+\])?\s*"  # Java adds the zone in brackets
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
    # places to the engine, whose clocks would show summer time where the text says that they do not
    "CET": "Etc/GMT-1",
    "MET": "Etc/GMT-1",
    "EET": "Etc/GMT-2",
    "WET": "Etc/GMT",
    "PST": "Etc/GMT+8",
    "CST": "Etc/GMT+6",
    "AKST": "Etc/GMT+9",
    "AKDT": "Etc/GMT+8",
    "AEST": "Etc/GMT-10",
    "AEDT": "Etc/GMT-11",
    "AWST": "Etc/GMT-8",
    "NZST": "Etc/GMT-12",
    "NZDT": "Etc/GMT-13",
    "MSK": "Etc/GMT-3",
    "KST": "Etc/GMT-9",
}


NAMED = re.compile(r"%[bBaAp]")


def time_in_format(expression: str, place: int, format_: str) -> str:
    r"""A text read in one format, the one that `$time_format_<place>` holds. The spaces that some
    programs put before AM and PM (U+202F, U+00A0) are spaces, `Sept` is Sep; names of months and
    days and of the halves of a day (`p. m.`) may be those of other languages than English, those of
    zones that mean one offset are known (`CEST`, `EDT`), and what follows an offset in brackets is
    a comment.

    Args:
        expression: SQL of the text.
        place: Number of the parameter that holds the format.
        format_: The format.
    """
    text = f"replace(replace({expression}, chr(8239), ' '), chr(160), ' ')"
    if "%b" in format_:
        text = f"replace({text}, 'Sept ', 'Sep ')"
    if "%z" in format_ and not format_.rstrip().endswith((")", "]")):
        bare = rf"regexp_replace({text}, '\s*(\(.*\)|\[.*\])\s*$', '')"
        ends = f"right(trim({text}), 1) in (')', ']')"
        text = f"case when {ends} then {bare} else {text} end"
    if "%z" in format_:
        text = f"replace({text}, 'Z', '+00')"
    if "%Z" in format_:
        text = _with_known_zone(text)
    kind = "timestamptz" if is_zoned(format_) else "timestamp"
    parsed = f"try_strptime({text}, $time_format_{place})"
    english = reduce(_in_english, NAMED.findall(format_), _in_digits_of_ascii(text))
    parsed = f"coalesce({parsed}, try_strptime({english}, $time_format_{place}))"
    return f"cast({parsed} as {kind})"


def _in_english(text: str, mark: str) -> str:
    return day_halves.in_english(text) if mark == "%p" else in_english(text, mark)


def _in_digits_of_ascii(text: str) -> str:
    """An SQL text with the digits of other scripts as those of ASCII."""
    written = f"translate(t, '{PRINTED_DIGITS}', '{DIGITS * len(FIRST_DIGITS)}')"
    # a lambda, so that a text is put together once, and only where it does not fit as it is
    return (
        f"list_transform([{text}], lambda t: case when strlen(t) > length(t) then {written}"
        " else t end)[1]"
    )


def _with_known_zone(text: str) -> str:
    """A text whose abbreviated zone is one that the engine knows by name."""
    abbreviation = rf"regexp_extract(t, '\b({'|'.join(ZONE_NAMES)})\b', 1)"
    known = ", ".join(f"'{short}': '{name}'" for short, name in ZONE_NAMES.items())
    # lambdas, so that a text is put together once
    named = f"coalesce(replace(t, w, map {{{known}}}[w]), t)"
    replaced = f"list_transform([{abbreviation}], lambda w: {named})[1]"
    return f"list_transform([{text}], lambda t: {replaced})[1]"


def engine_format(format_: str) -> str:
    """A format as the engine has it: its `%n` takes one to nine digits, its `%f` six at most."""
    return format_.replace("%f", "%n").replace("\u202f", " ").replace("\u00a0", " ")


def is_zoned(format_: str) -> bool:
    """Whether texts of a format carry a zone or an offset."""
    return "%z" in format_ or "%Z" in format_


def has_clock(format_: str) -> bool:
    """Whether texts of a format carry a time of the day."""
    return bool(re.search(r"%-?[HIcXspMS]", format_))


def from_iso_text(expression: str, zone: str) -> str:
    """Instant of a text in ISO; those without an offset are of the zone."""
    naive = in_zone(f"try_cast({expression} as timestamp)", zone)
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


def in_zone(timestamp: str, zone: str, parameter: str = "timezone") -> str:
    """A timestamp of a zone as one of UTC; the zone is bound to a parameter.

    Args:
        timestamp: SQL of a naive timestamp.
        zone: Of it.
        parameter: What holds the zone where it is not UTC.
    """
    return timestamp if zone == "UTC" else f"timezone('UTC', timezone(${parameter}, {timestamp}))"
