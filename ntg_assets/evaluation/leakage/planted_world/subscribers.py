"""Contracts and payments of the planted world: plans, trials, prices that are announced before they
rise, ends that are known before or after they come, people who return.

Periods are counted in parts of the churn horizon, so that every horizon has enough ends to learn
from. Two of three people of the log sign, and most of those who left sign again.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.evaluation.leakage.planted_world.contract_lives import (
    MONTHLY,
    RARE,
    Calendar,
    PlantedContract,
    as_written,
    lived,
    payments_of,
)
from ntg_assets.evaluation.leakage.planted_world.types import types_of

TRIAL_SHARE, RETURN_SHARE = 0.4, 0.75
NEVER_SIGNS_EVERY = 3  # users
MOST_CONTRACTS = 5  # of one person
SECOND_CURRENCY_EVERY = 5  # users
MAIN, SECOND = "USD", "EUR"
# shares of the plans
PLANS = {"basic": 0.4, "standard": 0.35, "long": 0.1, MONTHLY: 0.1, RARE: 0.05}
PLACE = "place"  # of a row in the file of payments


def subscribers(
    rng: np.random.Generator, n_users: int, calendar: Calendar
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let users sign, pay, leave and return.

    Args:
        rng: Source of chance.
        n_users: Users are 1 to this number; every third one never signs.
        calendar: Days of the world.

    Returns:
        `subscription_terms` and `subscription_payments`, as `ingest` has them.
    """
    made = [
        contract
        for user in range(1, n_users + 1)
        if user % NEVER_SIGNS_EVERY
        for contract in _contracts(rng, user, calendar)
    ]
    terms = [row for contract in made for row in contract.rows]
    payments = [row for contract in made for row in payments_of(rng, contract)]
    payment_types = {
        name: dtype for name, dtype in types_of("subscription_payments").items() if name != PLACE
    }
    written = pl.DataFrame(payments, schema=payment_types).filter(
        pl.col("happened_on") < calendar.until_on
    )
    return (
        pl.DataFrame(terms, schema=types_of("subscription_terms")).sort(
            "subscription_id", "started_on"
        ),
        numbered(written.sort("subscription_id", "happened_on", "status")),
    )


def numbered(payments: pl.DataFrame) -> pl.DataFrame:
    """Number payments as their file has them: by the order of their rows."""
    rows = payments.drop(PLACE, strict=False)
    place = pl.int_range(pl.len(), dtype=pl.Int64).alias(PLACE)
    return rows.select("subscription_id", place, pl.exclude("subscription_id"))


def _contracts(
    rng: np.random.Generator, user: int, calendar: Calendar
) -> Iterator[PlantedContract]:
    """Contracts of one person, one after the other."""
    span = (calendar.until_on - calendar.first_on).days
    day = calendar.first_on + timedelta(days=int(rng.integers(0, int(0.7 * span))))
    for number in range(MOST_CONTRACTS):
        contract = _contract(rng, user, number, day, calendar)
        yield contract
        if contract.end_on is None or rng.random() > RETURN_SHARE:
            return
        pause = rng.exponential(0.5 * calendar.horizon_days)
        day = contract.end_on + timedelta(days=2 + int(pause))
        if day >= calendar.until_on:
            return


def _contract(
    rng: np.random.Generator, user: int, number: int, start: date, calendar: Calendar
) -> PlantedContract:
    first = _first_term(rng, user, number, start, calendar)
    rows, periods, lost_on = lived(rng, first, calendar)
    return PlantedContract(as_written(rows, calendar), periods, lost_on)


def _first_term(
    rng: np.random.Generator, user: int, number: int, start: date, calendar: Calendar
) -> dict[str, Any]:
    plan = str(rng.choice(list(PLANS), p=list(PLANS.values())))
    days = calendar.period_days[plan]
    has_trial = number == 0 and rng.random() < TRIAL_SHARE
    return {
        "user_id": user,
        "subscription_id": f"s{user:04d}-{number}",
        "started_on": start,
        "known_on": start,
        "plan": plan,
        "price_minor": int(rng.integers(5, 9)) * 100,
        "currency": SECOND if user % SECOND_CURRENCY_EVERY == 0 else MAIN,
        "period_months": 1 if plan == MONTHLY else 0,
        "period_days": 0 if plan == MONTHLY else days,
        "trial_end_on": start + timedelta(days=max(3, days // 2)) if has_trial else None,
    }
