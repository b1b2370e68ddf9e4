"""One quantile of the units: mid-ranks, which hold with ties."""

from collections.abc import Sequence
from functools import partial

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.metric_kinds.kind import Arm, Compared, MetricKind, Terms
from ntg_assets.statistics.quantiles import OrderStatistics, compare_quantiles, quantile_sample
from ntg_assets.statistics.samples import Sample


class Quantile(MetricKind):
    """One quantile of a value."""

    name = "quantile"
    has_pairs = False  # nor is the mean of differences the difference of quantiles
    has_segments = False  # ranks are known for everyone together only
    is_daily = False
    has_covariate = False
    reads_ranks = True
    checks = frozenset({"counted_events", "complete_values"})

    def compare(self, arms: Sequence[Arm], terms: Terms) -> Compared:
        """Compare one quantile of each arm."""
        ranks = _ranks_in(arms)
        compare = partial(compare_quantiles, ranks[0], confidence=terms.confidence)
        differences = [compare(treated) for treated in ranks[1:]]
        method = f"mid-ranks of the {terms.quantile:g} quantile"
        return Compared([quantile_sample(of_arm) for of_arm in ranks], differences, method)

    def baseline(self, control: Arm, terms: Terms) -> tuple[Sample, float]:  # noqa: ARG002  # the interface of kinds
        """Read the control's quantile; nothing before the exposure explains it."""
        return quantile_sample(_ranks_in([control])[0]), 0.0


def _ranks_in(arms: Sequence[Arm]) -> list[OrderStatistics]:
    ranks = [arm.ranks for arm in arms if arm.ranks is not None]
    if len(ranks) < len(arms):
        raise NotEnoughDataError(f"only {len(ranks)} of {len(arms)} arms have units with a value.")
    return ranks
