"""Ways to foresee what users bring over several horizons, none of them right on every log: the past
chooses (`value_shapes`).

    calibrated_*   (1 - P(churn)) E[value | active] of the next horizon, both learned on labelled
                   windows, carried on by how visits go on: BG/NBD, Pareto/NBD, or a chain in which
                   silent users return
    bg_nbd         expected visits times what a repeat visit is worth (Gamma-Gamma); no label is
    pareto_nbd     needed, so it stands where too few windows have closed to learn from
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.bg_nbd import Visits, visits_of
from ntg_assets.churn.visit_models import VisitShape, visit_shape
from ntg_assets.revenue.value.gamma_gamma import expected_value, fit_gamma_gamma
from ntg_assets.revenue.value.returns_chain import returns_shape

CALIBRATED = ("calibrated_bg_nbd", "calibrated_pareto_nbd", "calibrated_returns")
STRUCTURAL = ("bg_nbd", "pareto_nbd")
CANDIDATES = (*CALIBRATED, *STRUCTURAL)


class NextHorizon(NamedTuple):
    """What the models of the day say of the next horizon of each user."""

    churn_probability: Floats
    value_if_active: Floats

    @property
    def value(self) -> Floats:
        """P(active) x E[value | active]."""
        return (1 - self.churn_probability) * self.value_if_active


@dataclass(frozen=True)
class Population:
    """What is known of every user at one cutoff; rows of all fields by user id.

    Attributes:
        activity: Activity features, one row per user.
        is_at_risk: Whether the user was active within the at-risk window.
        next_horizon: As modelled on labelled windows; None where too few have closed.
        n_repeats: Active days after the first.
        repeat_value: What they brought in all.
        was_active: Past periods, oldest first, shape (users, periods).
        period_ends: Last day of each period ahead; the first is the churn horizon.
        day_price: What an active day is worth; None where amounts are counted.
    """

    activity: pl.DataFrame
    is_at_risk: Flags
    next_horizon: NextHorizon | None
    n_repeats: Floats
    repeat_value: Floats
    was_active: Flags
    period_ends: tuple[int, ...]
    day_price: float | None

    @property
    def visits(self) -> Visits:
        """Repeat visits of each user."""
        return visits_of(self.activity)


class Candidate(NamedTuple):
    """What one way foresees by period, shape (users, periods).

    Attributes:
        expected: Value of each period.
        if_active: Value given that the first period is active, over that of its first period.
        if_silent: Value given that it is not, over the same.
    """

    expected: Floats
    if_active: Floats
    if_silent: Floats

    def leaver_share(self, weights: Floats) -> Floats:
        """What a leaver still brings over what who stays brings, each period weighed; at most 1."""
        stays, leaves = (_weighed(part, weights) for part in (self.if_active, self.if_silent))
        return np.minimum(leaves / np.where(stays > 0, stays, 1.0), 1.0)

    def total(self, weights: Floats) -> Floats:
        """Expected value, each period weighed."""
        return _weighed(self.expected, weights)


def _weighed(by_period: Floats, weights: Floats) -> Floats:
    """Sum over periods; no matrix product, whose sums have no fixed order over threads."""
    return (by_period * weights).sum(axis=1)


def candidate_values(
    known: Population, names: Sequence[str] = CANDIDATES
) -> Mapping[str, Candidate]:
    """Foresee the value of each user with every way that can be taken at this cutoff.

    Args:
        known: The users.
        names: Of `CANDIDATES`; what cannot be fitted is left out.
    """
    shape = _shapes(known)
    worth = visit_worth(known) if set(names) & set(STRUCTURAL) else None
    found: dict[str, Candidate] = {}
    for name in names:
        if name in STRUCTURAL:
            made = _structural(shape(name), worth)
        elif known.next_horizon is None:
            made = None
        elif name == "calibrated_returns":
            made = _returning(known, known.next_horizon)
        else:
            made = _calibrated(known.next_horizon, shape(name.removeprefix("calibrated_")))
        if made is not None:
            found[name] = made
    return found


def visit_worth(known: Population) -> Floats | None:
    """What a repeat visit of each user is worth: its price, or Gamma-Gamma on the amounts of repeat
    visits; None where no amount has been repeated.
    """
    if known.day_price is not None:
        return np.full(len(known.n_repeats), known.day_price)
    mean = np.divide(
        known.repeat_value,
        known.n_repeats,
        out=np.zeros_like(known.repeat_value),
        where=known.n_repeats > 0,
    )
    paid = np.where(mean > 0, known.n_repeats, 0.0)
    if not (paid > 0).any():
        return None
    worth = expected_value(fit_gamma_gamma(paid, mean), paid, np.maximum(mean, 0.0))
    return worth if np.isfinite(worth).all() and (worth >= 0).all() else None


def _shapes(known: Population) -> Callable[[str], VisitShape | None]:
    return cache(lambda name: visit_shape(name, known.visits, period_ends=known.period_ends))


def _structural(shape: VisitShape | None, worth: Floats | None) -> Candidate | None:
    if shape is None or worth is None:
        return None
    return Candidate(shape.expected * worth[:, None], shape.if_active, shape.if_silent)


def _calibrated(next_horizon: NextHorizon, shape: VisitShape | None) -> Candidate | None:
    """Next value x E[visits in a period] / E[visits in the first]."""
    if shape is None:
        return None
    first = shape.expected[:, [0]]
    growth = np.divide(shape.expected, first, out=np.zeros_like(shape.expected), where=first > 0)
    return Candidate(next_horizon.value[:, None] * growth, shape.if_active, shape.if_silent)


def _returning(known: Population, next_horizon: NextHorizon) -> Candidate:
    ends = known.period_ends
    last = (ends[-1] - ends[-2]) / ends[0] if len(ends) > 1 else 1.0
    active, silent = returns_shape(known.was_active, n_periods=len(ends), last_length=last)
    leaves = next_horizon.churn_probability[:, None]
    mixed = (1 - leaves) * active + leaves * silent
    return Candidate(next_horizon.value_if_active[:, None] * mixed, active, silent)
