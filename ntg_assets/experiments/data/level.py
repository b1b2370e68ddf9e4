"""How often a metric's own test claims an effect where there is none, on its own units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import scipy

A_A = "A/A"
# times the promised error rate from which on a claim is worth less than it says
MOST_TIMES = 1.3
# of quantiles: giving one set of units their arms again asks of the gaps around its own quantile,
# and finds up to 9% where the promised 5% hold over many sets
MOST_TIMES_OF_RANKS = 2.0
SURE = 0.999  # an alarm is chance once in a thousand metrics


@dataclass(frozen=True)
class Level:
    """The false claims of one metric's test among re-assignments of its own units.

    Attributes:
        expected: Share that was promised.
        found: Share that was found.
        n_repetitions: Re-assignments.
        n_units: Units that were re-assigned.
    """

    expected: float
    found: float
    n_repetitions: int
    n_units: int

    def is_broken(self, *, reads_ranks: bool) -> bool:
        """Whether so many claims are no chance of re-assignment (exact binomial bound)."""
        most = self.expected * (MOST_TIMES_OF_RANKS if reads_ranks else MOST_TIMES)
        hits = round(self.found * self.n_repetitions)
        if hits == 0:
            return False
        least = scipy.special.betaincinv(hits, self.n_repetitions - hits + 1, 1 - SURE)
        return bool(least > most)


def level_of(row: Mapping[str, Any]) -> Level:
    """Read one row of `self_tests`."""
    return Level(row["expected_share"], row["found_share"], row["n_repetitions"], row["n_units"])
