"""Why anyone should trust the intervals: the same tests on the same data,
where the truth is known because we made it.

- *A/A*: units of one arm are divided at random again and again. Nothing differs, so 5% of the tests
  may say that something does.
- *coverage*: two arms are drawn from the units with a known effect (a share of each value); 95% of
  the intervals must hold it.
- *power*: the known effect is the one that the plan promises to find; it must be found as often as
  promised.

Quantiles are left out: dividing one set of units again and again asks of the gaps around its own
quantile, and finds 1% to 9% where the promised 5% hold over many sets (measured on 400 to 4,000
units). What breaks their promise is ties, which the readout withholds.

Each rate comes with its Monte Carlo error. Where data are few or very skewed the promise can fail,
and the table says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.randomness import random_stream
from ntg_assets.statistics.power import Design, detectable_effect

Floats = NDArray[np.float64]
REPETITIONS = 2_000  # a rate of 5% is then known to half a point
FEWEST_UNITS = 8  # two arms of four: with fewer, re-assignment has almost nothing to shuffle
BLOCK = 250  # repetitions at once, which bounds the memory
TOLERATED_ERRORS = 3.0  # a rate further off than three of its own errors is not chance


class Arms(NamedTuple):
    """Many repetitions at once: units, means and variances per arm."""

    n: int
    mean: Floats
    variance: Floats


@dataclass(frozen=True)
class SelfTest:
    """One promise of the statistics, and how it was kept;
    the fields are columns of `self_tests`.
    """

    experiment: str
    metric: str
    source: str
    test: str
    expected_share: float
    found_share: float
    monte_carlo_error: float
    uniform_p: float | None
    n_repetitions: int
    n_units: int
    is_kept: bool
    sentence: str


def run_self_tests(
    experiment: ExperimentSettings, unit_values: pl.DataFrame, *, seed: int
) -> list[SelfTest]:
    """Put every metric of an experiment to its tests.

    Args:
        experiment: The experiment.
        unit_values: `self_test_units`: values of units under the control arm.
        seed: Of the project.
    """
    found = unit_values.filter(pl.col("experiment") == experiment.id)
    tested = [
        metric.name for metric in experiment.measured if metric.kind not in {"ratio", "quantile"}
    ]
    return [
        result
        for metric in tested
        for result in _test_metric(
            experiment,
            metric,
            _values(found, metric),
            rng=random_stream(seed, f"self-test:{experiment.id}:{metric}"),
        )
    ]


def welch(control: Arms, treatment: Arms) -> tuple[Floats, Floats, Floats]:
    """Return differences, standard errors and degrees of freedom of many Welch tests at once;
    the formulas of `two_samples`.
    """
    one, other = control.variance / control.n, treatment.variance / treatment.n
    total = one + other
    with np.errstate(divide="ignore", invalid="ignore"):
        df = total**2 / (one**2 / (control.n - 1) + other**2 / (treatment.n - 1))
    return treatment.mean - control.mean, np.sqrt(total), df


def welch_p(control: Arms, treatment: Arms) -> Floats:
    """Return two-sided p-values of many Welch tests; 1 where nothing varies,
    as no claim is made then.
    """
    difference, error, df = welch(control, treatment)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * scipy.stats.t.sf(np.abs(difference) / error, df)
    return np.where(error > 0, p, 1.0)


def _values(found: pl.DataFrame, metric: str) -> Floats:
    return found.filter(pl.col("metric") == metric).sort("unit_id")["value"].to_numpy()


def _test_metric(
    experiment: ExperimentSettings, metric: str, values: Floats, *, rng: np.random.Generator
) -> Iterator[SelfTest]:
    if len(values) < FEWEST_UNITS or np.ptp(values) == 0:
        return
    alpha = experiment.significance
    p = np.concatenate([welch_p(*_divide(values, size, rng)) for size in _blocks()])
    yield _result(
        experiment,
        metric,
        "A/A",
        expected=alpha,
        hits=p < alpha,
        n_units=len(values),
        uniform_p=float(scipy.stats.kstest(p, "uniform").pvalue),
    )
    effect = _planned_effect(experiment, values)
    share = effect / abs(values.mean()) if values.mean() else 0.0
    if share == 0:
        return
    covered, rejected = [], []
    for size in _blocks():
        control, treatment = _draw(values, size, rng), _scaled(_draw(values, size, rng), 1 + share)
        difference, error, df = welch(control, treatment)
        reach = scipy.stats.t.isf(alpha / 2, df) * error
        covered.append(np.abs(difference - share * values.mean()) <= reach)
        rejected.append(np.abs(difference) > reach)
    yield _result(
        experiment,
        metric,
        "coverage",
        expected=1 - alpha,
        hits=np.concatenate(covered),
        n_units=len(values),
    )
    yield _result(
        experiment,
        metric,
        "power",
        expected=experiment.power,
        hits=np.concatenate(rejected),
        n_units=len(values),
    )


def _planned_effect(experiment: ExperimentSettings, values: Floats) -> float:
    """Solve for the effect that the plan promises to find,
    when that effect is a share of each value and so widens the treated arm.
    """
    n, mean, variance = len(values) // 2, abs(values.mean()), float(values.var(ddof=1))
    effect = 0.0
    for _ in range(25):  # a contraction: the variance grows slowly with the effect
        treated = variance * (1 + effect / mean) ** 2 if mean else variance
        design = Design(variance, treated, significance=experiment.significance)
        effect = detectable_effect(n_control=n, design=design, wanted_power=experiment.power)
    return effect


def _blocks() -> Sequence[int]:
    return [BLOCK] * (REPETITIONS // BLOCK)


def _divide(values: Floats, size: int, rng: np.random.Generator) -> tuple[Arms, Arms]:
    """Divide the units into two halves at random, `size` times."""
    shuffled = rng.permuted(np.broadcast_to(values, (size, len(values))), axis=1)
    half = len(values) // 2
    return _summary(shuffled[:, :half]), _summary(shuffled[:, half:])


def _draw(values: Floats, size: int, rng: np.random.Generator) -> Arms:
    """Draw an arm of half as many units, with replacement, `size` times."""
    return _summary(values[rng.integers(0, len(values), (size, len(values) // 2))])


def _summary(table: Floats) -> Arms:
    return Arms(table.shape[1], table.mean(axis=1), table.var(axis=1, ddof=1))


def _scaled(arms: Arms, factor: float) -> Arms:
    return Arms(arms.n, arms.mean * factor, arms.variance * factor**2)


def _result(
    experiment: ExperimentSettings,
    metric: str,
    test: str,
    *,
    expected: float,
    hits: NDArray[np.bool_],
    n_units: int,
    uniform_p: float | None = None,
) -> SelfTest:
    found = float(hits.mean())
    error = sqrt(expected * (1 - expected) / len(hits))
    is_kept = abs(found - expected) <= TOLERATED_ERRORS * error
    kept = (
        "as promised"
        if is_kept
        else f"not the promised {expected:.1%}: {n_units:,} such units are too few or too skewed"
    )
    return SelfTest(
        experiment=experiment.id,
        metric=metric,
        source=experiment.evidence,
        test=test,
        expected_share=expected,
        found_share=found,
        monte_carlo_error=error,
        uniform_p=uniform_p,
        n_repetitions=len(hits),
        n_units=n_units,
        is_kept=is_kept,
        sentence=(
            f"{test} of {metric}: {found:.1%} (+- {error:.1%}) of {len(hits):,} repetitions, {kept}"
        ),
    )
