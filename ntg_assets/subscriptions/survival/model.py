"""The model of contracts as tables: all that a score needs."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class ContractModel:
    """Tables and the two lengths they are meant for.

    Attributes:
        hazards: `contract_hazards`.
        recalibration: `contract_recalibration`.
        persistence: `contract_persistence`.
        horizon_days: Of the forecast.
        sleeper_days: After how many days without an event somebody sleeps.
    """

    hazards: pl.DataFrame
    recalibration: pl.DataFrame
    persistence: pl.DataFrame
    horizon_days: int
    sleeper_days: int
