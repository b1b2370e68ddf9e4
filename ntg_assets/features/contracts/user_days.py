"""The days on which users were active."""

import datetime as dt

from ntg_assets.contracts import Contract, column, contract, identifier


@contract("user_days")
class UserDays(Contract):
    """One row per user and day with an event."""

    user_id: str = identifier("user", "Who")
    active_on: dt.date = column("Day of the service's zone")
    n_events: int = column("Events of the day", ge=1)
    n_items: int = column("Different items of the day", ge=1)
    engagement: float = column("Sum of the strengths of the day's events", ge=0)
    value_sum: float = column("Sum of the values of the day's events")

    class Config:
        unique = ["user_id", "active_on"]
