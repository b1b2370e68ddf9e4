"""Whether the largest values of the primary metric fall on the arms as those just below them do.

A filter that drops the heaviest users of one arm, a bot rule or lost rows leave too few gaps for
the test of the sample ratio (3 to 6% of 2,000 units), and change the mean more than any feature
does. Where the time before is known, `pre_period_balance` finds it in 15 to 85% of such trials and
counts of heavy users before find it less often; the values themselves show it always. Giving the
arms at random leaves the largest values as evenly spread as all others, however skewed they are.
"""

from collections.abc import Iterator
from math import sqrt

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.tail import BELOW, LARGEST, TOP, Tail
from ntg_assets.experiments.health.self_test import SelfTest
from ntg_assets.statistics.shares.proportions import Count, fisher_exact_p


def examine_tails(experiment: ExperimentSettings, units: pl.DataFrame) -> Iterator[SelfTest]:
    """Hold the largest values of each treatment against those below them; of clusters, whose units
    come together, and of ratios nothing is said.

    Args:
        experiment: The experiment.
        units: `self_test_units` of the experiment.
    """
    metric = experiment.metric(experiment.primary_metric)
    if experiment.cluster_id or metric.how.needs_denominator:
        return
    own = units.filter(pl.col("metric") == metric.name)
    for arm in experiment.treatments:
        pair = own.filter(pl.col("arm").is_in([experiment.control.name, arm.name]))
        tail = tail_between(pair["value"].to_numpy(), (pair["arm"] == arm.name).to_numpy())
        if tail is not None:
            yield _as_row(experiment, tail, arm=arm.name)


def tail_between(values: Floats, is_treated: npt.NDArray[np.bool_]) -> Tail | None:
    """Count the largest values of two arms; None where nothing lies above or below.

    Args:
        values: One per unit.
        is_treated: Which of them are of the treatment.

    Source: Fisher 1935, "The Logic of Inductive Inference" (the exact test of a table of two by
    two, twice the smaller tail).
    """
    if not len(values):
        return None
    top, below = np.quantile(values, [TOP, BELOW])
    largest = values > top
    others = (values > below) & ~largest
    n_largest = int(largest.sum())
    above = [int((largest & arm).sum()) for arm in (~is_treated, is_treated)]
    lower = [int((others & arm).sum()) for arm in (~is_treated, is_treated)]
    if not n_largest or not all(lower):
        return None
    counts = [Count(n, n + n_lower) for n, n_lower in zip(above, lower, strict=True)]
    return Tail(
        lower[1] / sum(lower),
        above[1] / n_largest,
        fisher_exact_p(*counts),
        n_largest,
        len(values),
    )


def _as_row(experiment: ExperimentSettings, tail: Tail, *, arm: str) -> SelfTest:
    """Lay a tail out as one promise: that the largest values are spread as the others are."""
    fits = "as the others are" if not tail.is_uneven else "unlike the others"
    return SelfTest(
        experiment=experiment.id,
        metric=experiment.primary_metric,
        source=experiment.evidence,
        test=f"{LARGEST}{arm}",
        expected_share=tail.expected,
        found_share=tail.found,
        monte_carlo_error=sqrt(tail.expected * (1 - tail.expected) / tail.n_largest),
        uniform_p=tail.p,
        n_repetitions=tail.n_largest,
        n_units=tail.n_units,
        is_kept=not tail.is_uneven,
        sentence=(
            f"{LARGEST}{arm} of {experiment.primary_metric}: {tail.found:.1%} of the largest"
            f" {tail.n_largest:,} and {tail.expected:.1%} of those below, {fits}"
        ),
    )
