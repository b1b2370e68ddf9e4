"""The back-test of the stated horizon: money told against money seen over 1, 2, 4, ... churn
horizons up to `value.horizon_days`, at every past cutoff that had evidence of its own.

In all, by decile of the forecast, by life-cycle segment, and by cutoff. `value` is of everyone
known at a cutoff; `revenue_at_risk` is of the at-risk users, against what leavers left behind.
Intervals are those of a ratio of sums with users as clusters, all cutoffs of a user together,

    r = sum told / sum seen,   se(r) = sqrt(sum over users of (told - r seen)^2) / sum seen

on the logarithm, by Student's t. Source: Cochran 1977, "Sampling Techniques", chapter 6.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl
from scipy.special import stdtrit

from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.revenue.radar.revenue_risk_radar import life_cycle
from ntg_assets.statistics.probability_metrics import equal_mass_bins

N_DECILES = 10
MAX_LOG = 50.0  # an interval wider than this says nothing
ALL = "all"
VALUE, AT_RISK = "value", "revenue_at_risk"
KINDS = {VALUE: ("told_value", "seen_value"), AT_RISK: ("told_at_risk", "left_behind")}
HORIZON_SCHEMA = {
    "kind": pl.String,
    "n_periods": pl.Int64,
    "n_days": pl.Int64,
    "is_stated": pl.Boolean,
    "segment": pl.String,
    "bin": pl.Int64,
    "told": pl.Float64,
    "seen": pl.Float64,
    "ratio": pl.Float64,
    "ratio_low": pl.Float64,
    "ratio_high": pl.Float64,
    "covered_share": pl.Float64,
    "n_origins": pl.Int64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
    "note": pl.String,
}
EXTRAPOLATION = (
    "extrapolation: the longest span that could be judged is {longest} days, the stated horizon is"
    " {stated}"
)


def value_horizons(
    forecasts: pl.DataFrame,
    *,
    horizon_days: int,
    churn: ChurnSettings,
) -> pl.DataFrame:
    """Hold money told against money seen at every span.

    Args:
        forecasts: `horizon_forecasts`.
        horizon_days: The stated horizon of value.
        churn: Horizon, which places users in their life cycle.

    Returns:
        `value_horizons`: totals per (kind, span, segment, bin); bin 0 is the whole segment, 1 to 10
            the deciles of all by forecast.
    """
    placed = forecasts.with_columns(is_at_risk_population="is_at_risk").with_columns(
        segment=life_cycle(churn)
    )
    note = _extrapolation(placed, horizon_days)
    rows: list[tuple[object, ...]] = []
    for kind, (told, seen) in KINDS.items():
        known = placed.with_columns(told=told, seen=seen).drop_nulls("told")
        judged = known if kind == VALUE else known.filter("is_at_risk")
        for (n_periods, n_days), part in judged.sort("n_periods").group_by(
            "n_periods", "n_days", maintain_order=True
        ):
            bins = equal_mass_bins(part["told"].to_numpy(), N_DECILES)
            ordered = part.with_columns(told_bin=pl.Series(bins)).sort(
                "told_bin", "user_id", "origin_on"
            )
            head = (kind, n_periods, n_days, n_days >= horizon_days)
            rows += [(*head, *row, note) for row in _rows(ordered, kind)]
    return pl.DataFrame(rows, schema=HORIZON_SCHEMA, orient="row")


def _extrapolation(forecasts: pl.DataFrame, horizon_days: int) -> str | None:
    """Say that the stated horizon is longer than any span that could be judged; None: it is not."""
    longest = int(forecasts["n_days"].max() or 0)  # type: ignore[arg-type]  # whole days
    if longest >= horizon_days:
        return None
    return EXTRAPOLATION.format(longest=longest, stated=horizon_days)


def _rows(ordered: pl.DataFrame, kind: str) -> Iterator[tuple[object, ...]]:
    yield ALL, 0, *_compare(ordered, kind)
    for (number,), part in ordered.group_by("told_bin", maintain_order=True):
        yield ALL, number, *_compare(part, kind)
    for prefix, column in (("segment", "segment"), ("origin", "origin_on")):
        for (value,), part in ordered.group_by(column, maintain_order=True):
            yield f"{prefix}={value}", 0, *_compare(part, kind)


def _compare(rows: pl.DataFrame, kind: str) -> tuple[object, ...]:
    by_user = rows.group_by("user_id", maintain_order=True).agg(pl.col("told", "seen").sum())
    told, seen = by_user["told"].to_numpy(), by_user["seen"].to_numpy()
    inside = rows.select(pl.col("seen").is_between("told_low", "told_high").mean()).item()
    return (
        float(told.sum()),
        float(seen.sum()),
        *ratio_interval(told, seen),
        inside if kind == VALUE else None,
        rows["origin_on"].n_unique(),
        rows.height,
        by_user.height,
    )


def ratio_interval(told: Floats, seen: Floats) -> tuple[float | None, float | None, float | None]:
    """Ratio of the sums with its 95% interval; None where it is not defined.

    Args:
        told: Sum of each user's forecasts, shape (users,).
        seen: Sum of what each user brought.
    """
    n_users, total = len(told), float(seen.sum())
    if total <= 0:
        return None, None, None
    ratio = float(told.sum()) / total
    if n_users < 2 or ratio <= 0:  # noqa: PLR2004  # a spread needs two
        return ratio, None, None
    error = float(np.sqrt(((told - ratio * seen) ** 2).sum() * n_users / (n_users - 1))) / total
    factor = float(np.exp(min(stdtrit(n_users - 1, 0.975) * error / ratio, MAX_LOG)))
    return ratio, ratio / factor, ratio * factor
