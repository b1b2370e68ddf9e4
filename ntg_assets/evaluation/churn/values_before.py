"""What users had brought before an origin, and what of it was then really lost."""

import polars as pl

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.sql import Source, query
from ntg_assets.storage.run import run


def with_values_before(
    forecasts: pl.DataFrame, user_days: Source, *, churn: ChurnSettings, value: ValueSettings
) -> pl.DataFrame:
    """Add what each user had brought per horizon before the origin: `value_before` (while at risk),
    `value_before_last`, `value_before_ever`.

    Args:
        forecasts: Rows with `user_id` and `origin_on`.
        user_days: One row per (user, active day); days from the origin on are not looked at.
        churn: At-risk window and horizon.
        value: Basis of value.
    """
    clock = {"window_days": churn.at_risk_window_days, "horizon_days": churn.horizon_days}
    tables = {"forecasts": forecasts.select("user_id", "origin_on"), "user_days": user_days}
    before = run(query("evaluation.churn", "value_before", tables, **clock))
    joined = forecasts.join(before, on=["user_id", "origin_on"], how="left")
    return joined.with_columns(**_values_before(churn, value)).drop(
        set(before.columns) - {"user_id", "origin_on"}
    )


def _values_before(churn: ChurnSettings, value: ValueSettings) -> dict[str, pl.Expr]:
    """Value per horizon in each window before the origin; never below 0."""
    tenure = pl.max_horizontal(pl.col("tenure_days"), pl.lit(churn.horizon_days))
    windows = {
        "value_before": ("at_risk", pl.lit(churn.at_risk_window_days)),
        "value_before_last": ("last", pl.lit(churn.horizon_days)),
        "value_before_ever": ("ever", tenure),
    }
    return {
        name: (
            _seen(window, value).cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)
            * churn.horizon_days
            / days.fill_null(1)
        )
        for name, (window, days) in windows.items()
    }


def _seen(window: str, value: ValueSettings) -> pl.Expr:
    """What a user brought in a window: the values of events, or its active days at their price."""
    if value.basis == "event_value":
        return pl.col(f"value_{window}")
    return pl.col(f"active_days_{window}") * value.day_price


def with_losses(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Add what was really lost, twice: the whole value of who left, and any drop of value."""
    drop = (pl.col("value_before") - pl.col("value_after")).clip(lower_bound=0.0)
    return forecasts.with_columns(
        lost_value=pl.when("is_churned").then("value_before").otherwise(0.0),
        dropped_value=drop,
    )
