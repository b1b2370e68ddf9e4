"""One key that a run may set: which values it takes."""

from dataclasses import dataclass

LONGEST_LIST = 20  # values of one key: each is tried, and the time is theirs times that


@dataclass(frozen=True)
class ModellingKey:
    """A key that one run may set.

    Attributes:
        name: Dotted key.
        low: Smallest value.
        high: Largest value.
        is_whole: Whether only whole numbers are meant.
        is_list: Whether it takes a list of such numbers.
        is_nullable: Whether it may be left to a rule (null).
        description: What it is, as the configuration says.
    """

    name: str
    low: float
    high: float
    is_whole: bool
    is_list: bool
    is_nullable: bool
    description: str

    @property
    def told(self) -> str:
        """The values that may be given, in words."""
        kind = "whole number" if self.is_whole else "number"
        limits = f"from {self.low:,} to {self.high:,}"
        value_kind = (
            f"a list of 1 to {LONGEST_LIST} {kind}s {limits}"
            if self.is_list
            else f"a {kind} {limits}"
        )
        return f"{value_kind}, or null" if self.is_nullable else value_kind

    def accepts(self, value: object) -> bool:
        """Whether a value may be given: a number (no text that looks like one,
        no truth value) within the limits.
        """
        if value is None:
            return self.is_nullable
        if self.is_list:
            return (
                isinstance(value, list)
                and 1 <= len(value) <= LONGEST_LIST
                and all(map(self._is_within, value))
            )
        return self._is_within(value)

    def _is_within(self, value: object) -> bool:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or (self.is_whole and isinstance(value, float))
        ):
            return False
        return self.low <= value <= self.high  # what is not a number (NaN) lies between no limits
