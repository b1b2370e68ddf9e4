"""What the logs of an experiment hold: the rows of one type of event, and what was left out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class LogContent:
    """One log and one type of event (none for exposures);
    the fields are columns of `log_contents`.
    """

    log: str
    event_type: str | None
    n_rows: int
    n_out_of_time: int = 0
    n_duplicates: int = 0
    n_not_finite: int = 0
    last_at: datetime | None = None
    ended_at: datetime | None = None
    n_after_end: int = 0

    @property
    def order(self) -> tuple[str, str]:
        return self.log, self.event_type or ""


def log_content(row: Mapping[str, Any]) -> LogContent:
    """Read one row of `log_contents`."""
    content: dict[str, Any] = {field.name: row[field.name] for field in fields(LogContent)}
    return LogContent(**content)
