"""Amounts in the prices of one day: what was paid before a jump says what will be paid after it
once it is taken to the prices after it.

Each cutoff knows the jumps that can be seen in the days before it, and no later one. So amounts
before a past cutoff stand in the prices that were known then, and what users brought after it is
told in the same prices: a way that told half across a jump to twice the prices told right. What a
jump adds is in the prices of tonight, which tonight's amounts stand in. Jumps are found by
`price_steps`; where active days are counted there are none.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.features.price_steps import (
    STEPS_SCHEMA,
    WEEK_DAYS,
    WEEKS,
    counts_amounts,
    find_price_steps,
    price_sample,
)
from ntg_assets.revenue.value.worth import KEY
from ntg_assets.sql import Query, Source, query
from ntg_assets.storage.run import run

LEVELS_SCHEMA = {"from_on": pl.Date, "until_on": pl.Date, "factor": pl.Float64}
NO_STEPS = pl.DataFrame(schema=STEPS_SCHEMA)


class KnownPrices:
    """The jumps of prices that were known on each day, each day looked at once.

    Args:
        user_days: One row per (user, active day).
        value: Basis of value; where it counts no amounts nothing is looked for.
    """

    def __init__(self, user_days: pl.DataFrame, value: ValueSettings) -> None:
        self._days = user_days.select("user_id", "active_on", "value_sum")
        self._counts_amounts = counts_amounts(value)
        self._steps: dict[date, pl.DataFrame] = {}

    def steps(self, on: date) -> pl.DataFrame:
        """`price_steps` by the days before one."""
        if not self._counts_amounts:
            return NO_STEPS
        if on not in self._steps:
            amounts = run(price_sample(self._days.filter(pl.col("active_on") < on)))
            self._steps[on] = find_price_steps(amounts, cutoff_on=on)
        return self._steps[on]

    def steps_between(self, origin_on: date, known_on: date) -> pl.DataFrame:
        """Those that a later day knows and an earlier one did not."""
        later, earlier = self.steps(known_on), self.steps(origin_on)["step_on"].to_list()
        near = timedelta(days=WEEK_DAYS * WEEKS)
        is_new = [all(abs(on - old) >= near for old in earlier) for on in later["step_on"]]
        return later.filter(pl.Series(is_new, dtype=pl.Boolean))


def levels_to(steps: pl.DataFrame) -> pl.DataFrame:
    """Factors that take amounts to the prices after the last jump.

    Args:
        steps: `price_steps`.

    Returns:
        Spans of days `[from_on, until_on)`, none of which overlap, with their factor.
    """
    ends = steps.sort("step_on")
    ratios = ends["price_ratio"].to_list()
    factors = [_product(ratios[number:]) for number in range(len(ratios))]
    return _levels([date.min, *ends["step_on"]], [*ends["step_on"]], factors)


def levels_since(steps: pl.DataFrame, origin_on: date) -> pl.DataFrame:
    """Factors that take amounts from an origin on to the prices before some jumps.

    Args:
        steps: `price_steps` that were not known at the origin.
        origin_on: Amounts before it stay.
    """
    starts = [max(on, origin_on) for on in steps.sort("step_on")["step_on"]]
    ratios = steps.sort("step_on")["price_ratio"].to_list()
    factors = [1 / _product(ratios[: number + 1]) for number in range(len(ratios))]
    return _levels(starts, [*starts[1:], date.max], factors)


def priced_days(user_days: Source, levels: pl.DataFrame) -> Source:
    """Active days (`user_id`, `active_on`, `value_sum`) by the levels of prices; as they are where
    there is no level.
    """
    if levels.is_empty():
        return user_days
    sources = {"user_days": user_days, "price_levels": levels}
    return query("revenue.value", "priced_days", sources)


def priced_frame(user_days: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """The same of a frame in memory."""
    priced = priced_days(user_days, levels)
    return run(priced) if isinstance(priced, Query) else user_days


def priced_sums(snapshots: pl.DataFrame, user_days: Source, steps: pl.DataFrame) -> Query:
    """Sum up what users had brought by their snapshots, and in the windows after them, in the
    prices after the last jump; see `priced_snapshots.sql`.
    """
    keys = snapshots.select(
        *KEY,
        window_end_on="window_end_on" if "window_end_on" in snapshots.columns else "snapshot_on",
    )
    days = priced_days(user_days, levels_to(steps))
    return query("revenue.value", "priced_snapshots", {"snapshots": keys, "priced_days": days})


def with_prices(snapshots: pl.DataFrame, sums: pl.DataFrame) -> pl.DataFrame:
    """Put the sums of `priced_sums` in the place of the value columns of snapshots."""
    columns = {
        "decayed_value_90d": pl.col("decayed"),
        "value_per_active_day": pl.col("seen") / pl.col("active_days"),
        "window_value": pl.col("followed"),
    }
    joined = snapshots.join(sums, on=KEY, how="left", maintain_order="left")
    changed = [part.alias(name) for name, part in columns.items() if name in snapshots.columns]
    return joined.with_columns(changed).select(snapshots.columns)


def priced(snapshots: pl.DataFrame, user_days: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Rows of `churn_snapshots`, or labelled ones, with their value columns in the prices after
    the last jump; as they are where there was none.
    """
    if steps.is_empty() or snapshots.is_empty():
        return snapshots
    return with_prices(snapshots, run(priced_sums(snapshots, user_days, steps)))


def _levels(starts: Sequence[date], ends: Sequence[date], factors: list[float]) -> pl.DataFrame:
    rows = [row for row in zip(starts, ends, factors, strict=False) if row[0] < row[1]]
    return pl.DataFrame(rows, schema=LEVELS_SCHEMA, orient="row")


def _product(ratios: list[float]) -> float:
    product = 1.0
    for ratio in ratios:
        product *= ratio
    return product
