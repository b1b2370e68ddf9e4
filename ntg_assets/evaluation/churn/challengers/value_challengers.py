"""Other ways to forecast value and its loss, fitted at the same origins on the same past as the
shipped models.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, for_trees, rounded
from ntg_assets.churn.visits import bg_nbd
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.boosting import MAX_BOOSTED_ROWS, SEEDS, UNTUNED, of_every_kth_user
from ntg_assets.evaluation.churn.challengers.origin import DIRECT_LOSS, Origin
from ntg_assets.revenue.value.value_model import daily_run_rate, observed_value
from ntg_assets.revenue.value.ways import gamma_gamma
from ntg_assets.statistics.one_thread import one_thread

VALUE_CHALLENGERS = ("bg_nbd", "run_rate")
HALF_LIVES = (7, 30, 90, 365)  # days, of the decayed active days that are known of everybody


def run_rate(origin: Origin, *, value: ValueSettings) -> Floats:
    """Value of the next horizon at the present pace: a level times decayed active days times the
    value of one, with the half-life that foretold best in the windows that had closed.

    With paces m of the closed windows and y what they brought, the level is sum y / sum m, and the
    half-life the one of the smallest Poisson deviance.
    """
    seen = observed_value(origin.known, settings=value)
    best, forecast = -np.inf, np.zeros(origin.now.height)
    for half_life in HALF_LIVES:
        before, now = (_pace(rows, half_life, value) for rows in (origin.known, origin.now))
        if min(before.sum(), seen.sum()) <= 0:
            continue
        level = seen.sum() / before.sum()
        logs = np.log(level * np.maximum(before, np.finfo(np.float64).tiny))
        likelihood = float((seen * logs - level * before).sum())
        if likelihood > best:
            best, forecast = likelihood, level * now
    return forecast


def _pace(snapshots: pl.DataFrame, half_life: int, value: ValueSettings) -> Floats:
    days = snapshots[f"decayed_active_days_{half_life}d"].to_numpy()
    if value.basis == "active_days":
        return days * value.day_price
    return days * np.maximum(snapshots["value_per_active_day"].to_numpy(), 0.0)


def direct_loss(origin: Origin, *, value: ValueSettings) -> Floats:
    """Boosted trees on the loss itself: the present pace of whoever then fell silent,
    0 for who stayed.

    No forecast lies above the largest loss that was seen: a logarithm that trees push up without
    end says nothing more.
    """
    from sklearn.ensemble import (  # noqa: PLC0415  # takes seconds to import
        HistGradientBoostingRegressor,
    )

    closed = origin.known.filter(
        pl.Series(of_every_kth_user(origin.known, most_rows=MAX_BOOSTED_ROWS))
    )
    lost = lost_pace(closed, value=value) * origin.horizon_days
    if lost.sum() <= 0:
        return np.zeros(origin.now.height)
    size = origin.sizes.get(DIRECT_LOSS, UNTUNED).parameters
    model = HistGradientBoostingRegressor(**size, loss="poisson", random_state=origin.seed % SEEDS)
    # the order of sums over threads is not fixed
    with one_thread(), np.errstate(over="ignore"):
        model.fit(for_trees(design_matrix(closed)), rounded(lost / lost.mean()))
        relative = model.predict(rounded(design_matrix(origin.now)))
        return np.minimum(relative * lost.mean(), lost.max())


def lost_pace(labelled: pl.DataFrame, *, value: ValueSettings) -> Floats:
    """Value per day at the present pace of whoever then fell silent, 0 for who stayed."""
    return daily_run_rate(labelled, settings=value) * labelled["is_churned"].to_numpy()


def gamma_gamma_value(origin: Origin, *, value: ValueSettings) -> Floats:
    """Expected visits under BG/NBD times the expected value per visit: its price,
    or under Gamma-Gamma where value is observed.
    """
    everyone = origin.everyone.sort("user_id")
    visits, now = bg_nbd.visits_of(everyone), bg_nbd.visits_of(origin.now)
    expected = bg_nbd.expected_visits(origin.panel, now, horizon_days=origin.horizon_days)
    if value.basis == "active_days":
        return expected * value.day_price
    means = everyone["value_per_active_day"].to_numpy()
    if not ((visits.repeats > 0) & (means > 0)).any():
        return np.full(origin.now.height, np.nan)
    model = gamma_gamma.fit_gamma_gamma(visits.repeats, means)
    return expected * gamma_gamma.expected_value(
        model, now.repeats, np.maximum(origin.now["value_per_active_day"].to_numpy(), 0.0)
    )
