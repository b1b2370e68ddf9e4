"""Contracts and payments of the planted world: plans, trials, prices that are announced before they
rise, ends that are known before or after they come, people who return.

Periods are counted in parts of the churn horizon, so that every horizon has enough ends to learn
from. Two of three people of the log sign, and most of those who left sign again.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl

TRIAL_SHARE, FAILED_SHARE, LOST_SHARE, REFUNDED_SHARE = 0.4, 0.1, 0.4, 0.03
RISE_SHARE, RISE = 0.06, 1.25  # of periods before a higher price
LEAVES, LEAVES_AFTER_RISE, LEAVES_TRIAL = (0.02, 0.5), 0.5, 0.3  # share of periods
AT_ONCE_SHARE, LATE_SHARE = 0.2, 0.15  # of ends: at once; reported only after they came
RETURN_SHARE = 0.75
NEVER_SIGNS_EVERY = 3  # users
MOST_CONTRACTS = 5  # of one person
SECOND_CURRENCY_EVERY = 5  # users
MAIN, SECOND = "USD", "EUR"
# shares of the plans
PLANS = {"basic": 0.4, "standard": 0.35, "long": 0.1, "monthly": 0.1, "rare": 0.05}
MONTHLY, RARE = "monthly", "rare"  # billed by the month; of too few ends for a law of its own
TERM_TYPES: dict[str, Any] = {
    "user_id": pl.Int64,
    "subscription_id": pl.String,
    "started_on": pl.Date,
    "ended_on": pl.Date,
    "known_on": pl.Date,
    "end_known_on": pl.Date,
    "plan": pl.String,
    "price_minor": pl.Int64,
    "currency": pl.String,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "trial_end_on": pl.Date,
    "end_kind": pl.String,
}
PAYMENT_TYPES: dict[str, Any] = {
    "subscription_id": pl.String,
    "happened_on": pl.Date,
    "due_on": pl.Date,
    "status": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
}


class Calendar(NamedTuple):
    """Days of the world.

    Attributes:
        first_on: Its first day.
        until_on: The day after its last one: what is known later does not stand in its files.
        horizon_days: Churn horizon.
    """

    first_on: date
    until_on: date
    horizon_days: int

    @property
    def period_days(self) -> dict[str, int]:
        """Days of a billing period, by plan."""
        short = max(7, self.horizon_days // 3)
        return {"basic": short, "standard": short, "long": 3 * short, MONTHLY: 30, RARE: 2 * short}


class _Period(NamedTuple):
    start: date
    price: int
    is_failed: bool


class _Contract(NamedTuple):
    """One contract: its terms as rows, its paid periods."""

    rows: list[dict[str, Any]]
    periods: list[_Period]
    lost_on: date | None

    @property
    def end_on(self) -> date | None:
        end: date | None = self.rows[-1]["ended_on"]
        return end


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
    payments = [row for contract in made for row in _payments(rng, contract)]
    written = pl.DataFrame(payments, schema=PAYMENT_TYPES).filter(
        pl.col("happened_on") < calendar.until_on
    )
    return (
        pl.DataFrame(terms, schema=TERM_TYPES).sort("subscription_id", "started_on"),
        numbered(written.sort("subscription_id", "happened_on", "status")),
    )


def by_search(user: int) -> bool:
    """Whether somebody came by search: such people leave sooner, so the hazard looks at people."""
    return user % 2 > 0


def numbered(payments: pl.DataFrame) -> pl.DataFrame:
    """Number payments as their file has them: by the order of their rows."""
    rows = payments.drop("place", strict=False)
    place = pl.int_range(pl.len(), dtype=pl.Int64).alias("place")
    return rows.select("subscription_id", place, pl.exclude("subscription_id"))


def _contracts(rng: np.random.Generator, user: int, calendar: Calendar) -> Iterator[_Contract]:
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
) -> _Contract:
    first = _first_term(rng, user, number, start, calendar)
    rows, periods, lost_on = _lived(rng, first, calendar)
    return _Contract(_as_written(rows, calendar), periods, lost_on)


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


def _lived(
    rng: np.random.Generator, first: dict[str, Any], calendar: Calendar
) -> tuple[list[dict[str, Any]], list[_Period], date | None]:
    """Terms and paid periods of a contract, and when its last payment was due that never came."""
    days, trial_end = calendar.period_days[first["plan"]], first["trial_end_on"]
    rows, periods = [first], list[_Period]()
    if trial_end and rng.random() < LEAVES_TRIAL:
        return _ended(rng, rows, trial_end, "not_converted", days), periods, None
    usual = LEAVES[by_search(first["user_id"])]
    day, leaves = trial_end or first["started_on"], usual
    while day < calendar.until_on:
        is_failed = rng.random() < FAILED_SHARE
        if is_failed and periods and rng.random() < LOST_SHARE:
            end = day + timedelta(days=min(5, days // 2))
            return _ended(rng, rows, end, "payment_failed", days), periods, day
        periods.append(_Period(day, rows[-1]["price_minor"], is_failed))
        day += timedelta(days=days)
        if rng.random() < leaves:
            early = int(rng.integers(1, days // 2)) if rng.random() < AT_ONCE_SHARE else 0
            end = day - timedelta(days=early)
            return _ended(rng, rows, end, "cancelled", days), periods, None
        leaves = usual
        if rng.random() < RISE_SHARE:
            rows, leaves = _raised(rows, day, days), LEAVES_AFTER_RISE
    return rows, periods, None


def _ended(
    rng: np.random.Generator, rows: list[dict[str, Any]], end: date, kind: str, days: int
) -> list[dict[str, Any]]:
    """Let the last term end; that is known some days before, or only afterwards."""
    ahead = -int(rng.integers(1, 1 + days)) if rng.random() < LATE_SHARE else 0
    known_on = end - timedelta(days=ahead or int(rng.integers(1, 1 + days // 2)))
    last = rows[-1] | {"ended_on": end, "end_known_on": known_on, "end_kind": kind}
    return [*rows[:-1], last]


def _raised(rows: list[dict[str, Any]], on: date, days: int) -> list[dict[str, Any]]:
    """Let a term at a higher price follow, as announced half a period before."""
    known_on = on - timedelta(days=days // 2)
    last = rows[-1]
    follows = last | {
        "started_on": on,
        "known_on": known_on,
        "price_minor": int(last["price_minor"] * RISE),
        "trial_end_on": None,
    }
    return [*rows[:-1], last | {"ended_on": on, "end_known_on": known_on}, follows]


def _as_written(rows: list[dict[str, Any]], calendar: Calendar) -> list[dict[str, Any]]:
    """Leave out what the file was written too early to know: terms and ends."""
    kept = [row for row in rows if row["known_on"] < calendar.until_on]
    nothing = {"ended_on": None, "end_known_on": None, "end_kind": None}
    last = kept[-1]
    is_known = last.get("end_known_on") and last["end_known_on"] < calendar.until_on
    return kept if is_known else [*kept[:-1], last | nothing]


def _payments(rng: np.random.Generator, contract: _Contract) -> Iterator[dict[str, Any]]:
    """What was taken at the start of each period, what could not be, what was given back."""
    term = contract.rows[-1]
    for period in contract.periods:
        row = {
            "subscription_id": term["subscription_id"],
            "due_on": period.start,
            "amount_minor": period.price,
            "currency": term["currency"],
        }
        paid_on = period.start + timedelta(days=2 if period.is_failed else 0)
        if period.is_failed:
            yield row | {"happened_on": period.start, "status": "failed"}
        yield row | {"happened_on": paid_on, "status": "paid"}
        if rng.random() < REFUNDED_SHARE:
            yield row | {"happened_on": paid_on + timedelta(days=4), "status": "refunded"}
    if contract.lost_on is not None:
        for days in (0, 2):
            yield {
                "subscription_id": term["subscription_id"],
                "happened_on": contract.lost_on + timedelta(days=days),
                "due_on": contract.lost_on,
                "status": "failed",
                "amount_minor": term["price_minor"],
                "currency": term["currency"],
            }
