"""When the nightly run starts, and how a cron line is held to be one."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from ntg_assets.configuration.section import Section

CRON_FIELDS = 5
CRON_RANGES = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
CRON_PART = re.compile(
    r"(?:\*|l|(\d+)(?:-(\d+))?|([a-z]{3})(?:-([a-z]{3}))?)(?:/(\d+))?(?:#[1-5])?"
)
CRON_NAMES = frozenset(
    "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat".split()  # noqa: SIM905  # shorter so
)


class ScheduleSettings(Section):
    """When the nightly run starts."""

    cron: str = "0 3 * * *"
    timezone: str = "UTC"
    enabled: bool = True
    watch_landing: bool = False
    """Whether the arrival of a new source file starts a run."""
    late_after_hours: float = Field(default=26.0, ge=0.02)
    """The UI calls a table of the ingest, live and published stages late when it was last made
    longer ago than this; Dagster looks no more often than once a minute.
    """

    @field_validator("cron")
    @classmethod
    def _has_five_fields(cls, cron: str) -> str:
        if len(cron.split()) != CRON_FIELDS:
            raise ValueError(
                "must be the five fields minute, hour, day, month and weekday of cron, such as 0 3"
                " * * *"
            )
        for field, (name, low, high) in zip(cron.split(), CRON_RANGES, strict=True):
            if not all(_is_cron(part, low, high) for part in field.lower().split(",")):
                raise ValueError(
                    f"names no time: {field!r} is no {name} ({low} to {high}); write for example 0"
                    " 3 * * *"
                )
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                "is no IANA time zone; give a name such as Europe/Paris or UTC"
            ) from None
        return zone


def _is_cron(part: str, low: int, high: int) -> bool:
    """Whether a part of a field of cron names times of its range."""
    matched = CRON_PART.fullmatch(part)
    if matched is None or matched.group(5) == "0":
        return False
    numbers = [int(number) for number in matched.group(1, 2) if number]
    names = [name for name in matched.group(3, 4) if name]
    return all(low <= number <= high for number in numbers) and CRON_NAMES.issuperset(names)
