"""Lengths of time as clocks, words and ISO write them, as SQL."""

from ntg_assets.configuration.inputs.written_values import DurationUnit
from ntg_assets.sources.values.columns import CLOCK_TIMES, TEXTS, Column, unusable

UNITS = {"milliseconds": 1e-3, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
CLOCK = r"\s*(-)?(?:(\d+):)?(\d{1,4}):(\d{1,2}(?:[.,]\d+)?)\s*"
WORDED = (
    r"(?i)\s*(?:P(?:(\d+)D)?T?)?\s*(?:(\d+(?:[.,]\d+)?)\s*h(?:(?:ou)?rs?)?)?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*m(?:in(?:ute)?s?)?)?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*s(?:ec(?:ond)?s?)?)?\s*"
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


def _sum_of_parts(text: str, pattern: str, seconds: dict[int, int]) -> str:
    """Seconds of the groups of a pattern, each worth so many."""
    return " + ".join(
        f"coalesce(try_cast(replace(nullif(regexp_extract({text}, '^(?:{pattern})$', {group}), ''),"
        f" ',', '.') as double), 0e0) * {worth}"
        for group, worth in seconds.items()
    )
