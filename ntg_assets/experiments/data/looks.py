"""Which planned look an experiment has reached, and what may be claimed at it.

The nightly run would otherwise look every night. A look is a number of units, taken in the order of
their exposure, so its data stand still until the next look is reached: reading it again is not
looking again.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf, isinf

from scipy import special

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence, traffic_per_day
from ntg_assets.statistics.repeated.sequential import planned_looks

# many experiments share a plan of looks, and a decision, its sensitivity and its replay ask again
REMEMBERED = 1_024


@dataclass(frozen=True)
class Look:
    """Where an experiment stands.

    Attributes:
        number: Look reached, from 1; 0 before the first.
        n_looks: Looks planned.
        significance: Two-sided error rate that this look may use, so that all looks together keep
        the experiment's.
        n_ready: Units that can be read, also those since the look.
        next_at: Units at which the next look is; None after the last one, and where none is
            planned.
    """

    number: int
    n_looks: int
    significance: float
    n_ready: int
    next_at: int | None = None

    @property
    def is_reached(self) -> bool:
        return self.number > 0


def look_of(experiment: ExperimentSettings, evidence: Evidence) -> Look:
    """Find the look that the evidence belongs to."""
    n_units = _units(experiment, evidence, Comparison.BETWEEN_USERS)
    n_ready = n_units + _units(experiment, evidence, Comparison.SINCE_THE_LOOK)
    if experiment.planned_units is None:
        return Look(1, 1, experiment.significance, n_ready)
    sizes = experiment.look_sizes
    number = sum(n_units >= size for size in sizes)
    next_at = sizes[number] if number < len(sizes) else None
    if number == 0:
        return Look(0, len(sizes), experiment.significance, n_ready, next_at)
    bounds = _bounds(tuple(size / sizes[-1] for size in sizes), experiment.significance)
    return Look(number, len(sizes), float(2 * special.ndtr(-bounds[number - 1])), n_ready, next_at)


def wait_in_words(experiment: ExperimentSettings, evidence: Evidence) -> str:
    """Say how far it is to the next look, at the traffic seen so far;
    nothing where no look is to come.
    """
    look = look_of(experiment, evidence)
    if look.next_at is None:
        return ""
    days = days_until(
        look.next_at - look.n_ready, units_per_day=traffic_per_day(experiment, evidence)
    )
    again = "read again" if look.is_reached else "read"
    when = (
        "but no units come" if isinf(days) else f"in about {days:,.0f} day{'s' if days > 1 else ''}"
    )
    return f"{look.n_ready:,} of {look.next_at:,} units; {again} at {look.next_at:,}, {when}"


def days_until(units: int, *, units_per_day: float) -> float:
    """Return the whole days, one at least, in which so many more units come;
    `inf` when none come.
    """
    return max(1.0, ceil(units / units_per_day)) if units_per_day > 0 else inf


@lru_cache(maxsize=REMEMBERED)
def _bounds(shares: tuple[float, ...], significance: float) -> tuple[float, ...]:
    return planned_looks(shares, alpha=significance).bounds


def _units(experiment: ExperimentSettings, evidence: Evidence, comparison: str) -> int:
    """Count all units of the look or since it, also those without a usable value."""
    arm_sums = [
        evidence.sums_for(comparison, experiment.primary_metric, arm.name)
        for arm in experiment.arms
    ]
    return sum(sums.n + sums.n_null + sums.n_unusable for sums in arm_sums)
