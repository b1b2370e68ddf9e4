"""Retention: the share of units that did something from a day on."""

from ntg_assets.statistics.metric_kinds.proportion import Proportion


class Retention(Proportion):
    """Share of units that came back."""

    name = "retention"
