"""The probability models of repeat visits behind one door, and what each says of a user who falls
silent: visits by period, given that the first period is active, and given that it is not.

With the expected visits E(t) of a user seen until now and L the likelihood of what was seen,

    P(silent in H)          = L(nothing in H more) / L
    E(visits | silent in H) = expected visits in t - H of the same user seen H days longer
    E(visits | active in H) = (E(t) - P(silent) E(visits | silent)) / (1 - P(silent))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.churn.visits import bg_nbd, pareto_nbd
from ntg_assets.churn.visits.bg_nbd import Visits
from ntg_assets.statistics.one_thread import one_thread

TINY = 1e-300


@dataclass(frozen=True)
class VisitModel:
    """One family: how it is fitted, how likely a visit is and how many it expects."""

    fit: Callable[[Visits], Any]
    active_probability: Callable[..., Floats]
    expected_visits: Callable[..., Floats]


VISIT_MODELS: Mapping[str, VisitModel] = {
    "bg_nbd": VisitModel(bg_nbd.fit_bg_nbd, bg_nbd.active_probability, bg_nbd.expected_visits),
    "pareto_nbd": VisitModel(
        pareto_nbd.fit_pareto_nbd, pareto_nbd.active_probability, pareto_nbd.expected_visits
    ),
}


class VisitShape(NamedTuple):
    """Visits of each user by period, shape (users, periods).

    Attributes:
        expected: Expected visits.
        if_active: Given that the first period is active, over those of its first period.
        if_silent: Given that it is not, over the same.
        active: Probability that the first period is active, shape (users,).
    """

    expected: Floats
    if_active: Floats
    if_silent: Floats
    active: Floats


def visit_shape(name: str, visits: Visits, *, period_ends: Sequence[int]) -> VisitShape | None:
    """Fit one family on all users and say how each one's visits go on.

    Args:
        name: One of `VISIT_MODELS`.
        visits: Every user known.
        period_ends: Last day of each period, the first being the churn horizon.

    Returns:
        None where the fitted model has no finite number for somebody.
    """
    family, horizon = VISIT_MODELS[name], period_ends[0]
    # small products are slower on many threads, and their sums have no fixed order
    with one_thread(), np.errstate(all="ignore"):
        model = family.fit(visits)
        comes = np.minimum(family.active_probability(model, visits, horizon_days=horizon), 1.0)
        upto = [family.expected_visits(model, visits, horizon_days=end) for end in period_ends]
        silent_upto = _after_silence(family, model, visits, period_ends)
    total, silent = (_by_period(np.column_stack(parts)) for parts in (upto, silent_upto))
    if not (np.isfinite(total).all() and np.isfinite(silent).all() and (total >= 0).all()):
        return None
    silence = 1 - comes
    active = np.maximum(total - silence[:, None] * silent, 0.0) / np.maximum(comes, TINY)[:, None]
    first = np.maximum(active[:, [0]], TINY)
    return VisitShape(total, active / first, silent / first, comes)


def _after_silence(
    family: VisitModel,
    model: Any,  # noqa: ANN401  # each family has parameters of its own
    visits: Visits,
    period_ends: Sequence[int],
) -> list[Floats]:
    """Visits up to the end of each period of users who are silent in the first one."""
    horizon = period_ends[0]
    later = Visits(visits.repeats, visits.last, visits.observed + horizon)
    further = [end - horizon for end in period_ends[1:]]
    nothing = np.zeros(len(visits.repeats))
    after = [family.expected_visits(model, later, horizon_days=end) for end in further]
    return [nothing, *after]


def _by_period(upto: Floats) -> Floats:
    """Turn sums up to the end of each period into periods; a sum that falls by rounding is flat."""
    rising = np.maximum.accumulate(upto, axis=1)
    return np.diff(rising, axis=1, prepend=0.0)
