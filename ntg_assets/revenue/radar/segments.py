"""The radar rolled up: what is at risk by life cycle and by band,
whether it came true last time, what changed since the last publish.
"""

from datetime import date

import polars as pl

from ntg_assets.revenue.radar.revenue_risk_radar import BANDS, SEGMENTS, band

ALL = "all"
DIMENSIONS = {"all": (ALL,), "life_cycle": SEGMENTS, "band": BANDS}
KEY = ["dimension", "segment"]
CHANGES = ("n_users", "revenue_at_risk", "mean_churn_probability")


def radar_segments(
    radar: pl.DataFrame, forecasts: pl.DataFrame, previous: pl.DataFrame | None, *, as_of: date
) -> pl.DataFrame:
    """Roll the radar up.

    Args:
        radar: `revenue_risk_radar`.
        forecasts: `churn_forecasts`; the last origin whose window has closed is read.
        previous: This table as it was last published on an earlier day; None: never.
        as_of: The cutoff.

    Returns:
        `radar_segments`, one row per dimension and segment that has users; `all` first.
    """
    now = _summed(_in_dimensions(radar.with_columns(segment_of_life="segment")), _NOW)
    then = _summed(_in_dimensions(_last_closed(forecasts)), _THEN)
    before = _before(previous)
    joined = now.join(then, on=KEY, how="left").join(before, on=KEY, how="left")
    changed = joined.with_columns(
        pl.col("n_closed").cast(pl.Float64), *(_change(name) for name in CHANGES)
    )
    order = pl.concat_str(KEY, separator=":").cast(
        pl.Enum([f"{name}:{value}" for name, values in DIMENSIONS.items() for value in values])
    )
    dated = changed.with_columns(as_of_on=pl.lit(as_of, pl.Date)).sort(order)
    total = dated["revenue_at_risk"][0] if dated.height else 0.0
    share = pl.col("revenue_at_risk") / total if total > 0 else pl.lit(0.0)
    return dated.with_columns(revenue_at_risk_share=share.clip(0.0, 1.0)).select(COLUMNS)


def _last_closed(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Forecasts of the latest origin, with the band that each user would have stood in."""
    last = forecasts.filter(pl.col("origin_on") == pl.col("origin_on").max()).with_columns(
        revenue_at_risk=pl.col("churn_probability") * pl.col("ltv_at_stake")
    )
    # one origin may be judged twice: the holdout comes first
    single = last.filter(pl.col("evaluation") == pl.col("evaluation").min())
    ranked = single.sort("revenue_at_risk", "user_id", descending=[True, False])
    return ranked.with_columns(band=band(), segment_of_life="segment")


def _in_dimensions(rows: pl.DataFrame) -> pl.DataFrame:
    """Repeat every row once per dimension, in the order of the user."""
    ordered = rows.sort("user_id")
    places = {"all": pl.lit(ALL), "life_cycle": pl.col("segment_of_life"), "band": pl.col("band")}
    return pl.concat(
        [
            ordered.with_columns(dimension=pl.lit(name), segment=place)
            for name, place in places.items()
        ]
    )


def _summed(rows: pl.DataFrame, sums: dict[str, pl.Expr]) -> pl.DataFrame:
    return rows.group_by(KEY, maintain_order=True).agg(**sums)


def _before(previous: pl.DataFrame | None) -> pl.DataFrame:
    schema = {
        "previous_on": pl.Date,
        "n_users_before": pl.Int64,
        **{f"{name}_before": pl.Float64 for name in CHANGES[1:]},
    }
    if previous is None:
        return pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), **schema})
    return previous.select(
        *KEY, previous_on="as_of_on", **{f"{name}_before": pl.col(name) for name in CHANGES}
    )


def _change(name: str) -> pl.Expr:
    return (pl.col(name) - pl.col(f"{name}_before")).cast(pl.Float64).alias(f"{name}_change")


def _total(amount: pl.Expr) -> pl.Expr:
    """Sum in whole millionths: the same for any order of rows."""
    return (amount * 1e6).round().cast(pl.Int64).sum() / 1e6


def _mean(probability: pl.Expr) -> pl.Expr:
    n = probability.count()
    return pl.when(n > 0).then(_total(probability) / n)


_NOW = {
    "n_users": pl.len().cast(pl.Int64),
    "n_at_risk_users": pl.col("is_at_risk_population").sum().cast(pl.Int64),
    "value_at_stake": _total(pl.col("ltv_at_stake")),
    "revenue_at_risk": _total(pl.col("revenue_at_risk")),
    "mean_churn_probability": _mean(pl.col("churn_probability").filter("is_at_risk_population")),
    "unit": pl.col("unit").first(),
}
_THEN = {
    "closed_on": pl.col("origin_on").first(),
    "n_closed": pl.len().cast(pl.Int64),
    "predicted_churn": _mean(pl.col("churn_probability")),
    "realised_churn": pl.col("is_churned").mean(),
    "predicted_loss": _total(pl.col("churn_probability") * pl.col("horizon_at_stake")),
    "realised_loss": _total(pl.col("lost_value")),
}
COLUMNS = (
    "as_of_on",
    *KEY,
    *(name for name in _NOW if name != "unit"),
    "revenue_at_risk_share",
    *_THEN,
    "previous_on",
    *(f"{name}_change" for name in CHANGES),
    "unit",
)
