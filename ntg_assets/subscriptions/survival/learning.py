"""The whole model of contracts of one cutoff: forecasts of the past, the decision on them, the
hazard, and how it goes on.
"""

from datetime import date
from typing import NamedTuple

import polars as pl

from ntg_assets.churn.calibration.recalibration import TABLE_SCHEMA
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.kept_calls import keep_calls
from ntg_assets.subscriptions.hazard.competing_risks import HAZARD_TYPES, fit_hazards
from ntg_assets.subscriptions.hazard.learning_rows import Features, closed, columns_for, seen_within
from ntg_assets.subscriptions.hazard.recalibration import recalibration
from ntg_assets.subscriptions.hazard.walk_forward import WALK_TYPES, chosen_model, walk_forward
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.persistence import PERSISTENCE_TYPES, fit_persistence


class Learned(NamedTuple):
    """What was learned, as tables, in the order in which they are stored."""

    forecasts: pl.DataFrame
    recalibration: pl.DataFrame
    hazards: pl.DataFrame
    persistence: pl.DataFrame

    def as_model(self, *, churn: ChurnSettings, settings: SubscriptionSettings) -> ContractModel:
        """What a score needs."""
        return ContractModel(
            self.hazards,
            self.recalibration,
            self.persistence,
            churn.horizon_days,
            settings.sleeper_days,
        )


NOTHING = Learned(
    pl.DataFrame(schema=WALK_TYPES),
    pl.DataFrame(schema=TABLE_SCHEMA),
    pl.DataFrame(schema=HAZARD_TYPES),
    pl.DataFrame(schema=PERSISTENCE_TYPES),
)


@keep_calls
def learn_contracts(
    rows: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    cutoff_on: date,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
) -> Learned:
    """Learn from everything that had closed by a cutoff.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        terms: `known_terms`.
        cutoff_on: The cutoff.
        churn: Horizon, step, origins.
        settings: Attributes, signals, penalty, sleepers.

    Returns:
        Empty tables where no window of a contract has closed yet.
    """
    past = closed(rows, cutoff_on, horizon_days=churn.horizon_days)
    if past.is_empty():
        return NOTHING
    forecasts = walk_forward(rows, churn=churn, settings=settings)
    model = chosen_model(forecasts)
    hazards = fit_hazards(
        seen_within(past, horizon_days=churn.horizon_days, sleeper_days=settings.sleeper_days),
        columns_for(model, past, Features.of(settings)),
        regularisation=settings.regularisation,
    )
    return Learned(
        forecasts,
        recalibration(forecasts, model=model, cutoff_on=cutoff_on),
        hazards,
        fit_persistence(rows, terms, hazards, sleeper_days=settings.sleeper_days),
    )
