"""Other ways to forecast churn and value, fitted at the same origins on the same past as the
shipped models.

They are printed beside the shipped model in every run and never take its place: a challenger that
wins says so.
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, for_trees, rounded, standardise
from ntg_assets.churn.learning.features import FEATURES, Feature
from ntg_assets.churn.learning.logistic import JEFFREYS, fit_logistic, user_codes
from ntg_assets.churn.visits import bg_nbd
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.boosting import (
    MAX_BOOSTED_ROWS,
    SEEDS,
    UNTUNED,
    Boosting,
    is_due,
    of_every_kth_user,
    tune,
)
from ntg_assets.evaluation.churn.challengers.origin import BOOSTED, DIRECT_LOSS, Origin
from ntg_assets.evaluation.churn.challengers.value_challengers import (
    direct_loss,
    gamma_gamma_value,
    lost_pace,
    run_rate,
)
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.one_thread import one_thread

RFM = ("log_recency_days", "log_active_days", "log_value_per_active_day")
RFT = ("log_recency_days", "log_active_days", "log_tenure_days")


def base_rate(origin: Origin) -> Floats:
    """Forecast the churn rate of the past for everyone."""
    rate = (int(origin.known["is_churned"].sum()) + JEFFREYS) / (origin.known.height + 2 * JEFFREYS)
    return np.full(origin.now.height, rate)


def recency_only(origin: Origin) -> Floats:
    """Logistic regression on recency alone."""
    return _logistic(origin, [feature for feature in FEATURES if feature.name == RFM[0]])


def recency_frequency_value(origin: Origin) -> Floats:
    """Logistic regression on recency, frequency and monetary value (RFM)."""
    return _logistic(origin, [feature for feature in FEATURES if feature.name in RFM])


def recency_frequency_tenure(origin: Origin) -> Floats:
    """Logistic regression on recency, frequency and tenure: what BG/NBD knows, three inputs."""
    return _logistic(origin, [feature for feature in FEATURES if feature.name in RFT])


def bg_nbd_silence(origin: Origin) -> Floats:
    """Probability of no event in the horizon under BG/NBD,
    fitted on every user known at the origin.
    """
    return bg_nbd.silence_probability(
        origin.panel, bg_nbd.visits_of(origin.now), horizon_days=origin.horizon_days
    )


def gradient_boosting(origin: Origin) -> Floats:
    """Boosted trees on the same inputs."""
    from sklearn.ensemble import (  # noqa: PLC0415  # takes seconds to import
        HistGradientBoostingClassifier,
    )

    closed = origin.known.filter(
        pl.Series(of_every_kth_user(origin.known, most_rows=MAX_BOOSTED_ROWS))
    )
    model = HistGradientBoostingClassifier(
        **origin.sizes.get(BOOSTED, UNTUNED).parameters, random_state=origin.seed % SEEDS
    )
    with one_thread():  # the order of sums over threads is not fixed
        model.fit(for_trees(design_matrix(closed)), closed["is_churned"].to_numpy())
        return model.predict_proba(rounded(design_matrix(origin.now)))[:, 1]


CHALLENGERS: Mapping[str, Callable[[Origin], Floats]] = {
    "base_rate": base_rate,
    "recency_only": recency_only,
    "recency_frequency_value": recency_frequency_value,
    "recency_frequency_tenure": recency_frequency_tenure,
    "bg_nbd": bg_nbd_silence,
    BOOSTED: gradient_boosting,
}


def tuned_sizes(
    known: pl.DataFrame, before: Mapping[str, Boosting], *, value: ValueSettings, seed: int
) -> dict[str, Boosting]:
    """Tune the boosted challengers on what had closed by an origin;
    what an earlier origin found is kept while it is recent enough.

    Args:
        known: Labelled snapshots whose window had closed by the origin.
        before: Sizes of an earlier origin; empty at the first.
        value: Basis of value.
        seed: Of the trees.
    """
    from sklearn.ensemble import (  # noqa: PLC0415  # takes seconds to import
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    lost, churned = lost_pace(known, value=value), known["is_churned"].cast(pl.Float64).to_numpy()
    pace = lost / max(float(lost.mean()), np.finfo(np.float64).tiny)
    models: dict[str, tuple[type, Floats, dict[str, str]]] = {
        BOOSTED: (HistGradientBoostingClassifier, churned, {}),
        DIRECT_LOSS: (HistGradientBoostingRegressor, pace, {"loss": "poisson"}),
    }
    tuned = {
        name: tune(model, known, target, seed=seed, **fixed)
        for name, (model, target, fixed) in models.items()
        if is_due(before.get(name, UNTUNED), known)
    }
    return {**before, **tuned}


def challenger_forecasts(origin: Origin, *, value: ValueSettings) -> pl.DataFrame:
    """Forecast one origin with every challenger.

    Returns:
        One row per (user, model): `churn_probability`, `expected_value` and `expected_loss` over
        the horizon, each null for models of something else.
    """
    columns = {
        "churn_probability": _probabilities(origin),
        "expected_value": {
            "bg_nbd": gamma_gamma_value(origin, value=value),
            "run_rate": run_rate(origin, value=value),
        },
        "expected_loss": {DIRECT_LOSS: direct_loss(origin, value=value)},
    }
    nothing = np.full(origin.now.height, np.nan)
    names = sorted({name for by_model in columns.values() for name in by_model})
    return pl.concat(
        origin.now.select("user_id").with_columns(
            model=pl.lit(name),
            **{
                column: pl.Series(by_model.get(name, nothing)).fill_nan(None)
                for column, by_model in columns.items()
            },
        )
        for name in names
    )


def _probabilities(origin: Origin) -> dict[str, Floats]:
    """Ask every challenger for churn; where all outcomes are alike only the base rate can learn."""
    both_outcomes = origin.known["is_churned"].n_unique() > 1
    return {
        name: model(origin)
        for name, model in CHALLENGERS.items()
        if both_outcomes or name == "base_rate"
    }


def _logistic(origin: Origin, features: list[Feature]) -> Floats:
    closed = origin.known.sort("user_id", "snapshot_on")
    with one_thread():
        matrix, churned = (
            design_matrix(closed, features=features),
            closed["is_churned"].cast(pl.Float64).to_numpy(),
        )
        fit = fit_logistic(
            matrix, churned, user_codes(closed), regularisation=origin.regularisation
        )
    standardised = standardise(
        design_matrix(origin.now, features=features), mean=fit.mean, scale=fit.scale
    )
    return sigmoid(fit.coefficients[0] + (standardised * fit.coefficients[1:]).sum(axis=1))
