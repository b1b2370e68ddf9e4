"""Who is active on which day: a planted process of habit, leaving and return,
day by day for many users at once.

A living user is active on a day with a chance (own rate x season x treatment) and leaves for good
with a hazard that depends only on what a log shows (trend and level of activity, tenure; see
`HazardRules`). So the probability of silence after any day, given all that was seen before it, is
known exactly: see `beliefs.py`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ntg_assets.synthetic.rules import HazardRules
from ntg_assets.synthetic.spec import WorldSpec

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HIGHEST_CHANCE = 0.98
TREND_RANGE = (-1.5, 1.0)
YEAR_DAYS = 365.25
YEARLY_PEAK_DAY = 14  # middle of January when the world starts in January
NEVER = -1


@dataclass(frozen=True)
class Effect:
    """What is done to users on a day: factors on their chance of activity and on their hazard
    (1: nothing).
    """

    chance: Floats | float = 1.0
    hazard: Floats | float = 1.0


NO_EFFECT = Effect()


@dataclass(frozen=True)
class Clock:
    """Everything about activity that depends on the day or the tenure alone,
    not on the user's doings.
    """

    spec: WorldSpec
    rates: Floats
    """Daily chance of activity by class, before the season."""

    @cached_property
    def season(self) -> Floats:
        """Factor of each day, the horizon after the end included."""
        day = np.arange(self.spec.n_days + self.spec.horizon_days)
        weekday: Floats = np.array(self.spec.weekday_factors)[
            (day + self.spec.start_on.weekday()) % 7
        ]
        season: Floats = weekday * (
            1 + self.spec.yearly_swing * np.cos(2 * np.pi * (day - YEARLY_PEAK_DAY) / YEAR_DAYS)
        )
        return season

    @cached_property
    def tenures(self) -> tuple[Floats, Floats, Floats]:
        """By tenure in days: weight sums of the fast and the slow decayed share,
        and the newcomer term.
        """
        rules, tenure = self.spec.hazard, np.arange(self.spec.n_days + self.spec.horizon_days + 1)
        fast, slow = (
            np.maximum(decayed_days(tenure, half_life), 1.0) for half_life in half_lives(rules)
        )
        return fast, slow, rules.newcomer * np.exp2(-tenure / rules.newcomer_half_life_days)

    def chance(self, rate: Floats, *, day: int, effect: Effect) -> Floats:
        """Chance of activity on a day of living users with these rates."""
        chance: Floats = np.minimum(rate * self.season[day] * effect.chance, HIGHEST_CHANCE)
        return chance

    def hazard(
        self, fast: Floats, *, slow: Floats, tenure: NDArray[np.int32], effect: Effect
    ) -> Floats:
        """Chance of leaving for good on a day, from decayed active days and tenure;
        0 for users who have not joined.
        """
        rules = self.spec.hazard
        fast_days, slow_days, newcomer = self.tenures
        seen = np.maximum(tenure, 1)
        log_slow = np.log(slow / slow_days[seen] + rules.smoothing)
        trend = np.clip(np.log(fast / fast_days[seen] + rules.smoothing) - log_slow, *TREND_RANGE)
        level = log_slow - np.log(rules.reference_rate)
        log_hazard = (
            np.log(rules.daily) - rules.trend * trend + newcomer[seen] - rules.level * level
        )
        return np.where(tenure > 0, -np.expm1(-np.exp(log_hazard)) * effect.hazard, 0.0)


def half_lives(rules: HazardRules) -> tuple[float, float]:
    """Of the fast and of the slow decayed share of active days."""
    return rules.fast_half_life_days, rules.slow_half_life_days


def decayed_days(n_days: NDArray[np.int64], half_life: float) -> Floats:
    """Sum of `0.5 ** (k / half_life)` over k = 0 .. n_days - 1."""
    keep = 0.5 ** (1 / half_life)
    decayed: Floats = (1 - keep**n_days) / (1 - keep)
    return decayed


@dataclass
class Habits:
    """State of one block of users at the start of a day; `advance` plays the day.

    Attributes:
        joined: Day of the first activity.
        rate: The user's own daily rate.
        fast, slow: Decayed active days up to yesterday.
        is_alive: Whether the user has not left for good.
        last_active: Last active day so far, or -1.
        died: Day on which the user left, or -1.
        compensator: Sum of the hazards that the user has lived through; deaths minus it has mean 0.
    """

    clock: Clock
    joined: NDArray[np.int32]
    rate: Floats
    fast: Floats
    slow: Floats
    is_alive: Flags
    last_active: NDArray[np.int32]
    died: NDArray[np.int32]
    compensator: Floats

    @classmethod
    def start(cls, clock: Clock, *, joined: NDArray[np.int32], rate: Floats) -> "Habits":
        n = len(joined)
        nobody = np.full(n, NEVER, dtype=np.int32)
        return cls(
            clock,
            joined,
            rate,
            np.zeros(n),
            np.zeros(n),
            np.ones(n, dtype=bool),
            nobody,
            nobody.copy(),
            np.zeros(n),
        )

    def copy(self) -> "Habits":
        """The same state, to be played on under another effect."""
        return replace(self, died=self.died.copy())

    def hazard(self, day: int, *, effect: Effect) -> Floats:
        return self.clock.hazard(self.fast, slow=self.slow, tenure=day - self.joined, effect=effect)

    def advance(self, day: int, *, draws: Floats, effect: Effect, hazard: Floats) -> Flags:
        """Play one day and return who was active on it;
        `draws` are two uniform numbers per user, of shape (2, n).
        """
        dies = self.is_alive & (draws[0] < hazard)
        self.compensator = self.compensator + hazard * self.is_alive
        self.died[dies] = day
        self.is_alive = self.is_alive & ~dies
        is_member = self.is_alive & (day > self.joined)
        active: Flags = (
            is_member & (draws[1] < self.clock.chance(self.rate, day=day, effect=effect))
        ) | (day == self.joined)
        self.remember(active)
        self.last_active = np.where(active, np.int32(day), self.last_active)
        return active

    def remember(self, active: Flags | float) -> None:
        """Let the decayed active days move on by one day."""
        fast, slow = (0.5 ** (1 / half_life) for half_life in half_lives(self.clock.spec.hazard))
        self.fast = self.fast * fast + active
        self.slow = self.slow * slow + active
