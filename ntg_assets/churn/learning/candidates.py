"""The churn models that may be shipped, all of them one kind of table (`churn_coefficients`), so
that contributions, reasons, intervals and radar follow whichever it is.

* `logistic`, the default: logistic regression on all inputs. While fewer than `FEW_WINDOWS` windows
  have closed it is shrunk towards what BG/NBD says in them (method `toward_bg_nbd`), from then on
  towards no effect (`logistic`).
* `three_inputs`: recency, active days and tenure alone.
* `bg_nbd`: BG/NBD itself, in the inputs of churn (`bg_nbd_prior`); no label is used.

Measured at 77 cuts of the Complete Journey, CDNOW, MovieLens and ten made logs and of draws of 300
to 1,500 of their users, mean log loss against shrinkage towards no effect with 0, 1, 2 and 3 or
more past origins: towards BG/NBD -.010, -.007, .000, .000; `bg_nbd` +.006, +.009, +.016, +.022;
`three_inputs` +.025, +.015, +.023, +.026. On MovieLens, a long log of few users on which BG/NBD is
wrong, shrinkage towards it cost .018 (standard error .012) at eight late origins: it is for the
start alone.

*Penalty.* C counts windows that do not overlap: snapshots a few days apart see much the same. It is
`churn.regularisation` from `FULL_WINDOWS` on towards no effect, from `PRIOR_WINDOWS` on towards
BG/NBD, and as much smaller with fewer.

*Level.* One window's share of leavers is one draw of what seasons and drift do, however many users
it has, so BG/NBD's share of those at risk now counts as one more window: log loss -.003 with no
past origin, -.001 with one, nothing beyond.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.bg_nbd_prior import BgNbdPrior
from ntg_assets.churn.learning.coefficients import coefficient_table
from ntg_assets.churn.learning.design import (
    design_matrix,
    standardise,
)
from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.learning.logistic import (
    BASE_RATE,
    LOGISTIC,
    LogisticFit,
    base_rate_fit,
    fit_logistic,
)
from ntg_assets.churn.learning.training import TrainingSet, training_set
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.likelihood import significant
from ntg_assets.statistics.one_thread import one_thread

TOWARD_BG_NBD, THREE_INPUTS, BG_NBD = "toward_bg_nbd", "three_inputs", "bg_nbd"
DEFAULT = LOGISTIC
SHORT_INPUTS = ("log_recency_days", "log_active_days", "log_tenure_days")
# windows that do not overlap, from which on the penalty is the configured one. At the first origins
# of five logs C .03 in place of .1 moved the log loss by -.014, -.001, .000, .000, +.001 with one
# window, by -.004, -.002, .000, +.001, +.006 with two, and by nothing or upwards with four.
# Not by users: on draws of 300 users C .03 moved it by -.006 to -.058 on two logs and by +.001 to
# +.007 on two others.
FULL_WINDOWS = 3.0
# the same towards BG/NBD. At the first origins of eight logs 60 in place of 20 moved the log loss
# by less than .001 on average where visits come by chance, and by +.024 on weekly deliveries,
# where BG/NBD is wrong.
PRIOR_WINDOWS = 30.0
FEW_WINDOWS = 4.0  # that do not overlap, below which what BG/NBD says is shrunk towards
LEVEL_WINDOWS = 1.0  # that BG/NBD's share of leavers counts as
MAX_LEVEL_STEPS = 60
LEVEL_CONVERGED = 1e-12


def fit_churn(
    labelled: pl.DataFrame,
    everyone: pl.DataFrame,
    *,
    settings: ChurnSettings,
    model: str = DEFAULT,
) -> pl.DataFrame:
    """Fit churn on labelled snapshots.

    Args:
        labelled: `churn_snapshots` joined with `churn_labels`: one row per (user, snapshot), with
            `is_churned`.
        everyone: Rows of `churn_snapshots` of every user known on the day of the fit.
        settings: Horizon, at-risk window, penalty.
        model: One of `CANDIDATES`.

    Returns:
        `churn_coefficients`.

    Raises:
        NotEnoughDataError: there is no labelled row.
    """
    training = training_set(labelled, everyone, settings=settings)
    with one_thread():  # the order of sums in a threaded product is not fixed
        return fitted_table(training, model)


def fitted_table(training: TrainingSet, model: str) -> pl.DataFrame:
    """Fit one of `CANDIDATES`, as `churn_coefficients`."""
    return coefficient_table(
        CANDIDATES[model](training),
        n_rows=training.labelled.height,
        n_users=int(training.users.max()) + 1,
        n_churned=int(training.churned.sum()),
    )


def _logistic(training: TrainingSet) -> LogisticFit:
    if training.n_windows < FEW_WINDOWS and training.prior is not None:
        return _toward_bg_nbd(training, training.prior)
    return fit_logistic(
        training.matrix,
        training.churned,
        training.users,
        regularisation=training.penalty_scale(FULL_WINDOWS),
    )


def _toward_bg_nbd(training: TrainingSet, prior: BgNbdPrior) -> LogisticFit:
    fit = fit_logistic(
        training.matrix,
        training.churned,
        training.users,
        regularisation=training.penalty_scale(PRIOR_WINDOWS),
        prior=prior.line,
    )
    if fit.method == BASE_RATE:
        return fit
    return replace(_with_level(fit, training, prior), method=TOWARD_BG_NBD)


def _three_inputs(training: TrainingSet) -> LogisticFit:
    is_short = np.array([feature.name in SHORT_INPUTS for feature in CHURN_FEATURES])
    fit = fit_logistic(
        training.matrix[:, is_short],
        training.churned,
        training.users,
        regularisation=training.settings.regularisation,
    )
    places = np.concatenate([[0], 1 + np.flatnonzero(is_short)])
    mean, scale = training.location
    coefficients, covariance = np.zeros(len(mean) + 1), np.zeros((len(mean) + 1,) * 2)
    coefficients[places], covariance[np.ix_(places, places)] = fit.coefficients, fit.covariance
    method = THREE_INPUTS if fit.method == LOGISTIC else fit.method
    return LogisticFit(coefficients, covariance, mean, scale, method)


def _bg_nbd(training: TrainingSet) -> LogisticFit:
    mean, scale = training.location
    if training.prior is None:
        return base_rate_fit(training.churned, training.users, mean, scale)
    line = training.prior.line
    return LogisticFit(line.coefficients, line.covariance, mean, scale, BG_NBD)


CANDIDATES: Mapping[str, Callable[[TrainingSet], LogisticFit]] = {
    LOGISTIC: _logistic,
    THREE_INPUTS: _three_inputs,
    BG_NBD: _bg_nbd,
}
METHODS = (*CANDIDATES, TOWARD_BG_NBD, BASE_RATE)


def _with_level(fit: LogisticFit, training: TrainingSet, prior: BgNbdPrior) -> LogisticFit:
    """Move the intercept so that the mean probability of those at risk now lies between that of the
    fit and that of BG/NBD, which counts as `LEVEL_WINDOWS` windows.
    """
    at_risk = training.everyone.filter(
        pl.col("recency_days") <= training.settings.at_risk_window_days
    )
    silence = prior.silence(at_risk)
    if at_risk.is_empty() or not np.isfinite(silence).all():
        return fit
    inputs = standardise(
        design_matrix(at_risk, features=CHURN_FEATURES), mean=fit.mean, scale=fit.scale
    )
    logit = fit.coefficients[0] + inputs @ fit.coefficients[1:]
    counts = LEVEL_WINDOWS / (LEVEL_WINDOWS + training.n_windows)
    coefficients = fit.coefficients.copy()
    coefficients[0] += counts * _offset_to(logit, float(silence.mean()))
    return replace(fit, coefficients=significant(coefficients))


def _offset_to(logit: Floats, wanted: float) -> float:
    """Find what has to be added to log odds so that the mean probability is the wanted one, by
    Newton's method on the log odds of the mean.
    """
    least = np.finfo(np.float64).eps
    target = np.clip(wanted, least, 1 - least)
    offset = 0.0
    for _ in range(MAX_LEVEL_STEPS):
        probability = sigmoid(logit + offset)
        mean = np.clip(probability.mean(), least, 1 - least)
        slope = (probability * (1 - probability)).mean() / (mean * (1 - mean))
        step = (np.log(target / (1 - target)) - np.log(mean / (1 - mean))) / max(slope, least)
        offset += float(np.clip(step, -1.0, 1.0))
        if abs(step) < LEVEL_CONVERGED:
            break
    return offset
