"""Ridge regression of what users bring on what was known of them before."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, location_and_scale, standardise
from ntg_assets.churn.learning.features import FEATURES

INPUTS = (
    "log_recency_days",
    "log_active_days_30d",
    "log_active_days_90d",
    "trend_log_ratio",
    "log_decayed_value_90d",
    "log_tenure_days",
)


RIDGE_SHARE = 0.01  # penalty per row, on standardised inputs


@dataclass(frozen=True)
class Ridge:
    """A ridge regression on standardised inputs; the intercept is not shrunk."""

    mean: Floats
    scale: Floats
    coefficients: Floats

    @classmethod
    def fit(cls, rows: pl.DataFrame, target: Floats) -> "Ridge":
        matrix = _inputs(rows)
        mean, scale = location_and_scale(matrix)
        design = standardise(matrix, mean=mean, scale=scale)
        level = float(target.mean())
        penalty = RIDGE_SHARE * len(target) * np.eye(design.shape[1])
        return cls(
            mean,
            scale,
            np.concatenate(
                [[level], np.linalg.solve(design.T @ design + penalty, design.T @ (target - level))]
            ),
        )

    def predict(self, rows: pl.DataFrame) -> Floats:
        design = standardise(_inputs(rows), mean=self.mean, scale=self.scale)
        predicted: Floats = self.coefficients[0] + design @ self.coefficients[1:]
        return predicted


def _inputs(rows: pl.DataFrame) -> Floats:
    return design_matrix(rows, features=[feature for feature in FEATURES if feature.name in INPUTS])
