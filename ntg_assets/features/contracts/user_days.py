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


@contract("price_steps")
class PriceSteps(Contract):
    """One row per jump of prices that is seen in what the same users pay."""

    step_on: dt.date = column("First day of the week with which it came", unit="date")
    price_ratio: float = column("What they pay from then on over what they paid before", gt=0)
    z: float = column("Its logarithm over its standard error, with users as clusters")
    n_users: int = column("Users who paid in the eight weeks on either side", ge=1)

    class Config:
        unique = ["step_on"]


@contract("learning_days")
class LearningDays(UserDays):
    """One row per user and day with an event, of the days that churn and value are learned from:
    with `split.boundaries: weekly` those before the last Thursday.
    """
