"""Sufficient statistics of one arm: what every test consumes, and all that it consumes.

Each metric is seen as a ratio of two sums, value over denominator, with a covariate ratio beside
it. A plain mean is the ratio whose denominator is the constant 1, a missing covariate the constant
0, so one set of formulas serves all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from ntg_assets.errors import NotEnoughDataError

VARIABLES = ("value", "denominator", "covariate", "covariate_denominator")
PAIRS = tuple(combinations_with_replacement(VARIABLES, 2))
MICRO = 10**6  # the sums count millionths
# in millionths, squared and summed over a million units, still below the 38 digits of a decimal
LARGEST_VALUE = 1e10
MINIMUM_UNITS = 2  # a variance needs two


@dataclass(frozen=True)
class Sums:
    """Exact sums over the units of one arm, as the store made them.

    Attributes:
        n: Units with a usable value.
        n_null: Units without a value, which are not in `n`.
        n_unusable: Units with an infinite or impossible value, which are not in `n`.
        first: Sum of each variable, in millionths.
        second: Sum of each product, in millionths of millionths.
        largest: Largest value by size, in millionths; 0 where it is not known.
        n_nonzero: Units with a value other than zero; 0 where they were not counted.
    """

    n: int
    n_null: int
    n_unusable: int
    first: Mapping[str, int]
    second: Mapping[tuple[str, str], int]
    largest: int = 0
    n_nonzero: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.n + other.n,
            self.n_null + other.n_null,
            self.n_unusable + other.n_unusable,
            {name: self.first[name] + other.first[name] for name in VARIABLES},
            {pair: self.second[pair] + other.second[pair] for pair in PAIRS},
            max(self.largest, other.largest),
            self.n_nonzero + other.n_nonzero,
        )


NOTHING = Sums(0, 0, 0, dict.fromkeys(VARIABLES, 0), dict.fromkeys(PAIRS, 0))


@dataclass(frozen=True)
class Moments:
    """Units, means and sample covariances of value, denominator,
    covariate and covariate denominator.
    """

    n: int
    mean: Mapping[str, float]
    covariance: Mapping[tuple[str, str], float]


def sums_of(row: Mapping[str, Any]) -> Sums:
    """Read one row of `metric_sums`."""
    return Sums(
        n=int(row["n"]),
        n_null=int(row["n_null"]),
        n_unusable=int(row["n_unusable"]),
        first={name: int(row[name]) for name in VARIABLES},
        second={pair: int(row["_".join(pair)]) for pair in PAIRS},
        largest=int(row["largest"]),
        n_nonzero=int(row.get("n_nonzero") or 0),
    )


def total(parts: Iterable[Sums]) -> Sums:
    """Add the sums of several parts (segments, arms)."""
    return sum(parts, NOTHING)


def moments_of(sums: Sums) -> Moments:
    """Turn exact sums into means and covariances, each rounded once.

    Raises:
        NotEnoughDataError: fewer than two units have a value.
    """
    n = sums.n
    if n < MINIMUM_UNITS:
        raise NotEnoughDataError(
            f"{n} units have a value; a mean with an interval needs at least {MINIMUM_UNITS}."
        )
    return Moments(
        n=n,
        mean={name: sums.first[name] / (n * MICRO) for name in VARIABLES},
        covariance={
            (first, second): (
                (n * sums.second[first, second] - sums.first[first] * sums.first[second])
                / (n * (n - 1) * MICRO**2)
            )
            for first, second in PAIRS
        },
    )
