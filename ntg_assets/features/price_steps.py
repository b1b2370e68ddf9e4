"""Weeks with which prices jumped.

What was paid before a jump of prices says too little of what will be paid after it. Each cutoff
takes the amounts before the jumps that it knows to the prices after them, tonight's by this table
and each past one by its own (`revenue/value/prices.py`); a jump in the last `LEAST_WEEKS` is not
seen yet, and churn is learned from amounts as they are, so the check says when prices jumped.

A jump is looked for in what the *same* users pay on either side of the beginning of each week, over
`WEEKS` weeks: with d the difference of a user's mean ln(amount), and n the active days before and
after,

    step = sum(w d) / sum(w),   w = n_before n_after / (n_before + n_after)

and its standard error with users as clusters. It is one where it is at least `SMALLEST` and
`LEAST_Z` standard errors off, and each quarter of the weeks before and after shows it, too; of
neighbouring weeks the likeliest is taken. So who comes and goes moves nothing, nor do prices that
creep, nor a dear month. On made and real logs without a jump the largest of all weeks was 4.4
standard errors off, with one 14 to 42.

Source: Quandt 1960 (a break at an unknown time); fixed effects of users.
"""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.sql import Query, Source, query
from ntg_assets.statistics.likelihood import significant

WEEK_DAYS, WEEKS = 7, 8
LEAST_WEEKS = 6  # of the log on either side: a dear month (Christmas) is no jump
# of the weeks before, and of those after, each of which shows at least so much of the step: in two
# of four a month may lie that is no price
N_PARTS, LASTING = 4, 0.5
FEWEST_USERS = 30  # who paid on both sides
SMALLEST = float(np.log(1.15))
LEAST_Z = 6.0
MOST_USERS = 20_000
MOST_Z, TINY = 1e6, 1e-12
STEPS_SCHEMA: dict[str, Any] = {
    "step_on": pl.Date,
    "price_ratio": pl.Float64,
    "z": pl.Float64,
    "n_users": pl.Int64,
}


class _Step(NamedTuple):
    likelihood: float
    weeks_ago: int
    log_ratio: float
    z: float
    n_users: int


class _Rows(NamedTuple):
    """Active days: user, weeks before the cutoff (never falling), ln(amount)."""

    user: Longs
    week: Longs
    amount: Floats

    def compare(self, after: tuple[int, int], before: tuple[int, int]) -> _Step | None:
        """What the same users pay in some weeks over what they paid in others; None of few.

        Args:
            after: Weeks `[first, end)` before the cutoff.
            before: Weeks that lie before those.
        """
        n_users = int(self.user.max()) + 1
        (n_after, sum_after), (n_before, sum_before) = (
            self._by_user(weeks, n_users) for weeks in (after, before)
        )
        both = (n_after > 0) & (n_before > 0)
        if both.sum() < FEWEST_USERS:
            return None
        a, b = n_after[both], n_before[both]
        difference, weight = sum_after[both] / a - sum_before[both] / b, a * b / (a + b)
        ratio = float((weight * difference).sum() / weight.sum())
        error = float(np.sqrt((weight**2 * (difference - ratio) ** 2).sum()) / weight.sum())
        z = float(np.clip(ratio / max(error, TINY), -MOST_Z, MOST_Z))
        return _Step(ratio**2 * float(weight.sum()), after[1], ratio, z, len(a))

    def _by_user(self, weeks: tuple[int, int], n_users: int) -> tuple[Longs, Floats]:
        first, end = np.searchsorted(self.week, weeks)
        user, amount = self.user[first:end], self.amount[first:end]
        return (
            np.bincount(user, minlength=n_users),
            np.bincount(user, weights=amount, minlength=n_users).astype(np.float64),
        )


def price_sample(user_days: Source) -> Query:
    """Take the amounts of at most `MOST_USERS` users; see `price_sample.sql`."""
    return query("features", "price_sample", {"user_days": user_days}, most_users=MOST_USERS)


def find_price_steps(amounts: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """Find the weeks with which prices jumped.

    Args:
        amounts: `user_id`, `active_on`, `value_sum` above 0: days before the cutoff.
        cutoff_on: From where the log is looked at.

    Returns:
        `price_steps`, by day.
    """
    if amounts.is_empty():
        return pl.DataFrame(schema=STEPS_SCHEMA)
    # newest week first; within it by user, so that sums have one order
    rows = amounts.select(
        pl.col("user_id").rank("dense").cast(pl.Int64) - 1,
        week=((pl.lit(cutoff_on) - pl.col("active_on")).dt.total_days() - 1) // WEEK_DAYS,
        amount=pl.col("value_sum").log(),
    ).sort("week", "user_id", "amount")
    sample = _Rows(*(rows[name].to_numpy() for name in ("user_id", "week", "amount")))
    looked_at = range(LEAST_WEEKS, int(sample.week[-1]) - LEAST_WEEKS + 2)
    steps = [step for ago in looked_at if (step := _step(sample, ago)) is not None]
    made = [
        (
            cutoff_on - timedelta(days=WEEK_DAYS * step.weeks_ago),
            float(significant(np.exp(step.log_ratio))),
            float(significant(step.z)),
            step.n_users,
        )
        for step in _likeliest(steps)
    ]
    return pl.DataFrame(made, schema=STEPS_SCHEMA, orient="row").sort("step_on")


def counts_amounts(value: ValueSettings) -> bool:
    """Whether value is made of amounts, which have prices."""
    return value.basis == "event_value"


def describe_steps(price_steps: pl.DataFrame) -> str:
    """Say when prices jumped and what that does; nothing where none did."""
    if price_steps.is_empty():
        return ""
    shown = "; ".join(
        f"times {row['price_ratio']:.2f} with the week from {row['step_on']}"
        f" ({row['n_users']:,} users)"
        for row in price_steps.iter_rows(named=True)
    )
    return (
        f"what the same users pay jumped: {shown}. Value counts amounts before it in the prices"
        " after it, so it is told in the prices of today; how many will stay at them no cut before"
        " it shows. Where it was no price (another unit or currency), mend the amounts: churn and"
        " other features know them as they are."
    )


def _step(rows: _Rows, ago: int) -> _Step | None:
    """The step with the beginning of a week; None where it is none, or of few users."""
    after, before = (max(ago - WEEKS, 0), ago), (ago, ago + WEEKS)
    step = rows.compare(after, before)
    if step is None or abs(step.log_ratio) < SMALLEST or abs(step.z) < LEAST_Z:
        return None
    parts = [
        *(rows.compare(part, before) for part in _quarters(after)),
        *(rows.compare(after, part) for part in _quarters(before)),
    ]
    lasts = all(part is not None and part.log_ratio / step.log_ratio >= LASTING for part in parts)
    return step if lasts else None


def _quarters(weeks: tuple[int, int]) -> list[tuple[int, int]]:
    edges = np.linspace(*weeks, N_PARTS + 1).round().astype(int).tolist()
    return list(pairwise(edges))


def _likeliest(steps: list[_Step]) -> list[_Step]:
    """The likeliest of each neighbourhood."""
    kept: list[_Step] = []
    for step in sorted(steps, reverse=True):
        if all(abs(step.weeks_ago - other.weeks_ago) >= WEEKS for other in kept):
            kept.append(step)
    return kept
