"""From a user's activity to the numbers a linear model reads: fixed transforms, standardised inside the fit.

Counts and durations are skewed, so their logarithm enters; the functions are fixed, nothing of them is fitted. A feature
that is not defined for a user (no gap after one active day) takes the mean of the fit, so it contributes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Transform = Literal["log1p", "signed_log1p", "identity", "is_one"]
CONSTANT_VARIANCE = 1e-20  # below this, relative to the mean, a spread is rounding error
GROUPS = ("recency", "frequency", "rhythm", "trend", "depth", "tenure")


@dataclass(frozen=True)
class Feature:
    """One input of the models.

    Attributes:
        name: Name in the coefficient table.
        source: Column of `churn_snapshots`.
        group: What it is told as in a reason: correlated features share a group.
        transform: `log1p` = ln(1 + x), `signed_log1p` = sign(x) ln(1 + |x|), `identity` = x, `is_one` = 1 where x = 1, else 0.
    """

    name: str
    source: str
    group: str
    transform: Transform


FEATURES: tuple[Feature, ...] = (
    Feature("log_recency_days", "recency_days", "recency", "log1p"),
    Feature("log_recency_to_mean_gap", "recency_to_mean_gap", "recency", "log1p"),
    Feature("log_active_days", "active_days", "frequency", "log1p"),
    Feature("log_active_days_7d", "active_days_7d", "frequency", "log1p"),
    Feature("log_active_days_30d", "active_days_30d", "frequency", "log1p"),
    Feature("log_active_days_90d", "active_days_90d", "frequency", "log1p"),
    Feature("log_decayed_active_days_7d", "decayed_active_days_7d", "frequency", "log1p"),
    Feature("log_decayed_active_days_30d", "decayed_active_days_30d", "frequency", "log1p"),
    Feature("log_decayed_active_days_90d", "decayed_active_days_90d", "frequency", "log1p"),
    Feature("log_decayed_active_days_365d", "decayed_active_days_365d", "frequency", "log1p"),
    Feature("active_day_share", "active_day_share", "frequency", "identity"),
    Feature("has_one_active_day", "active_days", "rhythm", "is_one"),
    Feature("log_mean_gap_days", "mean_gap_days", "rhythm", "log1p"),
    Feature("log_gap_variation", "gap_variation", "rhythm", "log1p"),
    Feature("log_longest_gap_days", "longest_gap_days", "rhythm", "log1p"),
    Feature("log_weekly_volatility", "weekly_volatility", "rhythm", "log1p"),
    Feature("trend_log_ratio", "trend_log_ratio", "trend", "identity"),
    Feature("log_events_per_active_day", "events_per_active_day", "depth", "log1p"),
    Feature("log_items_per_active_day", "items_per_active_day", "depth", "log1p"),
    Feature("log_value_per_active_day", "value_per_active_day", "depth", "signed_log1p"),
    Feature("log_decayed_value_90d", "decayed_value_90d", "depth", "signed_log1p"),
    Feature("log_tenure_days", "tenure_days", "tenure", "log1p"),
)


def design_matrix(snapshots: pl.DataFrame, *, features: Sequence[Feature] = FEATURES) -> Floats:
    """Transform the activity of users.

    Args:
        snapshots: Rows of `churn_snapshots`.
        features: Inputs, in the order of the matrix's columns.

    Returns:
        Shape (rows, features), NaN where a feature is not defined.
    """
    columns = [_transformed(snapshots[feature.source], feature.transform) for feature in features]
    return np.column_stack(columns) if columns else np.empty((snapshots.height, 0))


def standardise(matrix: Floats, *, mean: Floats, scale: Floats) -> Floats:
    """Centre and scale columns; what is not defined stands at the mean, that is at 0."""
    return np.nan_to_num((matrix - mean) / scale, nan=0.0)


def location_and_scale(matrix: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column over its defined values; a constant or empty column has scale 1."""
    defined = ~np.isnan(matrix)
    counts = np.maximum(defined.sum(axis=0), 1)
    mean = np.where(defined, matrix, 0.0).sum(axis=0) / counts
    variance = np.where(defined, (matrix - mean) ** 2, 0.0).sum(axis=0) / counts
    constant = variance <= CONSTANT_VARIANCE * np.maximum(1.0, mean**2)
    return mean, np.where(constant, 1.0, np.sqrt(variance))


def _transformed(values: pl.Series, transform: Transform) -> Floats:
    x = values.cast(pl.Float64).to_numpy()
    if transform == "log1p":
        return np.log1p(x)
    if transform == "signed_log1p":
        return np.sign(x) * np.log1p(np.abs(x))
    return np.where(x == 1, 1.0, 0.0) if transform == "is_one" else x.copy()
