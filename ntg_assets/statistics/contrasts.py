"""Treatments against a control where units come in clusters or strata, or with covariates of their
own: from units to the few numbers that an interval of any confidence needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.statistics.cluster_jackknife import ClusterSums, add_up, jackknife
from ntg_assets.statistics.covariates import compare_with_covariates, independent
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.strata import compare_within_strata
from ntg_assets.statistics.two_samples import (
    Difference,
    Sample,
    compare_means,
    interval_reach,
    t_p,
)

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
        low, high = interval_reach(confidence, self.degrees_of_freedom, "two-sided")
        relative = compare_means(*self.samples, confidence=confidence)
        return replace(
            relative,
            difference=self.difference,
            low=self.difference - low * self.standard_error,
            high=self.difference + high * self.standard_error,
            standard_error=self.standard_error,
            degrees_of_freedom=self.degrees_of_freedom,
            p=t_p(self.difference / self.standard_error, self.degrees_of_freedom),
        )


def contrast_units(units: Units, *, n_arms: int | None = None) -> list[Contrast]:
    """Compare every treatment with the control, as the units were randomised.

    Clusters and ratios by the jackknife over clusters, strata and covariates being slopes of one
    regression; single units with covariates by that regression with errors of their own (HC2);
    strata alone by post-stratification.

    Args:
        units: All arms.
        n_arms: Arms that must be there; None: those that are.

    Raises:
        NotEnoughDataError: an arm has too few units or clusters, or nothing varies.
    """
    n = units.n_arms if n_arms is None else n_arms
    if units.needs_jackknife:
        return jackknife_contrasts(cluster_sums(units), labels=cluster_arms(units), n_arms=n)
    slopes = slopes_of(units)
    if units.covariates is None or not units.covariates.shape[1]:
        return _within_strata(units, n)
    found = compare_with_covariates(*_by_arm(units, slopes, n))
    samples = [_sample(units.values[units.arms == arm]) for arm in range(n)]
    return [
        _of_regression(one, samples[0], other)
        for one, other in zip(found, samples[1:], strict=True)
    ]


def cluster_sums(units: Units) -> ClusterSums:
    """Add up what the jackknife needs of each cluster; units without one are their own."""
    weights = np.ones(len(units.values)) if units.weights is None else units.weights
    return add_up(units.values, weights, slopes_of(units), _cluster_codes(units))


def cluster_arms(units: Units) -> Codes:
    """Return the arm of each cluster, in the order of `cluster_sums`."""
    codes = _cluster_codes(units)
    arms = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    arms[codes] = units.arms
    return arms


def one_per_cluster(units: Units) -> Codes | None:
    """Return the stratum of each cluster; None where there are none, or a cluster has several."""
    if units.strata is None:
        return None
    codes = _cluster_codes(units)
    found = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    found[codes] = units.strata
    return found if bool((found[codes] == units.strata).all()) else None


def jackknife_contrasts(sums: ClusterSums, *, labels: Codes, n_arms: int) -> list[Contrast]:
    """Compare arms of clusters."""
    found = jackknife(sums, labels=labels, n_arms=n_arms)
    plain = jackknife(sums.without_slopes(), labels=labels, n_arms=n_arms) if sums.q else found
    counts = np.bincount(labels, minlength=n_arms)
    return [
        Contrast(
            int(counts[0]),
            int(counts[place]),
            float(one.means[0]),
            float(one.means[place]),
            one.squared_control,
            one.squared - one.squared_control,
            float(one.means[place] - one.means[0]),
            one.squared**0.5,
            one.degrees_of_freedom,
            1 - one.squared / before.squared if sums.q else None,
            "",
        )
        for place, (one, before) in enumerate(zip(found, plain, strict=True), start=1)
    ]


def slopes_of(units: Units) -> Floats:
    """Lay covariates and strata out as columns that neither repeat each other nor stand still."""
    parts = [] if units.covariates is None else [units.covariates]
    if units.strata is not None:
        parts.append(np.eye(int(units.strata.max()) + 1)[units.strata][:, 1:])
    before = np.hstack(parts) if parts else np.empty((len(units.values), 0))
    return independent(before - before.mean(axis=0), before) if before.size else before


def _cluster_codes(units: Units) -> Codes:
    if units.clusters is None:
        return np.arange(len(units.values))
    return np.unique(units.clusters, return_inverse=True)[1].astype(np.int64)


def _within_strata(units: Units, n_arms: int) -> list[Contrast]:
    strata = np.zeros(len(units.values), dtype=np.int64) if units.strata is None else units.strata
    names = [str(code) for code in np.unique(strata)]
    arms = [
        {name: _sample(units.values[(units.arms == arm) & (strata == int(name))]) for name in names}
        for arm in range(n_arms)
    ]
    plain = [_sample(units.values[units.arms == arm]) for arm in range(n_arms)]
    sizes = {name: float(sum(arm[name].n for arm in arms)) for name in names}
    return [
        stratified_contrast(arms[0], other, (plain[0], one), weights=sizes)
        for one, other in zip(plain[1:], arms[1:], strict=True)
    ]


def stratified_contrast(
    control: dict[str, Sample],
    treatment: dict[str, Sample],
    plain: tuple[Sample, Sample],
    *,
    weights: dict[str, float],
) -> Contrast:
    """Compare one treatment within strata.

    Args:
        control: By stratum.
        treatment: The same strata.
        plain: Both arms without strata.
        weights: Units of each stratum, all arms together.
    """
    found = compare_within_strata(control, treatment, weights=weights)
    total = sum(weights.values())
    means, errors = (
        [
            sum((weights[name] / total) ** power * of(arm[name]) for name in arm)
            for arm in (control, treatment)
        ]
        for power, of in ((1, _mean_of), (2, _error_of))
    )
    before = plain[0].squared_error + plain[1].squared_error
    return Contrast(
        int(plain[0].n),
        int(plain[1].n),
        means[0],
        means[1],
        errors[0],
        errors[1],
        found.difference,
        found.standard_error,
        found.degrees_of_freedom,
        1 - found.standard_error**2 / before if before > 0 else 0.0,
        "",
    )


def _mean_of(sample: Sample) -> float:
    return sample.mean


def _error_of(sample: Sample) -> float:
    return sample.squared_error


def _of_regression(found: Difference, control: Sample, treatment: Sample) -> Contrast:
    """Share the error of a regression between the arms as their plain errors lie."""
    before = control.squared_error + treatment.squared_error
    squared = found.standard_error**2
    part = squared * control.squared_error / before
    # the control stays where it is, so that all treatments stand beside one mean
    return Contrast(
        int(control.n),
        int(treatment.n),
        control.mean,
        control.mean + found.difference,
        part,
        squared - part,
        found.difference,
        found.standard_error,
        found.degrees_of_freedom,
        1 - squared / before,
        "",
    )


def _by_arm(units: Units, slopes: Floats, n: int) -> tuple[Sequence[Floats], Sequence[Floats]]:
    places = [units.arms == arm for arm in range(n)]
    return [units.values[one] for one in places], [slopes[one] for one in places]


def _sample(values: Floats) -> Sample:
    n = len(values)
    return Sample(
        n,
        float(values.mean()) if n else 0.0,
        float(values.var(ddof=1)) if n >= MINIMUM_UNITS else 0.0,
    )


def contrast_of(row: Mapping[str, Any]) -> Contrast:
    """Read one row of `metric_contrasts`."""
    return Contrast(**{one.name: row[one.name] for one in fields(Contrast)})
