"""How the past is divided into TRAIN, VAL and TEST."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ntg_assets.configuration.section import Section


class SplitSettings(Section):
    """Boundaries of TRAIN `[start, t_val)`, VAL `[t_val, t_test)` and TEST `[t_test, end)`."""

    strategy: Literal["global_time", "per_user"] = "global_time"
    """`global_time`: the same two instants for everyone. `per_user`: shares of each user's own
    history.
    """
    boundaries: Literal["quantile", "weekly", "dates", "last_days"] = "quantile"
    """How `global_time` finds its instants. `weekly`: as `quantile`, of the log up to its last
    Monday, where TEST ends: between two Mondays the back-test is the same, and is not made again.
    The models of `live` are learned of what lies before the last Thursday, and last as long; the
    page says how old the evidence is.
    """
    val_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of events in VAL (`quantile`, `weekly`, `per_user`)."""
    test_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of events in TEST (`quantile`, `weekly`, `per_user`)."""
    val_start: str | None = None
    """First day of VAL (ISO; a time is possible too,
    without an offset it is one of the service's zone), for `dates`.
    """
    test_start: str | None = None
    """First day of TEST (ISO, as above), for `dates`."""
    val_days: int = Field(default=30, ge=1)
    """Length of VAL in days, for `last_days`."""
    test_days: int = Field(default=30, ge=1)
    """Length of TEST in days, for `last_days`."""

    @field_validator("val_start", "test_start", mode="before")
    @classmethod
    def _is_an_instant(cls, at: object) -> object:
        if isinstance(at, date):  # what YAML makes of 2024-01-31 without quotes
            return at.isoformat()
        if isinstance(at, str):
            try:
                datetime.fromisoformat(at)
            except ValueError:
                raise ValueError(
                    "must be an ISO date or time such as 2024-01-31 or 2024-01-31T18:00:00+01:00"
                ) from None
        return at

    @model_validator(mode="after")
    def _is_complete(self) -> "SplitSettings":
        if self.val_share + self.test_share >= 1:
            msg = (
                f"val_share + test_share = {self.val_share + self.test_share:g} leaves nothing for"
                " TRAIN"
            )
            raise ValueError(msg)
        if self.boundaries == "dates" and (self.val_start is None or self.test_start is None):
            msg = "boundaries 'dates' needs val_start and test_start"
            raise ValueError(msg)
        return self
