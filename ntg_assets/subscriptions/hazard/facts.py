"""Attributes of the users of contracts at their snapshots, as they were known then."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.attributes.as_of import with_attributes
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.local_days import first_instants
from ntg_assets.subscriptions.hazard.snapshots import with_signals


def with_user_attributes(
    snapshots: pl.DataFrame, attributes: pl.DataFrame, names: Sequence[str], *, zone: str
) -> pl.DataFrame:
    """Add attributes of users to snapshots, each as it was known before the snapshot's day.

    Args:
        snapshots: Rows with `user_id` and `snapshot_on`.
        attributes: `attributes`.
        names: Which are wanted.
        zone: Zone whose midnights begin the days.
    """
    if not names:
        return snapshots
    days = snapshots["snapshot_on"].unique().sort()
    begins = pl.DataFrame({"snapshot_on": days, "begins_at": first_instants(days, zone)})
    dated = snapshots.join(begins, on="snapshot_on", how="left", maintain_order="left")
    return with_attributes(
        dated,
        attributes,
        names,
        entity="user",
        id_column="user_id",
        at=pl.col("begins_at"),
    ).drop("begins_at")


def with_facts(
    snapshots: pl.DataFrame,
    signals: pl.DataFrame,
    attributes: pl.DataFrame,
    *,
    zone: str,
    settings: SubscriptionSettings,
) -> pl.DataFrame:
    """Add the signals and attributes that the configuration names to snapshots.

    Args:
        snapshots: `contract_snapshots`.
        signals: `contract_signals`.
        attributes: `attributes`.
        zone: Zone whose midnights begin the days.
        settings: Names of signals and attributes.

    Returns:
        Snapshots with their facts, by contract and day.
    """
    counted = with_signals(snapshots, signals, sorted(settings.signals))
    named = with_user_attributes(counted, attributes, settings.attributes, zone=zone)
    return named.sort("contract_place", "snapshot_on")
