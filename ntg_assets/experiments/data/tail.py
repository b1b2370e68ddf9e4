"""Whether the largest values of a metric fall on the arms as those below them do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGEST = "largest values: "  # how the test is called; the treatment follows
TOP, BELOW = 0.99, 0.8  # the largest hundredth is held against those above the 80% quantile
FAULT_P = 0.001
# times the odds below which the tails differ like those of one effect on everybody: half as much
# again for all moves the odds of the largest hundredth by 1.4 (lognormal, sigma 1.5) to 2.3
MOST_TIMES = 4.0


@dataclass(frozen=True)
class Tail:
    """The largest values of one metric in a treatment and its control.

    Attributes:
        expected: Share of the treatment among the values below.
        found: Its share among the largest.
        p: Of the two being one share (Fisher's exact test).
        n_largest: Largest values of both arms.
        n_units: Units that were looked at.
    """

    expected: float
    found: float
    p: float
    n_largest: int
    n_units: int

    @property
    def is_uneven(self) -> bool:
        """Whether one arm lacks most of the largest values that it should have."""
        few, many = sorted((_odds(self.found), _odds(self.expected)))
        return self.p < FAULT_P and few * MOST_TIMES < many


def tail_of(row: Mapping[str, Any]) -> Tail:
    """Read one row of `self_tests`."""
    return Tail(
        row["expected_share"],
        row["found_share"],
        row["uniform_p"],
        row["n_repetitions"],
        row["n_units"],
    )


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")
