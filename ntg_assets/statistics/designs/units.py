"""Units with their design, and a contrast between arms."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import interval_reach, t_p
from ntg_assets.statistics.two_samples import Difference, compare_means, widening_ends

Codes = npt.NDArray[np.int64]


class Units(NamedTuple):
    """The units of all arms, in one order.

    Attributes:
        values: One per unit; a sum where `weights` are sizes or denominators.
        arms: Place of the unit's arm, 0 being the control.
        weights: What values are divided by; None: 1 each.
        covariates: Array (units, covariates), known before.
        clusters: Code of the cluster in which the unit was randomised; None: units were.
        strata: Code of the stratum; None: there are none.
    """

    values: Floats
    arms: Codes
    weights: Floats | None = None
    covariates: Floats | None = None
    clusters: Codes | None = None
    strata: Codes | None = None

    @property
    def n_arms(self) -> int:
        return int(self.arms.max()) + 1 if len(self.arms) else 0

    @property
    def needs_jackknife(self) -> bool:
        """Whether clusters or ratios are compared; single units with a mean have closed forms."""
        return self.clusters is not None or self.weights is not None


@dataclass(frozen=True)
class Contrast:
    """One treatment against the control; the fields are columns of `metric_contrasts`.

    Attributes:
        n_control: Clusters, else units of the control; so is `n_treatment`.
        squared_error_control: What the control adds to the squared error of the difference.
        removed_share: Share of the squared error that covariates and strata took out.
        method: The estimator in words.
        has_one_variance: Whether units were taken to vary alike in both arms, as where nothing
            differs; an effect then widens the interval as it moves the smaller arm.
    """

    n_control: int
    n_treatment: int
    mean_control: float
    mean_treatment: float
    squared_error_control: float
    squared_error_treatment: float
    difference: float
    standard_error: float
    degrees_of_freedom: float
    removed_share: float | None
    method: str
    has_one_variance: bool = False

    @property
    def samples(self) -> tuple[Sample, Sample]:
        """Both arms, one number per cluster or unit."""
        return (
            Sample(self.n_control, self.mean_control, self.squared_error_control * self.n_control),
            Sample(
                self.n_treatment,
                self.mean_treatment,
                self.squared_error_treatment * self.n_treatment,
            ),
        )

    def at(self, confidence: float) -> Difference:
        """Give the difference with its interval, and the relative effect where it makes sense."""
        low, high = self._ends(interval_reach(confidence, self.degrees_of_freedom, "two-sided")[0])
        relative = compare_means(*self.samples, confidence=confidence)
        return replace(
            relative,
            difference=self.difference,
            low=low,
            high=high,
            standard_error=self.standard_error,
            degrees_of_freedom=self.degrees_of_freedom,
            p=t_p(self.difference / self.standard_error, self.degrees_of_freedom),
        )

    def _ends(self, critical: float) -> tuple[float, float]:
        """Return the differences that the test does not reject."""
        if not self.has_one_variance:
            reach = critical * self.standard_error
            return self.difference - reach, self.difference + reach
        control, treatment = self.samples
        is_small = treatment.n < control.n
        large, small = (control, treatment) if is_small else (treatment, control)
        of_small = small.squared_error
        return widening_ends(
            self.difference, critical, large=large, of_small=of_small, is_small=is_small
        )


def contrast_of(row: Mapping[str, Any]) -> Contrast:
    """Read one row of `metric_contrasts`."""
    known = {"has_one_variance": False, **row}  # older receipts do not say so
    return Contrast(**{field.name: known[field.name] for field in fields(Contrast)})


def sample_of(values: Floats) -> Sample:
    """Read the values of one arm.

    Raises:
        NotEnoughDataError: fewer than two.
    """
    n = len(values)
    return Sample(
        n,
        float(values.mean()) if n else 0.0,
        float(values.var(ddof=1)) if n >= MINIMUM_UNITS else 0.0,
    )
