"""What is drawn of a planted subscription world: its people, contracts and periods."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs


class People(NamedTuple):
    """What stays with a person: shape (n_users,)."""

    failure_rate: Floats
    frailty: Floats
    pays_dollars: Flags


@dataclass
class Contracts:
    """Contracts that are running or have ended; one entry per contract.

    Attributes:
        user: Person.
        plan: Plan's place in the rules.
        start: First day (number).
        trial_end: First day after the trial, or the start where there is none.
        end: First day without it; the end of time where it runs.
        end_known: Day on which the end was known.
        kind: How it ended ("" where it runs).
    """

    user: Longs
    plan: Longs
    start: Longs
    trial_end: Longs
    end: Longs
    end_known: Longs
    kind: np.ndarray


@dataclass
class Periods:
    """Everything that was drawn for one period of many contracts, one entry per (contract, period).

    Attributes:
        contract: Place of the contract.
        number: -1 for the trial, then 0, 1, ...
        start: First day.
        renewal: Day on which the next period begins.
        state: Engaged, casual or asleep.
        hazard: Planted chance of cancelling (or of not converting) in the period.
        failure: Planted chance that the payment at `renewal` is lost.
        is_failed: Whether the payment at `start` failed at first.
        has_support: Whether a ticket was written at its beginning.
        price: Price of the period.
        stop: Day from which the contract did not run, at most `renewal` + the grace.
    """

    parts: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, **columns: np.ndarray) -> None:
        for name, values in columns.items():
            self.parts.setdefault(name, []).append(values)

    def __getitem__(self, name: str) -> np.ndarray:
        return np.concatenate(self.parts[name])


class Lives(NamedTuple):
    """All contracts with all their periods; days are numbers from the world's first day."""

    people: People
    contracts: Contracts
    periods: dict[str, np.ndarray]


NEVER = 10**6
