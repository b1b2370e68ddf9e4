"""The hazard of coming back: in each period since the end, the log odds of a new contract are
linear in the time away and in what was known of the last contract.

One fit, standardised and L2-penalised, with users as clusters (see `churn/learning/logistic.py`):
of one and the same person several snapshots are looked at.

Source: Allison 1982, "Discrete-time methods for the analysis of event histories"; Thomas, Blattberg
and Fox 2004, "Recapturing lost customers" (that leavers differ in their chance to return).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.learning.logistic import fit_logistic, user_codes
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.subscriptions.hazard.competing_risks import fit_table, log_odds_of
from ntg_assets.subscriptions.winback.away import (
    PERIOD_DAYS,
    Away,
    cut_away,
    days_since,
    group_of,
    matrix_of,
)

RETURNED = "returned"
NEVER_DAYS = 10**7


def fit_returns(
    rows: pl.DataFrame,
    names: Sequence[str],
    *,
    horizon_days: int,
    win_back_days: int,
    regularisation: float,
) -> pl.DataFrame:
    """Fit the hazard of coming back.

    Args:
        rows: `return_snapshots` whose window has closed, by user and snapshot.
        names: Columns.
        horizon_days: Length of the windows.
        win_back_days: Days since the end beyond which nobody is looked at.
        regularisation: C, the inverse strength of the penalty.

    Returns:
        `return_hazards`; the smoothed base rate alone where too few people came back.
    """
    away = cut_away(days_since(rows), horizon_days)
    after = _days_until_return(rows)[away.row] - away.begin
    kept = after >= 0
    away, after = away.only(kept), after[kept]
    returned = (after < np.rint(away.share * PERIOD_DAYS)).astype(np.float64)
    matrix = matrix_of(rows, away, names, win_back_days=win_back_days)
    with one_thread():  # the order of sums in a threaded product is not fixed
        fit = fit_logistic(
            matrix, returned, user_codes(rows)[away.row], regularisation=regularisation
        )
    n_returned = int(returned.sum())
    return fit_table(RETURNED, fit, names, n_rows=len(returned), n_ended=n_returned, group=group_of)


def return_chances(
    rows: pl.DataFrame, hazards: pl.DataFrame, away: Away, *, win_back_days: int
) -> Floats:
    """Chance to come back in each piece, of who is still away.

    Args:
        rows: `return_snapshots`.
        hazards: `return_hazards`.
        away: Pieces of the rows.
        win_back_days: Days since the end beyond which nobody is looked at.
    """
    names = hazards.sort("position")["feature"].to_list()[1:]
    matrix = matrix_of(rows, away, names, win_back_days=win_back_days)
    return sigmoid(log_odds_of(matrix, hazards, RETURNED))


def return_probability(
    rows: pl.DataFrame, hazards: pl.DataFrame, *, horizon_days: int, win_back_days: int
) -> Floats:
    """Chance to come back within the horizon, by row.

    Args:
        rows: `return_snapshots`.
        hazards: `return_hazards`.
        horizon_days: Length of the horizon.
        win_back_days: Days since the end beyond which nobody is looked at.
    """
    away = cut_away(days_since(rows), horizon_days)
    chances = return_chances(rows, hazards, away, win_back_days=win_back_days)
    stays = np.bincount(away.row, np.log1p(-chances), minlength=rows.height)
    return -np.expm1(stays)


def _days_until_return(rows: pl.DataFrame) -> Longs:
    days = (rows["returned_on"] - rows["snapshot_on"]).dt.total_days()
    return days.fill_null(NEVER_DAYS).to_numpy()
