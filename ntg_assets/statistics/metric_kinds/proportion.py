"""A share of units: z of two shares; the score test where counts are small or arms unequal."""

from collections.abc import Sequence
from dataclasses import replace

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
        sizes = [count.n for count in counts]
        is_plain = max(sizes) <= MOST_TIMES * min(sizes) and not any(
            count.is_small for count in counts
        )
        compare = compare_proportions if is_plain else compare_by_score
        return Compared(
            [Sample(count.n, count.share, count.share * (1 - count.share)) for count in counts],
            [
                _with_ratio(
                    compare(counts[0], count, confidence=terms.confidence), counts[0], count, terms
                )
                for count in counts[1:]
            ],
            "z of two shares" if is_plain else "score test of two shares (Miettinen-Nurminen)",
        )


def _with_ratio(
    difference: Difference, control: Count, treatment: Count, terms: Terms
) -> Difference:
    """Add the relative effect, where both arms have a success: the interval of the log ratio."""
    if min(control.successes, treatment.successes) < 1:
        return difference
    method: RatioMethod = "koopman" if control.is_small or treatment.is_small else "katz"
    low, high = ratio_interval(control, treatment, method=method, confidence=terms.confidence)
    effect = treatment.share / control.share - 1
    return replace(difference, relative=effect, relative_low=low - 1, relative_high=high - 1)
