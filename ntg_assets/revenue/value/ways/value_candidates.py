"""Ways to foresee what users bring over several horizons, none of them right on every log: the past
chooses (`value_shapes`). Each foresees V, the value of who is active in the next horizon, and R, of
who is not; P(churn) mixes them (ltv = (1 - P) V + P R), so that all ways part who stays from who
leaves in one way: a total of one model, divided by the probability of another, is worth most where
the two differ most.

    calibrated_*   E[value of the next horizon | active], learned on labelled windows, carried on
                   by how visits go on: BG/NBD, Pareto/NBD, or a chain in which silent users return
    present_pace   the same chain from another start: E[value | active] is the decayed pace of each
    learned_pace   user, with a half-life of one churn horizon, or one learned on the log
    bg_nbd         visits given that there are any, times what a repeat visit is worth
    pareto_nbd     (Gamma-Gamma); no label is needed, so it stands where too few windows have closed
                   to learn from
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.visits.bg_nbd import Visits, visits_of
from ntg_assets.churn.visits.visit_models import VisitShape, visit_shape
from ntg_assets.revenue.value.ways.returns_chain import returns_shape
from ntg_assets.revenue.value.ways.visit_worth import visit_worth

CALIBRATED = ("calibrated_bg_nbd", "calibrated_pareto_nbd", "calibrated_returns")
STRUCTURAL = ("bg_nbd", "pareto_nbd")
PACES = ("present_pace", "learned_pace")
CANDIDATES = (*CALIBRATED, *STRUCTURAL, *PACES)

LEAST_ACTIVE = 1e-9  # probability of a visit in the first period


class NextHorizon(NamedTuple):
    """What the models of the day say of the next horizon of each user."""

    churn_probability: Floats
    value_if_active: Floats

    @property
    def value(self) -> Floats:
        """P(active) x E[value | active]."""
        return (1 - self.churn_probability) * self.value_if_active


class SeasonFactors(NamedTuple):
    """What the time of the year does to each period ahead, shape (periods,): over what the way in
    question has looked at.

    Attributes:
        calibrated: Over the last horizons.
        structural: Over all days on which the users were known.
        paces: Over the mean of the year, at which paces are taken.
    """

    calibrated: Floats
    structural: Floats
    paces: Floats


@dataclass(frozen=True)
class Population:
    """What is known of every user at one cutoff; rows of all fields by user id.

    Attributes:
        activity: Activity features, one row per user.
        is_at_risk: Whether the user was active within the at-risk window.
        next_horizon: As modelled on labelled windows; None where too few have closed.
        n_repeats: Active days after the first.
        n_paid_repeats: Those of them that brought an amount, or took one back.
        repeat_value: What they brought in all.
        was_active: Past periods, oldest first, shape (users, periods).
        period_ends: Last day of each period ahead; the first is the churn horizon.
        day_price: What an active day is worth; None where amounts are counted.
        paces: E[value of the next horizon | active] at the pace of each user, by way; those that
            could be learned.
        recent_value: Value per churn horizon over the at-risk window: what a leaver takes along.
        seasonal: The time of the year.
        season_error: Of the logarithm of what is told, for a season that could not be learned; 0
            where it was.
    """

    activity: pl.DataFrame
    is_at_risk: Flags
    next_horizon: NextHorizon | None
    n_repeats: Floats
    n_paid_repeats: Floats
    repeat_value: Floats
    was_active: Flags
    period_ends: tuple[int, ...]
    day_price: float | None
    paces: Mapping[str, Floats]
    recent_value: Floats
    seasonal: SeasonFactors
    season_error: float

    @property
    def visits(self) -> Visits:
        """Repeat visits of each user."""
        return visits_of(self.activity)


class Candidate(NamedTuple):
    """What one way foresees: V and R of each user by period, and how likely either is.

    Attributes:
        if_active: Value of each period given that the first one is active, shape (users, periods).
        if_silent: Value given that it is not.
        silence: Probability that it is not, shape (users,): P(churn), or what the model of visits
            says where no window has closed to learn P(churn) from.
    """

    if_active: Floats
    if_silent: Floats
    silence: Floats

    def times(self, factors: Floats) -> "Candidate":
        """The same with a factor on each period."""
        return Candidate(self.if_active * factors, self.if_silent * factors, self.silence)

    def leaver_share(self, weights: Floats) -> Floats:
        """What a leaver still brings over what who stays brings, each period weighed; at most 1."""
        stays, leaves = (_weighed(part, weights) for part in (self.if_active, self.if_silent))
        return np.minimum(leaves / np.where(stays > 0, stays, 1.0), 1.0)

    def total(self, weights: Floats) -> Floats:
        """Expected value, each period weighed: (1 - P) V + P R."""
        stays = _weighed(self.if_active, weights)
        return stays * (1 - self.silence * (1 - self.leaver_share(weights)))


def _weighed(by_period: Floats, weights: Floats) -> Floats:
    """Sum over periods; no matrix product, whose sums have no fixed order over threads."""
    return (by_period * weights).sum(axis=1)


def candidate_values(
    known: Population, names: Sequence[str] = CANDIDATES
) -> Mapping[str, Candidate]:
    """Foresee the value of each user with every way that can be taken at this cutoff.

    Args:
        known: The users.
        names: Of `CANDIDATES`; what cannot be fitted, or has no finite number for somebody, is left
            out.
    """
    shape = _shapes(known)
    worth = _worth(known) if set(names) & set(STRUCTURAL) else None
    found: dict[str, Candidate] = {}
    for name in names:
        if name in STRUCTURAL:
            made = _structural(known, shape(name), worth)
        elif known.next_horizon is None:
            made = None
        elif name == "calibrated_returns":
            made = _returning(known, known.next_horizon)
        elif name in PACES:
            made = _at_pace(known, known.next_horizon, known.paces.get(name))
        else:
            made = _calibrated(known.next_horizon, shape(name.removeprefix("calibrated_")))
        if made is not None and np.isfinite(made.if_active).all():
            found[name] = made.times(_seasonal(known, name))
    return found


def _seasonal(known: Population, name: str) -> Floats:
    if name in STRUCTURAL:
        return known.seasonal.structural
    return known.seasonal.paces if name in PACES else known.seasonal.calibrated


def _worth(known: Population) -> Floats | None:
    """What a repeat visit of each user is worth: its price, or what their amounts bear out."""
    if known.day_price is not None:
        return np.full(len(known.n_repeats), known.day_price)
    return visit_worth(known.n_repeats, known.n_paid_repeats, known.repeat_value)


def _shapes(known: Population) -> Callable[[str], VisitShape | None]:
    return cache(lambda name: visit_shape(name, known.visits, period_ends=known.period_ends))


def _structural(
    known: Population, shape: VisitShape | None, worth: Floats | None
) -> Candidate | None:
    """Visits of the first period given that there are any, times what one is worth."""
    if shape is None or worth is None:
        return None
    active = shape.active
    # who comes so improbably comes once: the quotient would be of rounding errors
    is_possible = active > LEAST_ACTIVE
    first = np.divide(shape.expected[:, 0], active, out=np.ones_like(active), where=is_possible)
    first = (first * worth)[:, None]
    silence = 1 - active if known.next_horizon is None else known.next_horizon.churn_probability
    return Candidate(first * shape.if_active, first * shape.if_silent, silence)


def _calibrated(next_horizon: NextHorizon, shape: VisitShape | None) -> Candidate | None:
    """E[value | active] x E[visits in a period] / E[visits in the first, active one]."""
    if shape is None:
        return None
    first = next_horizon.value_if_active[:, None]
    return Candidate(
        first * shape.if_active, first * shape.if_silent, next_horizon.churn_probability
    )


def _at_pace(known: Population, next_horizon: NextHorizon, pace: Floats | None) -> Candidate | None:
    if pace is None:
        return None
    return _returning(known, NextHorizon(next_horizon.churn_probability, pace))


def _returning(known: Population, next_horizon: NextHorizon) -> Candidate:
    ends = known.period_ends
    last = (ends[-1] - ends[-2]) / ends[0] if len(ends) > 1 else 1.0
    active, silent = returns_shape(known.was_active, n_periods=len(ends), last_length=last)
    first = next_horizon.value_if_active[:, None]
    return Candidate(first * active, first * silent, next_horizon.churn_probability)
