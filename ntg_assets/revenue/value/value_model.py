"""What an active user is worth over one horizon: the second part of the two-part value, as a table.

E[value | active] is a Poisson regression with log link on the same inputs as churn, fitted on the
snapshots whose user stayed. Only the mean has to be right for it, values need not be counts; its
penalty shrinks towards the mean of all, and its predictions add up to what was observed.

Source: Duan, Manning, Morris and Newhouse 1983 (two-part models); Gourieroux, Monfort and Trognon
1984 (Poisson pseudo-likelihood).
"""

import warnings

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, location_and_scale, standardise
from ntg_assets.churn.learning.features import FEATURES
from ntg_assets.churn.learning.logistic import (
    MAX_ITERATIONS,
    MIN_USERS_PER_OUTCOME,
    TOLERANCE,
    user_codes,
)
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.revenue.value.worth import HALF_LIFE_DAYS
from ntg_assets.statistics.glm import sandwich, standard_error, with_intercept
from ntg_assets.statistics.likelihood import significant
from ntg_assets.statistics.one_thread import one_thread

MAX_LOG_VALUE = 700.0  # exp() of more is infinite


def fit_value(labelled: pl.DataFrame, *, settings: ValueSettings) -> pl.DataFrame:
    """Fit the value of a horizon on labelled snapshots whose user was active in the window.

    Args:
        labelled: `churn_snapshots` joined with `churn_labels`: one row per (user, snapshot);
        amounts as they count (`worth.counted`).
        settings: Basis of value, prices, penalty.

    Returns:
        `value_coefficients`. With fewer than `MIN_USERS_PER_OUTCOME` active users (or no value at
        all) the intercept alone: the mean of the active, or the mean run rate when nobody was
        active.

    Raises:
        NotEnoughDataError: there is no labelled row.
    """
    if labelled.is_empty():
        raise NotEnoughDataError(
            "value_coefficients: no labelled snapshot. Use a longer log or a larger"
            " churn.at_risk_days."
        )
    stayed = labelled.filter(~pl.col("is_churned")).sort("user_id", "snapshot_on")
    value = observed_value(stayed, settings=settings)
    if stayed["user_id"].n_unique() < MIN_USERS_PER_OUTCOME or value.sum() <= 0:
        fitted = _intercept_only(labelled, value, settings=settings)
        return _table(
            *fitted,
            method="mean",
            rows=stayed,
            largest=_largest(stayed, value, np.exp(fitted[0][0]), settings=settings),
        )
    matrix = design_matrix(stayed)
    mean, scale = location_and_scale(matrix)
    with one_thread():  # the order of sums in a threaded product is not fixed
        coefficients, covariance = _fit_poisson(
            standardise(matrix, mean=mean, scale=scale),
            value,
            user_codes(stayed),
            settings=settings,
        )
    largest = _largest(stayed, value, value.mean(), settings=settings)
    return _table(
        coefficients, covariance, mean, scale, method="poisson", rows=stayed, largest=largest
    )


