"""The horizon of a contract, cut at its renewals: in each piece it ends at most once, in one way.

A contract that is looked at from day T ends within the horizon H when its first day without lies in
[T, T + H). The renewals in that window cut it; a piece ends with a renewal, whose day counts to it
(who does not renew has that as the first day without), or with the window.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.billing_days import day_numbers, periods_before, renewal_days

SHORTEST_DAYS = 7  # daily billing is looked at in steps of a week
NO_END = 10**7
MILESTONES = (3, 7, 14)  # days after a renewal, at which payments are given up
KIND_CODES = {"cancelled": 1, "payment_failed": 2, "not_converted": 3}


@dataclass(frozen=True)
class Pieces:
    """Pieces of horizons, by row and in order; one entry per piece.

    Attributes:
        row: Place of the contract's row.
        lag: 0 for the piece that holds T.
        number: Billing period: -1 the trial, 0 the first that is paid.
        covers_renewal: Whether it ends with a renewal.
        share: Days of it over those of its period.
        period: Days of its period.
        milestone: For each of `MILESTONES`, whether that day after a renewal lies in it.
        outcome: 0: it goes on; else `KIND_CODES`; -1: it had ended before.
        stop: Its last day.
    """

    row: Longs
    lag: Longs
    number: Longs
    covers_renewal: Flags
    share: Floats
    period: Longs
    milestone: Flags
    outcome: Longs
    stop: Longs

    def only(self, kept: Flags) -> "Pieces":
        """Some of the pieces."""
        return Pieces(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Clock:
    """When contracts were looked at and when they renew, in days since 1970; one entry per row."""

    at: Longs
    anchor: Longs
    months: Longs
    days: Longs
    start: Longs
    end: Longs
    kind: Longs

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "Clock":
        """Read the clock of `contract_snapshots`."""
        days = rows["period_days"].to_numpy()
        steps = -(-SHORTEST_DAYS // np.maximum(days, 1))
        kind = rows["contract_end_kind"].replace_strict(
            KIND_CODES, default=0, return_dtype=pl.Int64
        )
        return cls(
            day_numbers(rows["snapshot_on"]),
            day_numbers(rows["anchor_on"]),
            rows["period_months"].to_numpy(),
            np.where(days > 0, days * steps, 0),
            day_numbers(rows["contract_started_on"]),
            rows["contract_end_on"].cast(pl.Int32).cast(pl.Int64).fill_null(NO_END).to_numpy(),
            kind.to_numpy(),
        )

    @property
    def period(self) -> Longs:
        """Billing period that day T is in: -1 for the trial."""
        return periods_before(self.anchor, self.months, self.days, self.at - 1)

    def renewal(self, number: Longs) -> Longs:
        """First day of a billing period."""
        return renewal_days(self.anchor, self.months, self.days, number)


def cut(rows: pl.DataFrame, *, horizon_days: int, max_lag: int | None = None) -> Pieces:
    """Cut the horizons of contracts at their renewals.

    Args:
        rows: `contract_snapshots`.
        horizon_days: Length of the window.
        max_lag: Pieces after this one are left out.
    """
    clock = Clock.of(rows)
    first, until = clock.period, clock.at + horizon_days - 1
    row, lag, parts = np.arange(rows.height), 0, []
    while len(row) and (max_lag is None or lag <= max_lag):
        part = _piece(clock, row, lag, first, until)
        parts.append(part)
        row = row[part.stop < until[row]]
        lag += 1
    if not parts:
        return _joined([_piece(clock, row, 0, first, until)])
    return _joined(parts)


def _piece(clock: Clock, row: Longs, lag: int, first: Longs, until: Longs) -> Pieces:
    number = first[row] + lag
    begins = _at(clock, row, number)
    renews = _at(clock, row, number + 1)
    begins = np.where(number < 0, clock.start[row], begins)
    before = clock.at[row] - 1 if lag == 0 else begins
    stop = np.minimum(renews, until[row])
    end = clock.end[row]
    ended = np.where(end > stop, 0, clock.kind[row])
    outcome = np.where((end <= before) & (lag > 0), -1, ended)
    milestone = np.column_stack(
        [(before - begins < day) & (day <= stop - begins) for day in MILESTONES]
    )
    return Pieces(
        row,
        np.full(len(row), lag),
        number,
        renews <= until[row],
        (stop - before) / np.maximum(renews - begins, 1),
        np.maximum(renews - begins, 1),
        milestone,
        outcome,
        stop,
    )


def _at(clock: Clock, row: Longs, number: Longs) -> Longs:
    return renewal_days(clock.anchor[row], clock.months[row], clock.days[row], number)


def _joined(parts: list[Pieces]) -> Pieces:
    whole = Pieces(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Pieces.__dataclass_fields__
        )
    )
    order = np.lexsort((whole.lag, whole.row))
    return whole.only(order)  # type: ignore[arg-type]  # an order picks entries as flags do
