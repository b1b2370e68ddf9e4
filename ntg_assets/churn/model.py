"""The whole churn model of one day, from labelled snapshots: which model is shipped, its
coefficients, the recalibration decided on, its model error.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from ntg_assets.churn.calibration.recalibration import (
    as_recalibrated,
    churn_recalibration,
    recalibrate,
)
from ntg_assets.churn.learning.candidates import fit_churn
from ntg_assets.churn.model_selection import (
    churn_model_selection,
    forecasts_of,
    shipped_model,
)
from ntg_assets.churn.uncertainty import churn_uncertainty
from ntg_assets.configuration.churn import ChurnSettings


@dataclass(frozen=True)
class ChurnModel:
    """What a score needs, as tables: `churn_model_selection`, `churn_coefficients`,
    `churn_recalibration`, `churn_uncertainty`.
    """

    selection: pl.DataFrame
    coefficients: pl.DataFrame
    recalibration: pl.DataFrame
    uncertainty: pl.DataFrame


def fit_churn_model(
    labelled: pl.DataFrame,
    everyone: pl.DataFrame,
    forecasts: pl.DataFrame,
    *,
    cutoff_on: date,
    settings: ChurnSettings,
) -> ChurnModel:
    """Fit everything for one cutoff.

    Args:
        labelled: Labelled snapshots whose window had closed by the cutoff.
        everyone: Activity of every user known at the cutoff, as rows of `churn_snapshots`.
        forecasts: `churn_walk_forward`; only origins whose window had closed by the cutoff are
            looked at.
        cutoff_on: The day.
        settings: Horizon, at-risk window, penalty.
    """
    selection = churn_model_selection(forecasts, cutoff_on=cutoff_on)
    model = shipped_model(selection)
    said = forecasts_of(forecasts, model)
    decided = churn_recalibration(said, cutoff_on=cutoff_on)
    coefficients = recalibrate(
        fit_churn(labelled, everyone, settings=settings, model=model), decided
    )
    return ChurnModel(
        selection,
        coefficients,
        decided,
        churn_uncertainty(as_recalibrated(said, decided), labelled, coefficients),
    )
