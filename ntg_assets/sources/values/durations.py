"""Lengths of time as clocks, words and ISO write them, as SQL."""

import re

from ntg_assets.configuration.inputs.written_values import DurationUnit
from ntg_assets.sources.values.columns import CLOCK_TIMES, TEXTS, Column, unusable

UNITS = {"milliseconds": 1e-3, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
DAYS = r"(?:d(?:ays?)?|tage?|jours?|日)"
HOURS = r"(?:h(?:rs?|ours?|eures?|oras?)?|std|stunden?|or[ae]|時間|小时)"
MINUTES = r"(?:m(?:in(?:s|ute[ns]?|utos?|uti)?)?|分間?|分钟|'|" + "\u2032)"
SECONDS = r"(?:s(?:ec(?:ond(?:e?s|i)?|s)?|ek(?:unden?)?|egundos?)?|秒|\"|" + "\u2033)"
NEXT = r"\.?,?\s*(?:(?:and|und|et|y|e)\s+)?"  # between two parts
NUMBER = r"(\d+(?:[.,]\d+)?)"
# groups: sign, days, hours, minutes, seconds
CLOCK = rf"(?i)\s*(-)?(?:(\d+)\s*{DAYS},?\s+)?(?:(\d+):)?(\d{{1,4}}):(\d{{1,2}}(?:[.,]\d+)?)\s*"
WORDED = (
    rf"(?i)\s*(-)?P?(?:(\d+)\s*{DAYS}{NEXT})?T?(?:{NUMBER}\s*{HOURS}{NEXT})?"
    rf"(?:{NUMBER}\s*{MINUTES}{NEXT})?(?:{NUMBER}\s*{SECONDS}\.?)?\s*"
)
SECONDS_OF_GROUPS = {2: 86400, 3: 3600, 4: 60, 5: 1}


def is_duration(text: str) -> bool:
    """Whether a text is one that `as_duration` reads."""
    return bool(
        re.fullmatch(CLOCK, text) or (re.search(r"\d", text) and re.fullmatch(WORDED, text))
    )


def as_duration(column: Column, unit: DurationUnit) -> str:
    """Length of time in a unit, from a clock (`1:02:03`, `2:45` minutes and seconds, `1 day
    02:03:04`), words (`1h 2m 3s`, `1 Std. 2 Min.`, `1時間2分`), ISO (`PT1H2M3S`), or a column of
    times or intervals.
    """
    per_unit = UNITS[unit]
    if column.family in CLOCK_TIMES:
        return f"cast(epoch({column.expression}) as double) / {per_unit}"
    if column.family not in TEXTS:
        raise unusable(column, "durations as text", "Set `value_format: number`")
    text = f"cast({column.expression} as varchar)"
    sign = rf"case when regexp_matches({text}, '^\s*-') then -1e0 else 1e0 end"
    clock, worded = (pattern.replace("'", "''") for pattern in (CLOCK, WORDED))
    return (
        f"case when regexp_full_match({text}, '{clock}') then {sign} *"
        f" ({_sum_of_parts(text, clock)}) / {per_unit} when regexp_full_match({text}, '{worded}')"
        rf" and regexp_matches({text}, '\d') then {sign} * ({_sum_of_parts(text, worded)})"
        f" / {per_unit} end"
    )


def _sum_of_parts(text: str, pattern: str) -> str:
    """Seconds of the groups of a pattern, each worth so many."""
    return " + ".join(
        f"coalesce(try_cast(replace(nullif(regexp_extract({text}, '^(?:{pattern})$', {group}), ''),"
        f" ',', '.') as double), 0e0) * {worth}"
        for group, worth in SECONDS_OF_GROUPS.items()
    )
