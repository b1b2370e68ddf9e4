"""What happens to a unit at most once: whether the ratio of two arms' hazards moves with time."""

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from typing import NamedTuple

from scipy import optimize, special

FURTHEST = 30.0  # logarithm of a ratio of hazards; beyond it one arm has all events
ROUNDING = 1e-9  # of the information; less is none


class Happened(NamedTuple):
    """Units of an arm, and to how many of them it happened on which day."""

    n: int
    by_day: Mapping[int, int]


class Risk(NamedTuple):
    """One day: units to whom it happened, of both arms and of the treatment,
    and units of each arm to whom it had not happened before.
    """

    day: int
    hits: int
    hits_treatment: int
    left_control: int
    left_treatment: int

    def share(self, log_ratio: float) -> float:
        """Return the share of the day's hits that the treatment should have at a ratio of
        hazards.
        """
        weight = self.left_treatment * exp(log_ratio)
        return weight / (weight + self.left_control) if weight + self.left_control else 0.0

    def excess(self, log_ratio: float) -> float:
        """Return how many more hits the treatment has than that."""
        return self.hits_treatment - self.hits * self.share(log_ratio)


def hazard_trend(control: Happened, treatment: Happened) -> tuple[float, float] | None:
    """Test whether the ratio of the arms' hazards moves with the days.

    Source: Cox 1972, "Regression Models and Life-Tables": the score test of an interaction with
    time, with Breslow's ties.

    Returns:
        The statistic, above zero where the treatment's ratio grows, and its p; None where all hits
        lie in one arm or on one day.
    """
    risks = _risks(control, treatment)

    def excess(log_ratio: float) -> float:
        return sum(risk.excess(log_ratio) for risk in risks)

    if excess(-FURTHEST) * excess(FURTHEST) >= 0:
        return None
    log_ratio = float(optimize.brentq(excess, -FURTHEST, FURTHEST))
    variance = _variance_over_days(risks, log_ratio)
    if variance is None:
        return None
    statistic = sum(risk.day * risk.excess(log_ratio) for risk in risks) / sqrt(variance)
    return statistic, 2 * float(special.ndtr(-abs(statistic)))


def _variance_over_days(risks: Sequence[Risk], log_ratio: float) -> float | None:
    """Return the information that the hits carry about a trend over the days, the level of the
    ratio being estimated; None where all of it is rounding.
    """
    weights = [
        (risk.day, risk.hits * (share := risk.share(log_ratio)) * (1 - share)) for risk in risks
    ]
    level, slope, curve = (
        sum(weight * day**power for day, weight in weights) for power in (0, 1, 2)
    )
    variance = curve - slope**2 / level
    return variance if variance > ROUNDING * curve else None


def _risks(control: Happened, treatment: Happened) -> list[Risk]:
    risks, left = [], [control.n, treatment.n]
    for day in sorted({*control.by_day, *treatment.by_day}):
        hits = [arm.by_day.get(day, 0) for arm in (control, treatment)]
        risks.append(Risk(day, sum(hits), hits[1], *left))
        left = [remaining - hit for remaining, hit in zip(left, hits, strict=True)]
    return risks
