"""Limits of the embedded engine."""

import re

from pydantic import Field, field_validator

from ntg_assets.configuration.section import Section

MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT])(i?)B")
LEAST_MEMORY, MOST_MEMORY = 10**6, 10**15  # the engine takes neither less nor more
MOST_THREADS = 1_024  # the engine starts as many as it is told, and is then busy with nothing else


def _bytes(amount: str) -> float:
    """Read an amount of memory such as 3GB or 512MiB."""
    number, unit, is_binary = MEMORY.fullmatch(amount).groups()  # type: ignore[union-attr]  # whose form was checked
    return float(number) * (1024 if is_binary else 1000) ** (1 + "KMGT".index(unit))


class EngineSettings(Section):
    """Limits of the embedded engine."""

    memory_limit: str = "4GB"
    threads: int | None = Field(default=None, ge=1, le=MOST_THREADS)
    """Worker threads; null: all cores. No result depends on it."""
    minimum_free_disk_gb: float = Field(default=1.0, ge=0)
    """A run does not start with less free disk than this, or than three times the warehouse and one
    more publication, whichever is more.
    """

    show_user_ids: bool = False
    """Whether the samples of tables in the Dagster UI, which its history keeps, name users by their
    ids; else they are numbered within each sample.
    """

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, limit: str) -> str:
        if not MEMORY.fullmatch(limit):
            raise ValueError("must be a number with KB, MB, GB or TB, such as 3GB")
        if not LEAST_MEMORY <= _bytes(limit) <= MOST_MEMORY:
            raise ValueError("must lie between 1MB and 1000TB")
        return limit
