"""A churn model as a table that a person can read and another language can load."""

import numpy as np
import polars as pl
from scipy.special import ndtr

from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.learning.logistic import LogisticFit
from ntg_assets.statistics.glm import Z_95

INTEGERS = ("n_rows", "n_users", "n_churned")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(INTEGERS, pl.Int64),
    "covariance": pl.List(pl.Float64),
    "source_column": pl.String,
    "transform": pl.String,
}
NOT_RECALIBRATED = {
    "recalibration_offset": 0.0,
    "recalibration_slope": 1.0,
    "recalibration_bend": 0.0,
}

Columns = dict[str, object]


def coefficient_table(
    fit: LogisticFit, *, n_rows: int, n_users: int, n_churned: int
) -> pl.DataFrame:
    """Write a fit as `churn_coefficients`, intercept first.

    Args:
        fit: On `CHURN_FEATURES`, in their order.
        n_rows: Labelled snapshots (user, snapshot) of the fit.
        n_users: Users of them.
        n_churned: Snapshots of them whose user left.
    """
    counts = {"n_rows": n_rows, "n_users": n_users, "n_churned": n_churned}
    columns = _inputs(fit) | _estimates(fit) | NOT_RECALIBRATED | {"method": fit.method} | counts
    return pl.DataFrame(columns, schema_overrides=SCHEMA)


def _inputs(fit: LogisticFit) -> Columns:
    """What each coefficient belongs to, and how its input is standardised."""
    return {
        "position": np.arange(len(fit.coefficients)),
        "feature": ["intercept", *(feature.name for feature in CHURN_FEATURES)],
        "source_column": [None, *(feature.source for feature in CHURN_FEATURES)],
        "feature_group": ["baseline", *(feature.group for feature in CHURN_FEATURES)],
        "transform": [None, *(feature.transform for feature in CHURN_FEATURES)],
        "mean": np.concatenate([[0.0], fit.mean]),
        "scale": np.concatenate([[1.0], fit.scale]),
    }


def _estimates(fit: LogisticFit) -> Columns:
    """Each coefficient, its 95% interval, and how sure its sign is: 0.5 without a fit."""
    coefficient, error = fit.coefficients, np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    low, high = coefficient - Z_95 * error, coefficient + Z_95 * error
    is_estimated = error > 0
    distance = np.abs(coefficient) / np.where(is_estimated, error, 1.0)
    return {
        "coefficient": coefficient,
        "standard_error": error,
        "coefficient_low": low,
        "coefficient_high": high,
        "odds_ratio_per_sd": np.exp(coefficient),
        "odds_ratio_low": np.exp(low),
        "odds_ratio_high": np.exp(high),
        "sign_probability": np.where(is_estimated, ndtr(distance), 0.5),
        "covariance": fit.covariance.tolist(),
    }
