"""A churn model as a table that a person can read and another language can load."""

import numpy as np
import polars as pl
from scipy.special import ndtr

from ntg_assets.churn.design import CHURN_FEATURES
from ntg_assets.churn.logistic import LogisticFit
from ntg_assets.statistics.glm import Z_95


def coefficient_table(
    fit: LogisticFit, *, n_rows: int, n_users: int, n_churned: int
) -> pl.DataFrame:
    """Write a fit as `churn_coefficients`, intercept first."""
    coefficient, error = fit.coefficients, np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    low, high = coefficient - Z_95 * error, coefficient + Z_95 * error
    is_estimated = error > 0
    return pl.DataFrame(
        {
            "position": np.arange(len(coefficient)),
            "feature": ["intercept", *(feature.name for feature in CHURN_FEATURES)],
            "source_column": [None, *(feature.source for feature in CHURN_FEATURES)],
            "feature_group": ["baseline", *(feature.group for feature in CHURN_FEATURES)],
            "transform": [None, *(feature.transform for feature in CHURN_FEATURES)],
            "mean": np.concatenate([[0.0], fit.mean]),
            "scale": np.concatenate([[1.0], fit.scale]),
            "coefficient": coefficient,
            "standard_error": error,
            "coefficient_low": low,
            "coefficient_high": high,
            "odds_ratio_per_sd": np.exp(coefficient),
            "odds_ratio_low": np.exp(low),
            "odds_ratio_high": np.exp(high),
            "sign_probability": np.where(
                is_estimated, ndtr(np.abs(coefficient) / np.where(is_estimated, error, 1.0)), 0.5
            ),
            "covariance": fit.covariance.tolist(),
            "recalibration_offset": 0.0,
            "recalibration_slope": 1.0,
            "recalibration_bend": 0.0,
            "method": fit.method,
            "n_rows": n_rows,
            "n_users": n_users,
            "n_churned": n_churned,
        },
        schema_overrides=dict.fromkeys(("n_rows", "n_users", "n_churned"), pl.Int64)
        | {
            "covariance": pl.List(pl.Float64),
            "source_column": pl.String,
            "transform": pl.String,
        },
    )
