"""What the weighed ways would have told at past cutoffs over 1, 2, 4, ... churn horizons up to the
stated one, with the ranges of users: each cutoff by the evidence that had closed by then.

Over a span of n periods the ways are corrected for n periods; V, R and revenue at risk follow from
the same identity as tonight's (`ltv`), not discounted. What is seen of revenue at risk is what
leavers left behind: V less what they brought, of whoever was silent in the first period.
"""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.blending import blend, combined
from ntg_assets.revenue.value.ltv import stakes
from ntg_assets.revenue.value.value_ranges import RANGE_SCHEMA, measure_ranges, range_of
from ntg_assets.revenue.value.value_shapes import longest_closed, value_shapes
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES

FORECAST_SCHEMA = {
    "told_value": pl.Float64,
    "told_low": pl.Float64,
    "told_high": pl.Float64,
    "told_at_risk": pl.Float64,
    "left_behind": pl.Float64,
}


def horizon_forecasts(past: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Forecast everyone at each past cutoff by what was known then.

    Args:
        past: `value_walk_forward`.
        evidence: `value_evidence`.

    Returns:
        The rows of `past` whose cutoff had evidence, with `FORECAST_SCHEMA`; the range is null
            where no earlier cutoff had closed a span of as many periods.
    """
    made = []
    past = past.sort("origin_on", "n_periods", "user_id")
    for (origin_on,), rows in past.group_by("origin_on", maintain_order=True):
        if longest_closed(evidence, origin_on).is_empty():
            continue
        for (n_periods,), users in rows.group_by("n_periods", maintain_order=True):
            made.append(_forecast(users, past, evidence, origin_on, n_periods))
    if not made:
        return past.head(0).with_columns(
            pl.lit(None, dtype).alias(name) for name, dtype in FORECAST_SCHEMA.items()
        )
    return pl.concat(made)


def fit_ltv_ranges(
    past: pl.DataFrame, shapes: pl.DataFrame, *, known_on: date, n_periods: int | None = None
) -> pl.DataFrame:
    """Measure how far what users bring may lie from its forecast, on spans that have closed.

    Args:
        past: `value_walk_forward`.
        shapes: `value_shapes` at the cutoff.
        known_on: The cutoff.
        n_periods: Length of the spans; None: the longest that has closed.

    Returns:
        `ltv_ranges`, by bin of the forecast; no rows where nothing has closed.
    """
    closed = past.filter(pl.col("closes_on") <= known_on).sort("origin_on", "n_periods", "user_id")
    if closed.is_empty():
        return pl.DataFrame(schema={**RANGE_SCHEMA, "n_days": pl.Int64})
    wanted = closed["n_periods"].max() if n_periods is None else n_periods
    rows = closed.filter(pl.col("n_periods") == wanted)
    forecasts = [
        _as_much(blended(users, shapes, int(wanted))[0], users["seen_value"].to_numpy())  # type: ignore[arg-type]  # whole, where there are rows
        for _, users in rows.group_by("origin_on", maintain_order=True)
    ]
    if not forecasts:
        return pl.DataFrame(schema={**RANGE_SCHEMA, "n_days": pl.Int64})
    ranges = measure_ranges(np.concatenate(forecasts), rows["seen_value"].to_numpy())
    return ranges.with_columns(n_days=pl.lit(rows["n_days"].max(), pl.Int64))


def _as_much(forecast: Floats, seen: Floats) -> Floats:
    """Tell as much in all as was seen: how far all of a cutoff was off is no matter of users."""
    return (
        forecast * (seen.sum() / forecast.sum())
        if forecast.sum() > 0 and seen.sum() > 0
        else forecast
    )


def blended(users: pl.DataFrame, shapes: pl.DataFrame, n_periods: int) -> tuple[Floats, Floats]:
    """Value over so many periods and R / V, by the weighed and corrected ways."""
    forecasts = {
        name: (users[f"told_{name}"].to_numpy(), users[f"leaver_share_{name}"].to_numpy())
        for name in CANDIDATES
        if not users[f"told_{name}"].null_count()
    }
    chance = users["churn_probability"].fill_null(0.0).to_numpy()
    return blend(combined(forecasts, shapes, n_periods=n_periods), chance)


def _forecast(
    users: pl.DataFrame, past: pl.DataFrame, evidence: pl.DataFrame, origin_on: date, n_periods: int
) -> pl.DataFrame:
    available = [name for name in CANDIDATES if not users[f"told_{name}"].null_count()]
    shapes = value_shapes(evidence, known_on=origin_on, n_stated=n_periods, available=available)
    forecast, share = blended(users, shapes, n_periods)
    ranges = fit_ltv_ranges(past, shapes, known_on=origin_on, n_periods=n_periods)
    low, high = (
        range_of(forecast, ranges) if ranges.height else (np.full(len(forecast), np.nan),) * 2
    )
    chance = users["churn_probability"].fill_null(0.0).to_numpy()
    parts = stakes(forecast, share, chance, users["is_at_risk"].to_numpy())
    is_lost = (users["is_silent_first"] & users["is_at_risk"]).to_numpy()
    left = np.where(is_lost, parts.if_stays - users["seen_value"].to_numpy(), 0.0)
    is_known = users["churn_probability"].is_not_null()
    return users.with_columns(
        pl.Series("told_value", forecast),
        pl.Series("told_low", low).fill_nan(None),
        pl.Series("told_high", high).fill_nan(None),
        told_at_risk=pl.when(is_known).then(pl.Series(parts.at_risk)),
        left_behind=pl.when(is_known).then(pl.Series(left)),
    )
