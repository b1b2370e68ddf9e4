"""What a challenger may know at one origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from ntg_assets.churn.visits import bg_nbd
from ntg_assets.evaluation.boosting import Boosting

BOOSTED, DIRECT_LOSS = "gradient_boosting", "direct_loss"
NOT_TUNED: Mapping[str, Boosting] = {}


@dataclass(frozen=True)
class Origin:
    """What may be known at one origin.

    Attributes:
        known: Labelled snapshots whose window had closed.
        now: Activity of the at-risk users at the origin, by user.
        everyone: Activity of every user at the origin.
        horizon_days: Churn horizon.
        regularisation: C of the logistic challengers, that of the shipped model.
        seed: Of the boosted trees.
        sizes: Of the boosted models, as tuned on what had closed by then.
    """

    known: pl.DataFrame
    now: pl.DataFrame
    everyone: pl.DataFrame
    horizon_days: int
    regularisation: float
    seed: int
    sizes: Mapping[str, Boosting] = field(default_factory=lambda: NOT_TUNED)

    @cached_property
    def panel(self) -> bg_nbd.BgNbd:
        """BG/NBD fitted on everyone known at the origin."""
        return bg_nbd.fit_bg_nbd(bg_nbd.visits_of(self.everyone.sort("user_id")))
