"""What every way said at a past cutoff beside what came, over 1, 2, 4, ... churn horizons."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.log_holes import is_whole
from ntg_assets.churn.snapshots import History
from ntg_assets.revenue.value.ways.seen_values import Seen
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES, Population, candidate_values

SCHEMA = {
    "origin_on": pl.Date,
    "user_id": pl.String,
    "n_periods": pl.Int64,
    "n_days": pl.Int64,
    "closes_on": pl.Date,
    "is_at_risk": pl.Boolean,
    "recency_days": pl.Int64,
    "tenure_days": pl.Int64,
    "churn_probability": pl.Float64,
    "is_silent_first": pl.Boolean,
    "recent_value": pl.Float64,
    "seen_value": pl.Float64,
    **{f"told_{name}": pl.Float64 for name in CANDIDATES},
    **{f"leaver_share_{name}": pl.Float64 for name in CANDIDATES},
}


def span_tables(
    known: Population, seen_by: Callable[[date], Seen], origin_on: date, history: History
) -> pl.DataFrame:
    """Tell of every span of a past cutoff that has closed, as far as the log holds it.

    Args:
        known: Everyone at the cutoff, one entry per user.
        seen_by: What they brought afterwards, by churn horizon, as a later day knows it.
        origin_on: The cutoff.
        history: Span of TRAIN, and the days that the log does not hold.

    Returns:
        Rows of `past_values`; none where nothing has closed.
    """
    told, ends = candidate_values(known), known.period_ends
    rows = []
    for n in _spans(len(ends)):
        closes_on = origin_on + timedelta(days=ends[n - 1])
        if closes_on > history.complete_until_on or not is_whole(
            origin_on, closes_on, history.holes
        ):
            break
        weights = np.where(np.arange(len(ends)) < n, 1.0, 0.0)
        columns = {
            **{f"told_{name}": way.total(weights) for name, way in told.items()},
            **{f"leaver_share_{name}": way.leaver_share(weights) for name, way in told.items()},
        }
        rows.append(_span_rows(known, seen_by(closes_on), columns, origin_on, closes_on, n))
    return pl.concat(rows) if rows else pl.DataFrame(schema=SCHEMA)


def _spans(n_stated: int) -> list[int]:
    """1, 2, 4, ... periods, and the stated horizon."""
    return sorted({min(2**k, n_stated) for k in range(n_stated.bit_length() + 1)})


def _span_rows(
    known: Population,
    seen: Seen,
    columns: dict[str, Floats],
    origin_on: date,
    closes_on: date,
    n_periods: int,
) -> pl.DataFrame:
    numbers = {
        name: pl.Series(columns[name]) if name in columns else pl.lit(None, pl.Float64)
        for name in SCHEMA
        if name.startswith(("told_", "leaver_share_"))
    }
    chance = None if known.next_horizon is None else known.next_horizon.churn_probability
    return (
        known.activity.select(
            pl.lit(origin_on).alias("origin_on"), "user_id", "recency_days", "tenure_days"
        )
        .with_columns(
            n_periods=pl.lit(n_periods, pl.Int64),
            n_days=pl.lit((closes_on - origin_on).days, pl.Int64),
            closes_on=pl.lit(closes_on),
            is_at_risk=pl.Series(known.is_at_risk),
            churn_probability=pl.lit(None, pl.Float64) if chance is None else pl.Series(chance),
            is_silent_first=pl.Series(seen.silent_first),
            recent_value=pl.Series(known.recent_value),
            seen_value=pl.Series(seen.value[:, :n_periods].sum(axis=1)),
            **numbers,
        )
        .select(SCHEMA.keys())
    )
