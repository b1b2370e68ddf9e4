"""How a contract of the planted world goes on: paid periods, rises that are announced, ends that
are known before or after they come, payments that fail or are given back.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

FAILED_SHARE, LOST_SHARE, REFUNDED_SHARE = 0.1, 0.4, 0.03  # of periods; of failures; of payments
RISE_SHARE, RISE = 0.06, 1.25  # of periods before a higher price
LEAVES, LEAVES_AFTER_RISE, LEAVES_TRIAL = (0.02, 0.5), 0.5, 0.3  # share of periods
AT_ONCE_SHARE, LATE_SHARE = 0.2, 0.15  # of ends: at once; reported only after they came
MONTHLY, RARE = "monthly", "rare"  # billed by the month; of too few ends for a law of its own


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


class PaidPeriod(NamedTuple):
    """One paid period; its price in minor units."""

    start: date
    price: int
    is_failed: bool


class PlantedContract(NamedTuple):
    """One contract: its terms as rows, its paid periods."""

    rows: list[dict[str, Any]]
    periods: list[PaidPeriod]
    lost_on: date | None

    @property
    def end_on(self) -> date | None:
        end: date | None = self.rows[-1]["ended_on"]
        return end


def by_search(user: int) -> bool:
    """Whether somebody came by search: such people leave sooner, so the hazard looks at people."""
    return user % 2 > 0


def lived(
    rng: np.random.Generator, first: dict[str, Any], calendar: Calendar
) -> tuple[list[dict[str, Any]], list[PaidPeriod], date | None]:
    """Terms and paid periods of a contract, and when its last payment was due that never came."""
    days, trial_end = calendar.period_days[first["plan"]], first["trial_end_on"]
    rows, periods = [first], list[PaidPeriod]()
    if trial_end and rng.random() < LEAVES_TRIAL:
        return _ended(rng, rows, trial_end, "not_converted", days), periods, None
    usual = LEAVES[by_search(first["user_id"])]
    day, leaves = trial_end or first["started_on"], usual
    while day < calendar.until_on:
        is_failed = rng.random() < FAILED_SHARE
        if is_failed and periods and rng.random() < LOST_SHARE:
            end = day + timedelta(days=min(5, days // 2))
            return _ended(rng, rows, end, "payment_failed", days), periods, day
        periods.append(PaidPeriod(day, rows[-1]["price_minor"], is_failed))
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


def as_written(rows: list[dict[str, Any]], calendar: Calendar) -> list[dict[str, Any]]:
    """Leave out what the file was written too early to know: terms and ends."""
    kept = [row for row in rows if row["known_on"] < calendar.until_on]
    nothing = {"ended_on": None, "end_known_on": None, "end_kind": None}
    last = kept[-1]
    is_known = last.get("end_known_on") and last["end_known_on"] < calendar.until_on
    return kept if is_known else [*kept[:-1], last | nothing]


def payments_of(rng: np.random.Generator, contract: PlantedContract) -> Iterator[dict[str, Any]]:
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
