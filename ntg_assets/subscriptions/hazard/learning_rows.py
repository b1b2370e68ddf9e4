"""Of which rows and columns the hazard of a day may be learned: contracts whose end was not known,
with the outcomes that were known then.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.subscriptions.hazard.design import columns_of, group_of
from ntg_assets.subscriptions.hazard.features import STRUCTURE, Seen
from ntg_assets.subscriptions.hazard.pieces import cut

FULL, STRUCTURE_ONLY, ACTIVITY_ONLY = MODELS = ("full", "structure", "activity")
WALK_ROWS = 100_000  # of each fit of the past: it is refitted often, and judged, not used


class Features(NamedTuple):
    """Which attributes and signals the hazard may use."""

    attributes: Sequence[str]
    signals: Sequence[str]

    @classmethod
    def of(cls, settings: SubscriptionSettings) -> "Features":
        """As configured."""
        return cls(settings.attributes, sorted(settings.signals))


def at_risk(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep contracts whose end is not known yet: of the others there is nothing to forecast."""
    return rows.filter(pl.col("known_end_on").is_null())


def as_known(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """Forget the ends that became known on a day or later."""
    is_known = (pl.col("contract_end_known_on") < day).fill_null(value=False)
    return rows.with_columns(
        pl.when(is_known).then(name).alias(name)
        for name in ("contract_end_on", "contract_end_kind")
    )


def closed(rows: pl.DataFrame, day: date, *, horizon_days: int) -> pl.DataFrame:
    """Keep snapshots whose window had closed by a day, with the outcomes that were known then.

    Args:
        rows: `contract_snapshots`.
        day: By which windows have closed and outcomes were known.
        horizon_days: Length of the windows.
    """
    until = day - timedelta(days=horizon_days)
    return as_known(at_risk(rows).filter(pl.col("snapshot_on") <= until), day)


def columns_for(model: str, rows: pl.DataFrame, features: Features) -> list[str]:
    """Columns of one of `MODELS`.

    Args:
        model: One of `MODELS`.
        rows: `contract_snapshots` with attributes and signals.
        features: Attributes and signals that may be looked at.
    """
    names = columns_of(rows, attributes=features.attributes, signals=features.signals)
    if model == FULL:
        return names
    groups = STRUCTURE if model == STRUCTURE_ONLY else ("activity",)
    return [name for name in names if group_of(name) in groups]


def seen_within(rows: pl.DataFrame, *, horizon_days: int, sleeper_days: int) -> Seen:
    """Cut the horizons of rows.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        horizon_days: Length of the horizons.
        sleeper_days: After how many days without an event somebody sleeps.
    """
    return Seen(rows, cut(rows, horizon_days=horizon_days), sleeper_days)


def thinned(rows: pl.DataFrame, most: int = WALK_ROWS) -> pl.DataFrame:
    """Keep whole contracts, every k-th, so that about so many rows are left."""
    step = max(1, -(-rows.height // most))
    return rows.filter((pl.col("contract_place").rank("dense") - 1) % step == 0)
