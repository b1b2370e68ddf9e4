"""A share of units: z of two shares; the score test where counts are small or arms unequal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ntg_assets.statistics.metric_kinds.kind import (
    ALL_CHECKS,
    Arm,
    Compared,
    Terms,
    moments_in,
    narrows,
)
from ntg_assets.statistics.metric_kinds.mean import Mean
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.shares.proportions import Count, compare_proportions, count_of
from ntg_assets.statistics.shares.share_intervals import (
    RatioMethod,
    compare_by_score,
    ratio_interval,
)
from ntg_assets.statistics.two_samples import Difference

MOST_TIMES = 1.2  # arms more unequal than that are compared by the score test


class _SharesTest(NamedTuple):
    """A test of two shares, under the name that readouts give it."""

    name: str
    compare: Callable[..., Difference]


Z_TEST = _SharesTest("z of two shares", compare_proportions)
SCORE_TEST = _SharesTest("score test of two shares (Miettinen-Nurminen)", compare_by_score)


class Proportion(Mean):
    """Share of units to which something happened."""

    name = "proportion"
    unit = "share"
    measures = ("any",)
    may_be_cut = False
    checks = ALL_CHECKS - {"no_huge_outlier"}

    def compare(self, arms: Sequence[Arm], terms: Terms) -> Compared:
        """Compare shares; with a covariate as means of zeros and ones."""
        moments = moments_in(arms)
        if narrows(moments, terms):
            return super().compare(arms, terms)
        counts = [count_of(arm.n, arm.mean["value"]) for arm in moments]
        test = Z_TEST if _is_plain(counts) else SCORE_TEST
        return Compared(
            [Sample(count.n, count.share, count.share * (1 - count.share)) for count in counts],
            [
                _difference(test, counts[0], count, confidence=terms.confidence)
                for count in counts[1:]
            ],
            test.name,
        )


def _is_plain(counts: Sequence[Count]) -> bool:
    """Whether the large-sample test holds: no count is small, no arm much larger than another."""
    sizes = [count.n for count in counts]
    return max(sizes) <= MOST_TIMES * min(sizes) and not any(count.is_small for count in counts)


def _difference(
    test: _SharesTest, control: Count, treatment: Count, *, confidence: float
) -> Difference:
    """Compare two shares; where both have a success, with the interval of the log ratio."""
    difference = test.compare(control, treatment, confidence=confidence)
    if min(control.successes, treatment.successes) < 1:
        return difference
    method: RatioMethod = "koopman" if control.is_small or treatment.is_small else "katz"
    low, high = ratio_interval(control, treatment, method=method, confidence=confidence)
    effect = treatment.share / control.share - 1
    return replace(difference, relative=effect, relative_low=low - 1, relative_high=high - 1)
