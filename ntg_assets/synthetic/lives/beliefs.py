"""What can be known about a user from the log alone: the exact probability of a silent horizon.

A forward filter of the planted process. Source: Baum et al. 1970, the forward recursion of hidden
Markov models, with an absorbing state (left for good) and a class (daily rate) that never changes.
"""

from dataclasses import dataclass

import numpy as np

from ntg_assets.synthetic.lives.activity import Clock, Effect, Flags, Floats, Habits


@dataclass
class Beliefs:
    """Posterior of one block of users.

    Attributes:
        alive: (n_classes, n_users): probability of class and life, given what was seen.
        gone: (n_users,): probability of having left for good, given what was seen.
        alive_own: (n_users,): probability of life for someone who also knows the user's planted
            rate.
    """

    clock: Clock
    alive: Floats
    gone: Floats
    alive_own: Floats

    @classmethod
    def start(cls, clock: Clock, n_users: int) -> "Beliefs":
        n_classes = len(clock.rates)
        even = np.full((n_classes, n_users), 1 / n_classes)
        return cls(clock, even, np.zeros(n_users), np.ones(n_users))

    def observe(
        self, day: int, *, habits: Habits, active: Flags, hazard: Floats, effect: Effect
    ) -> None:
        """Learn from one day: `hazard` is the day's, `active` what was seen;
        the day of joining tells nothing.

        Args:
            day: Its number.
            habits: Of the block's users.
            active: Who was seen, shape (n,).
            hazard: Chance of leaving on that day, shape (n,).
            effect: What the trial changes.
        """
        is_member = day > habits.joined
        chance = self.clock.chance(self.clock.rates[:, None], day=day, effect=effect)
        own = self.clock.chance(habits.rate, day=day, effect=effect)
        living = self.alive * (1 - hazard)
        leaving = self.gone + hazard * self.alive.sum(axis=0)
        seen = np.where(active, living * chance, living * (1 - chance))
        gone = np.where(active, 0.0, leaving)
        total = np.where(is_member, seen.sum(axis=0) + gone, 1.0)
        self.alive = np.where(is_member, seen / total, self.alive)
        self.gone = np.where(is_member, gone / total, self.gone)
        silent = self.alive_own * (1 - hazard) * (1 - own)
        unseen = silent / (silent + 1 - self.alive_own * (1 - hazard))
        self.alive_own = np.where(is_member, np.where(active, 1.0, unseen), self.alive_own)

    def silence(self, day: int, *, habits: Habits, effect: Effect) -> tuple[Floats, Floats]:
        """Probability of no activity in `[day, day + horizon)`: from the log alone,
        and for who knows the user's rate.

        As long as a user is silent, the observables and so the hazards move along a known path; the
        product over it is exact.
        """
        ahead = habits.copy()
        alive, alive_own = self.alive, self.alive_own
        gone, gone_own = self.gone, 1 - self.alive_own
        for later in range(day, day + self.clock.spec.horizon_days):
            hazard = ahead.hazard(later, effect=effect)
            gone, gone_own = gone + hazard * alive.sum(axis=0), gone_own + hazard * alive_own
            active = self.clock.chance(self.clock.rates[:, None], day=later, effect=effect)
            active_own = self.clock.chance(habits.rate, day=later, effect=effect)
            alive = alive * (1 - hazard) * (1 - active)
            alive_own = alive_own * (1 - hazard) * (1 - active_own)
            ahead.remember(0.0)
        return gone + alive.sum(axis=0), gone_own + alive_own
