"""Does the effect last? The primary metric by days since the exposure,
and by when units were exposed.

An effect fades when it gets smaller both as a difference and against what the control does on the
same days. One alone is no sign of it: a metric that happens once has all of its effect in the first
days, and so has, as a difference, a constant share of an activity that dies down after the
exposure; a constant difference on such an activity grows as a share. Early and late units are
compared both ways, too.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.over_time.hazards import Happened, hazard_trend
from ntg_assets.statistics.over_time.trends import EARLY, LATE, SURE, Cohort, Trend
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import t_p
from ntg_assets.statistics.two_samples import (
    Difference,
    compare_means,
    is_clearly_positive,
    log_sample,
)


class Movement(NamedTuple):
    """How an effect moves: the p of the less sure of two ways to see it,
    and whether it gets smaller.
    """

    p: float
    fades: bool


def by_age(control: Trend, treatment: Trend, *, window_days: float) -> Movement | None:
    """Ask whether the effect moves with the days since the exposure,
    as a difference and against what the control does on the same days.

    Against the control: of what is counted, the days around which the arms' values lie must be one,
    whatever shape the control has, if the effect is the same share of it each day; of what happens
    once, the arms' hazards must keep their ratio among those to whom it can still happen.

    Returns:
        How it moves; None where the values of an arm are too few, or not clearly above zero, to say
        anything.
    """
    try:
        absolute = compare_means(
            control.contrast(window_days / 2), treatment.contrast(window_days / 2)
        )
        effect = treatment.value / treatment.n - control.value / control.n
        if control.happens_once and treatment.happens_once:
            relative = hazard_trend(
                Happened(control.n, control.first_days), Happened(treatment.n, treatment.first_days)
            )
        else:
            relative = _compare_middles(control.middle, treatment.middle)
    except NotEnoughDataError:
        return None
    return _agreed(_sign_and_p(absolute), relative, effect=effect) if relative else None


def by_cohort(control: Mapping[str, Cohort], treatment: Mapping[str, Cohort]) -> Movement | None:
    """Ask whether units exposed late show the effect that units exposed early did,
    over the same days since their exposure.

    Returns:
        How it moves; None where a cohort has too few units or no mean clearly above zero.
    """
    try:
        pairs = [(control[name].sums.sample, treatment[name].sums.sample) for name in (EARLY, LATE)]
        if not all(is_clearly_positive(arm, confidence=SURE) for pair in pairs for arm in pair):
            return None
        early, late = (compare_means(*pair) for pair in pairs)
        logs = [compare_means(*(log_sample(arm) for arm in pair)) for pair in pairs]
    except (KeyError, NotEnoughDataError):
        return None
    return _agreed(_change(early, late), _change(*logs), effect=early.difference + late.difference)


def _compare_middles(
    control: Sample | None, treatment: Sample | None
) -> tuple[float, float] | None:
    return _sign_and_p(compare_means(control, treatment)) if control and treatment else None


def _agreed(
    absolute: tuple[float, float], relative: tuple[float, float], *, effect: float
) -> Movement:
    """Believe in a movement as much as the less sure of the two ways to see it does;
    not at all where they move apart.
    """
    if absolute[0] * relative[0] <= 0:
        return Movement(1.0, fades=False)
    return Movement(max(absolute[1], relative[1]), fades=absolute[0] * effect < 0)


def _change(early: Difference, late: Difference) -> tuple[float, float]:
    """Compare two differences of other units; degrees of freedom as Welch's."""
    parts = [change.standard_error**2 for change in (early, late)]
    df = sum(parts) ** 2 / sum(
        part**2 / change.degrees_of_freedom
        for part, change in zip(parts, (early, late), strict=True)
    )
    statistic = (late.difference - early.difference) / sqrt(sum(parts))
    return statistic, t_p(statistic, df)


def _sign_and_p(difference: Difference) -> tuple[float, float]:
    return difference.difference, difference.p
