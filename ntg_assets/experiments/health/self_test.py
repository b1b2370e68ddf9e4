"""One promise of the statistics, and how it was kept on the data themselves."""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings

TOLERATED_ERRORS = 3.0  # a rate further off than three of its own errors is not chance


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


def self_test_of(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    test: str,
    expected: float,
    hits: NDArray[np.bool_],
    *,
    n_units: int,
    n_repetitions: int,
    uniform_p: float | None = None,
) -> SelfTest:
    """Hold how often something happened against how often it was promised.

    Args:
        experiment: Whose statistics are tested.
        metric: Its metric.
        test: Name of the promise.
        expected: Share of the repetitions in which it should have happened.
        hits: Whether it did, one per repetition; none: nothing speaks against the promise.
        n_units: Units of all arms.
        n_repetitions: Re-assignments.
        uniform_p: p of the p-values' being uniform, where that was asked.
    """
    share = float(hits.mean()) if len(hits) else expected
    error = sqrt(expected * (1 - expected) / max(n_repetitions, 1))
    result = SelfTest(
        experiment=experiment.id,
        metric=metric.name,
        source=experiment.evidence,
        test=test,
        expected_share=expected,
        found_share=share,
        monte_carlo_error=error,
        uniform_p=uniform_p,
        n_repetitions=n_repetitions,
        n_units=n_units,
        is_kept=abs(share - expected) <= TOLERATED_ERRORS * error,
        sentence="",
    )
    return replace(result, sentence=_sentence(result))


def _sentence(result: SelfTest) -> str:
    kept = (
        "as promised"
        if result.is_kept
        else f"not the promised {result.expected_share:.1%}: {result.n_units:,} such units are too"
        " few or too skewed"
    )
    return (
        f"{result.test} of {result.metric}: {result.found_share:.1%}"
        f" (+- {result.monte_carlo_error:.1%}) of {result.n_repetitions:,} repetitions, {kept}"
    )
