"""What the hazard of a contract is learned from: each column by name, of the row or of the piece,
and the group that it is told as in a reason.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.subscriptions.hazard.pieces import MILESTONES, Pieces

GROUPS = ("clock", "tenure", "plan", "price", "payments", "activity", "signals", "attributes")
STRUCTURE = ("clock", "tenure", "plan")  # what a calendar knows without looking at anybody


RECENT_CHANGE_DAYS = 60
MONTH_DAYS = 30.4375


@dataclass(frozen=True)
class Seen:
    """Rows of `contract_snapshots` (with attributes and signals) and their pieces."""

    rows: pl.DataFrame
    pieces: Pieces
    sleeper_days: int

    def number(self, name: str) -> Floats:
        """A column of the rows, by row."""
        return self.rows[name].cast(pl.Float64).to_numpy()


def _days_since(seen: Seen, name: str) -> Floats:
    since = (seen.rows["snapshot_on"] - seen.rows[name]).dt.total_days()
    return since.cast(pl.Float64).to_numpy()


def _recency(seen: Seen) -> Floats:
    """Days since the last active day; of who was never active, since the contract began."""
    return np.where(
        np.isnan(recency := seen.number("recency_days")),
        np.maximum(_days_since(seen, "contract_started_on"), 1),
        recency,
    )


def _silent(seen: Seen, days: int) -> Floats:
    """Whether nothing was watched for so many days, under contract."""
    watched = seen.number("recency_days") <= days
    under_contract = _days_since(seen, "contract_started_on") >= days
    return (under_contract & ~watched).astype(np.float64)


def _share(seen: Seen, days: int) -> Floats:
    """Active days over those that were possible since the contract began."""
    possible = np.clip(_days_since(seen, "contract_started_on"), 1, days)
    return np.minimum(seen.number(f"active_days_{days}d") / possible, 1.0)


def _change(seen: Seen) -> Floats:
    """Logarithm of a recent change of price; 0 without one."""
    before, now = seen.number("price_before_minor"), seen.number("price_minor")
    recent = _days_since(seen, "term_started_on") <= RECENT_CHANGE_DAYS
    is_change = recent & (before > 0) & (now > 0)
    ratio = np.where(is_change, now, 1.0) / np.where(is_change, before, 1.0)
    return np.where(is_change, np.log(ratio), 0.0)


def _covers(place: int) -> Callable[[Pieces], Floats]:
    """Whether one of `MILESTONES` lies in the piece."""
    return lambda pieces: pieces.milestone[:, place].astype(np.float64)


BY_ROW: dict[str, tuple[str, Callable[[Seen], Floats]]] = {
    "log_tenure_months": (
        "tenure",
        lambda seen: np.log1p(_days_since(seen, "contract_started_on") / MONTH_DAYS),
    ),
    "had_contract_before": ("tenure", lambda seen: np.sign(seen.number("n_contracts_before"))),
    "price_rose": ("price", lambda seen: np.maximum(_change(seen), 0.0)),
    "has_price_risen": ("price", lambda seen: (_change(seen) > 0).astype(np.float64)),
    "price_fell": ("price", lambda seen: np.maximum(-_change(seen), 0.0)),
    "has_changed": (
        "price",
        lambda seen: (
            (_days_since(seen, "term_started_on") <= RECENT_CHANGE_DAYS)
            & (_days_since(seen, "contract_started_on") > _days_since(seen, "term_started_on"))
        ).astype(np.float64),
    ),
    "log_failed_payments": ("payments", lambda seen: np.log1p(seen.number("n_failed_90d"))),
    "is_unpaid": ("payments", lambda seen: seen.number("is_unpaid")),
    "log_returned_payments": ("payments", lambda seen: np.log1p(seen.number("n_returned_90d"))),
    # who begins to sleep is first at more risk, then at less: a line in the silence cannot say so
    "is_asleep": ("activity", lambda seen: _silent(seen, seen.sleeper_days)),
    "is_silent_two_weeks": ("activity", lambda seen: _silent(seen, 14)),
    "is_silent_three_weeks": ("activity", lambda seen: _silent(seen, 21)),
    "log_recency_days": ("activity", lambda seen: np.log1p(_recency(seen))),
    "active_share_7d": ("activity", lambda seen: _share(seen, 7)),
    "active_share_30d": ("activity", lambda seen: _share(seen, 30)),
    "active_share_90d": ("activity", lambda seen: _share(seen, 90)),
    "root_active_share_90d": ("activity", lambda seen: np.sqrt(_share(seen, 90))),
    "trend_log_ratio": ("activity", lambda seen: seen.number("trend_log_ratio")),
    "log_events_per_active_day": (
        "activity",
        lambda seen: np.log1p(seen.number("events_per_active_day")),
    ),
}
BY_PIECE: dict[str, tuple[str, Callable[[Pieces], Floats]]] = {
    "covers_renewal": ("clock", lambda pieces: pieces.covers_renewal.astype(np.float64)),
    "log_share_to_renewal": (
        "clock",
        lambda pieces: np.where(pieces.covers_renewal, np.log(pieces.share), 0.0),
    ),
    "log_share_inside": (
        "clock",
        lambda pieces: np.where(pieces.covers_renewal, 0.0, np.log(pieces.share)),
    ),
    "is_later_piece": ("clock", lambda pieces: (pieces.lag > 0).astype(np.float64)),
    "log_period_days": ("plan", lambda pieces: np.log(pieces.period)),
    "is_first_paid_period": ("tenure", lambda pieces: (pieces.number == 0).astype(np.float64)),
    "is_second_paid_period": ("tenure", lambda pieces: (pieces.number == 1).astype(np.float64)),
    **{f"covers_day_{day}": ("clock", _covers(place)) for place, day in enumerate(MILESTONES)},
}
