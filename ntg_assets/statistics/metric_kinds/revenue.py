"""Revenue: a mean of money, which is not below zero unless the configuration expects refunds."""

from ntg_assets.statistics.metric_kinds.mean import Mean


class Revenue(Mean):
    """Mean of money per unit."""

    name = "revenue"
    unit = "money"
    lowest = 0.0
