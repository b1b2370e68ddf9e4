"""A ratio of two sums over units: the delta method."""

from ntg_assets.statistics.metric_kinds.mean import Mean


class Ratio(Mean):
    """One sum over another, units being what varies."""

    name = "ratio"
    needs_denominator = True
    has_pairs = False  # the mean of differences is not the difference of ratios
    is_daily = False
    may_be_cut = False
    test = "Welch t of a ratio (delta method)"