def predict_value(snapshots: pl.DataFrame, coefficients: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return E[value over one horizon | active] of each row,
    at most the fit's largest, and the standard error of its logarithm.
    """
    table = coefficients.sort("position")
    standardised = standardise(
        design_matrix(snapshots),
        mean=table["mean"].to_numpy()[1:],
        scale=table["scale"].to_numpy()[1:],
    )
    log_value = np.full(len(standardised), table["coefficient"][0])
    for position, coefficient in enumerate(table["coefficient"].to_list()[1:]):
        log_value = log_value + standardised[:, position] * coefficient
    error = standard_error(standardised, np.array(table["covariance"].to_list()))
    return (
        np.minimum(np.exp(np.minimum(log_value, MAX_LOG_VALUE)), table["largest_value"][0]),
        error,
    )


def observed_value(labelled: pl.DataFrame, *, settings: ValueSettings) -> Floats:
    """Value of each window in the configured unit;
    a window whose refunds outweigh its purchases counts 0.
    """
    if settings.basis == "event_value":
        return np.maximum(labelled["window_value"].to_numpy(), 0.0)
    return labelled["window_active_days"].cast(pl.Float64).to_numpy() * settings.day_price


def daily_run_rate(snapshots: pl.DataFrame, *, settings: ValueSettings) -> Floats:
    """Value per day at the present pace: the decayed total over the sum of the weights,
    ln 2 / half-life per day; never below 0.
    """
    per_day = np.log(2) / HALF_LIFE_DAYS
    if settings.basis == "event_value":
        return np.maximum(snapshots["decayed_value_90d"].to_numpy(), 0.0) * per_day
    return snapshots["decayed_active_days_90d"].to_numpy() * settings.day_price * per_day


def _fit_poisson(
    standardised: Floats, value: Floats, users: np.ndarray, *, settings: ValueSettings
) -> tuple[Floats, Floats]:
    """Fit on values relative to their mean, so that the penalty does not depend on the currency."""
    from sklearn.linear_model import PoissonRegressor  # noqa: PLC0415  # takes seconds to import

    level = value.mean()
    model = PoissonRegressor(
        alpha=settings.regularisation,
        solver="newton-cholesky",
        tol=TOLERANCE,
        max_iter=MAX_ITERATIONS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that did not converge is no fit
        model.fit(standardised, value / level)
    coefficients = significant(np.concatenate([[model.intercept_], model.coef_]))
    design = with_intercept(standardised)
    expected = np.exp(design @ coefficients)
    penalty = settings.regularisation * len(value)
    covariance = sandwich(design, value / level - expected, expected, users, penalty=penalty)
    coefficients[0] += np.log(level)
    return significant(coefficients), covariance


def _intercept_only(
    labelled: pl.DataFrame, value: Floats, *, settings: ValueSettings
) -> tuple[Floats, Floats, Floats, Floats]:
    """Take the mean of the active; where none was active (or worth anything),
    the mean run rate over a window; at least a trace.
    """
    windows = (labelled["window_end_on"] - labelled["snapshot_on"]).dt.total_days().to_numpy()
    level = (
        value.mean()
        if value.sum() > 0
        else (daily_run_rate(labelled, settings=settings) * windows).mean()
    )
    n = len(FEATURES)
    coefficients = np.zeros(n + 1)
    coefficients[0] = np.log(max(level, np.finfo(np.float64).tiny))
    covariance = np.zeros((n + 1, n + 1))
    covariance[0, 0] = 1.0 / max(len(np.unique(user_codes(labelled))), 1)
    return coefficients, covariance, np.zeros(n), np.ones(n)


def _largest(
    stayed: pl.DataFrame, value: Floats, level: float, *, settings: ValueSettings
) -> float:
    """No window holds more active days than days; in amounts,
    no forecast lies above the largest window seen.
    """
    if settings.basis == "event_value":
        return float(max(value.max(initial=0.0), level))
    windows = (stayed["window_end_on"] - stayed["snapshot_on"]).dt.total_days()
    return float(max(windows.max() or 0.0, 0.0)) * settings.day_price or float(level)  # type: ignore[arg-type]  # whole days


def _table(
    coefficients: Floats,
    covariance: Floats,
    mean: Floats,
    scale: Floats,
    *,
    method: str,
    rows: pl.DataFrame,
    largest: float,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "position": np.arange(len(coefficients)),
            "feature": ["intercept", *(feature.name for feature in FEATURES)],
            "feature_group": ["baseline", *(feature.group for feature in FEATURES)],
            "transform": [None, *(feature.transform for feature in FEATURES)],
            "mean": np.concatenate([[0.0], mean]),
            "scale": np.concatenate([[1.0], scale]),
            "coefficient": coefficients,
            "standard_error": np.sqrt(np.maximum(np.diag(covariance), 0.0)),
            "value_ratio_per_sd": np.exp(np.minimum(coefficients, MAX_LOG_VALUE)),
            "covariance": covariance.tolist(),
            "largest_value": largest,
            "method": method,
            "n_rows": rows.height,
            "n_users": rows["user_id"].n_unique(),
        },
        schema_overrides={
            "covariance": pl.List(pl.Float64),
            "transform": pl.String,
            "n_rows": pl.Int64,
            "n_users": pl.Int64,
        },
    )
