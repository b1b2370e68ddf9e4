"""Leaks to be planted in a copy of the code, so that each guard can show what it catches."""

from ntg_assets.evaluation.leakage.plants import (
    attributes,
    churn,
    contacts,
    features,
    other_nights,
    ranking,
    side_doors,
    splits,
    subscriptions,
    undeclared_reads,
    when_and_where,
)
from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

__all__ = ["PLANTS", "Edit", "Plant"]

PLANTS: dict[str, Plant] = {
    **splits.PLANTS,
    **features.PLANTS,
    **churn.PLANTS,
    **ranking.PLANTS,
    **contacts.PLANTS,
    **subscriptions.PLANTS,
    **attributes.PLANTS,
    **undeclared_reads.PLANTS,
    **side_doors.PLANTS,
    **other_nights.PLANTS,
    **when_and_where.PLANTS,
}
