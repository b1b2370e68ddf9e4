"""The unit of value: what profit and revenue are told in."""

from dataclasses import dataclass

INDEX = "index"


@dataclass(frozen=True)
class ValueTerms:
    """The unit of value and what it counts, as configured in `value`."""

    unit: str = INDEX
    basis: str = "active_days"

    @property
    def words(self) -> str:
        """The unit, as a person reads it behind a number."""
        return "index points" if self.unit == INDEX else self.unit


UNPRICED = ValueTerms()
