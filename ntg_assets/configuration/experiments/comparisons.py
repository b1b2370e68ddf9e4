"""Which units are held against which."""

from enum import StrEnum
from typing import Literal


class Comparison(StrEnum):
    """How sums of units were made, and readouts of them."""

    BETWEEN_USERS = "between users"
    """Units of one arm against units of the other, up to the look that is read."""
    PAIRED = "paired"
    """Each unit under both arms (a replay)."""
    SINCE_THE_LOOK = "since the look"
    """Sums of units that came in since."""
    TO_DATE = "to date"
    """Readouts of everything that has come in: for harm."""


Deciding = Literal[Comparison.BETWEEN_USERS, Comparison.PAIRED]
