"""What churn may be learned from on one day: labelled snapshots, and the activity of everybody."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.bg_nbd_prior import BgNbdPrior, bg_nbd_prior
from ntg_assets.churn.learning.design import (
    design_matrix,
    location_and_scale,
    without_season,
)
from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.learning.logistic import (
    user_codes,
)
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.errors import NotEnoughDataError


@dataclass(frozen=True)
class TrainingSet:
    """What churn may be learned from on one day.

    Attributes:
        labelled: Labelled snapshots whose window had closed, by user and snapshot.
        everyone: Activity of every user known on the day, one row each.
        settings: Horizon, at-risk window, penalty.
    """

    labelled: pl.DataFrame
    everyone: pl.DataFrame
    settings: ChurnSettings

    @cached_property
    def matrix(self) -> Floats:
        """Transformed inputs of the labelled rows, shape (n, p)."""
        return without_season(design_matrix(self.labelled, features=CHURN_FEATURES), self.labelled)

    @cached_property
    def location(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each input, shape (p,)."""
        return location_and_scale(self.matrix)

    @cached_property
    def churned(self) -> Floats:
        """1 or 0, shape (n,)."""
        return self.labelled["is_churned"].cast(pl.Float64).to_numpy()

    @cached_property
    def users(self) -> np.ndarray:
        """Dense codes of the users, ascending, shape (n,)."""
        return user_codes(self.labelled)

    @cached_property
    def n_windows(self) -> float:
        """Closed windows that do not overlap, as a span over the length of one."""
        spans = self.labelled.select(
            whole=(pl.col("window_end_on").max() - pl.col("snapshot_on").min()).dt.total_days(),
            one=(pl.col("window_end_on") - pl.col("snapshot_on")).dt.total_days().max(),
        ).row(0, named=True)
        return float(spans["whole"] / max(spans["one"], 1))

    @cached_property
    def prior(self) -> BgNbdPrior | None:
        """What BG/NBD says of everyone; None where it cannot be fitted."""
        mean, scale = self.location
        return bg_nbd_prior(
            self.everyone,
            self.labelled,
            mean=mean,
            scale=scale,
            horizon_days=self.settings.horizon_days,
        )

    def penalty_scale(self, full_windows: float) -> float:
        """C with the windows that have closed, towards something with its full strength at
        `full_windows`.
        """
        return self.settings.regularisation * min(1.0, self.n_windows / full_windows)


def training_set(
    labelled: pl.DataFrame, everyone: pl.DataFrame, *, settings: ChurnSettings
) -> TrainingSet:
    """Put together what may be learned from; refuses a log without a labelled row."""
    if labelled.is_empty():
        msg = (
            "churn_coefficients: no user was at risk at any closed snapshot. Use a longer log or a"
            " larger churn.at_risk_days."
        )
        raise NotEnoughDataError(msg)
    return TrainingSet(labelled.sort("user_id", "snapshot_on"), everyone.sort("user_id"), settings)
