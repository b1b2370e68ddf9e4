"""The whole churn model of one day, from labelled snapshots: coefficients,
the recalibration decided on, its model error.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from ntg_assets.churn.logistic import fit_churn
from ntg_assets.churn.recalibration import as_recalibrated, churn_recalibration, recalibrate
from ntg_assets.churn.uncertainty import churn_uncertainty
from ntg_assets.configuration.churn import ChurnSettings


@dataclass(frozen=True)
class ChurnModel:
    """What a score needs, as tables: `churn_coefficients`, `churn_recalibration`,
    `churn_uncertainty`.
    """

    coefficients: pl.DataFrame
    recalibration: pl.DataFrame
    uncertainty: pl.DataFrame


def fit_churn_model(
    known: pl.DataFrame, forecasts: pl.DataFrame, *, cutoff_on: date, settings: ChurnSettings
) -> ChurnModel:
    """Fit everything for one cutoff.

    Args:
        known: Labelled snapshots whose window had closed by the cutoff.
        forecasts: `churn_walk_forward`; only origins whose window had closed by the cutoff are
        looked at.
        cutoff_on: The day.
        settings: Penalty.
    """
    decided = churn_recalibration(forecasts, cutoff_on=cutoff_on)
    coefficients = recalibrate(fit_churn(known, regularisation=settings.regularisation), decided)
    return ChurnModel(
        coefficients,
        decided,
        churn_uncertainty(as_recalibrated(forecasts, decided), known, coefficients),
    )
