"""What the sources beside the log know in the planted world: contracts, payments, facts."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.evaluation.leakage.planted_world.contract_lives import Calendar
from ntg_assets.evaluation.leakage.planted_world.facts import facts
from ntg_assets.evaluation.leakage.planted_world.subscribers import subscribers


@dataclass(frozen=True)
class Knowledge:
    """Tables of `ingest` beside the log.

    Attributes:
        zone: Time zone of the days.
        terms: As `subscription_terms`.
        payments: As `subscription_payments`.
        attributes: As `attributes`.
    """

    zone: str
    terms: pl.DataFrame
    payments: pl.DataFrame
    attributes: pl.DataFrame


def planted_knowledge(
    rng: np.random.Generator, *, n_users: int, n_items: int, calendar: Calendar, zone: str
) -> Knowledge:
    """Make what is known of the users and items of a world.

    Args:
        rng: Source of chance.
        n_users: Users are 1 to this number.
        n_items: Items are.
        calendar: Days of the world.
        zone: Zone of the days.
    """
    terms, payments = subscribers(rng, n_users, calendar)
    days = (calendar.first_on, calendar.until_on)
    known = facts(rng, n_users=n_users, n_items=n_items, days=days, zone=zone)
    return Knowledge(zone, terms, payments, known)
