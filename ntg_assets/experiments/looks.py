"""Which planned look an experiment has reached, and what may be claimed at it.

The nightly run would otherwise look every night. A look is a number of units, taken in the order of their exposure, so its data
stand still until the next look is reached: reading it again is not looking again.
"""

from dataclasses import dataclass
from functools import lru_cache

from scipy import special

from ntg_assets.experiments.evidence import Evidence
from ntg_assets.experiments.sequential import planned_looks
from ntg_assets.experiments.settings import ExperimentSettings

REMEMBERED = 1_024  # many experiments share a plan of looks, and a decision, its sensitivity and its replay ask again


@dataclass(frozen=True)
class Look:
    """Where an experiment stands.

    Attributes:
        number: Look reached, from 1; 0 before the first.
        n_looks: Looks planned.
        significance: Two-sided error rate that this look may use, so that all looks together keep the experiment's.
    """

    number: int
    n_looks: int
    significance: float

    @property
    def is_reached(self) -> bool:
        return self.number > 0


def look_of(experiment: ExperimentSettings, evidence: Evidence) -> Look:
    """Find the look that the evidence belongs to."""
    if experiment.planned_units is None:
        return Look(1, 1, experiment.significance)
    n_units = _units(experiment, evidence)
    sizes = experiment.look_sizes
    number = sum(n_units >= size for size in sizes)
    if number == 0:
        return Look(0, len(sizes), experiment.significance)
    bounds = _bounds(tuple(size / sizes[-1] for size in sizes), experiment.significance)
    return Look(number, len(sizes), float(2 * special.ndtr(-bounds[number - 1])))


@lru_cache(maxsize=REMEMBERED)
def _bounds(shares: tuple[float, ...], significance: float) -> tuple[float, ...]:
    return planned_looks(shares, alpha=significance).bounds


def _units(experiment: ExperimentSettings, evidence: Evidence) -> int:
    """Count all units of the look, also those without a usable value."""
    found = [evidence.sums_for("between users", experiment.primary_metric, arm.name) for arm in experiment.arms]
    return sum(one.n + one.n_null + one.n_unusable for one in found)
