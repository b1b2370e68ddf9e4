"""What the models would have said at earlier origins, beside what then happened.

`holdout` is the stage's own model at the end of TRAIN, judged on VAL and TEST. `walk_forward`
repeats the whole thing at past origins inside TRAIN: at each, churn, its recalibration and value
are fitted anew on the windows that had closed by then.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from ntg_assets.churn.model import fit_churn_model
from ntg_assets.churn.scores import churn_scores
from ntg_assets.churn.snapshots import History
from ntg_assets.churn.walk_forward import closed_before
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar
from ntg_assets.revenue.value.ltv import ltv_estimates
from ntg_assets.revenue.value.purchase_pace import user_habits
from ntg_assets.revenue.value.value_model import fit_value, observed_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.revenue.value.worth import capped_days, counted
from ntg_assets.sql import Source, query
from ntg_assets.storage.run import run

HOLDOUT, WALK_FORWARD = "holdout", "walk_forward"


def churn_forecasts(
    labelled: pl.DataFrame,
    raw: pl.DataFrame,
    user_days: Source,
    holdout: pl.DataFrame,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Put forecasts and outcomes of all origins side by side.

    Args:
        labelled: `labelled_snapshots` of the stage.
        raw: `churn_walk_forward`: what the model said at each past origin before any recalibration.
        user_days: One row per (user, active day) of TRAIN.
        holdout: Forecasts with outcomes at the end of TRAIN (`holdout_forecasts`), or no rows.
        churn: Horizon, snapshots, number of origins.
        value: Basis of value.

    Returns:
        `churn_forecasts`, by evaluation, origin and user; at-risk users only.
    """
    past = [
        _walk_forward_at(on, labelled, raw, user_days, churn=churn, value=value)
        for on in raw["origin_on"].unique().sort().to_list()
    ]
    stacked = pl.concat([holdout, *past])
    clock = {"window_days": churn.at_risk_window_days, "horizon_days": churn.horizon_days}
    before = run(
        query(
            "evaluation.churn",
            "value_before",
            {"forecasts": stacked, "user_days": user_days},
            **clock,
        )
    )
    joined = stacked.join(before, on=["user_id", "origin_on"], how="left")
    valued = joined.with_columns(**_values_before(churn, value)).drop(
        set(before.columns) - {"user_id", "origin_on"}
    )
    return _with_losses(valued).sort("evaluation", "origin_on", "user_id")


def holdout_forecasts(
    radar: pl.DataFrame,
    scores: pl.DataFrame,
    values: pl.DataFrame,
    outcomes: pl.DataFrame,
    history: History,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Put the stage's own radar beside what its users did after the cutoff;
    no rows without a common cutoff (per-user split).

    Args:
        radar: `revenue_risk_radar`.
        scores: `churn_scores`, for the intervals.
        values: `ltv_estimates`.
        outcomes: `churn_outcomes.sql`: users active in the window.
        history: Span of TRAIN.
        churn: Horizon.
        value: Basis of value.
    """
    scored = radar.filter(pl.col("is_at_risk_population") & history.is_common_clock)
    joined = scored.join(
        outcomes.select("user_id", "window_active_days", "window_value"), on="user_id", how="left"
    )
    known = joined.with_columns(
        pl.col("window_active_days").fill_null(0), pl.col("window_value").fill_null(0.0)
    )
    labelled = known.with_columns(is_churned=pl.col("window_active_days") == 0)
    return _as_forecasts(
        labelled,
        scores,
        values,
        evaluation=HOLDOUT,
        origin_on=history.cutoff_on,
        churn=churn,
        value=value,
    )


def _walk_forward_at(
    origin_on: date,
    labelled: pl.DataFrame,
    raw: pl.DataFrame,
    user_days: Source,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    known, now = (
        closed_before(labelled, origin_on),
        labelled.filter(pl.col("snapshot_on") == origin_on),
    )
    model = fit_churn_model(known, raw, cutoff_on=origin_on, settings=churn)
    scores = churn_scores(now, model.coefficients, model.uncertainty, settings=churn)
    capped = run(capped_days(user_days, cutoff_on=origin_on, settings=value))
    habits = run(
        user_habits(
            user_days, capped, cutoff_on=origin_on, horizon_days=churn.horizon_days, settings=value
        )
    )
    worth = fit_value(counted(known, capped), settings=value)
    ranges = fit_value_ranges(counted(known, capped), model.coefficients, worth, settings=value)
    values = ltv_estimates(
        now,
        scores,
        worth,
        habits,
        ranges,
        capped,
        churn_horizon_days=churn.horizon_days,
        settings=value,
    )
    outcome = now.select("user_id", "is_churned", "window_active_days", "window_value")
    radar = revenue_risk_radar(scores, values, settings=churn).join(outcome, on="user_id")
    return _as_forecasts(
        radar,
        scores,
        values,
        evaluation=WALK_FORWARD,
        origin_on=origin_on,
        churn=churn,
        value=value,
    )


def _as_forecasts(
    rows: pl.DataFrame,
    scores: pl.DataFrame,
    values: pl.DataFrame,
    *,
    evaluation: str,
    origin_on: date,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    intervals = scores.select("user_id", "churn_probability_low", "churn_probability_high")
    worth = values.select(
        "user_id", "ltv", "next_value", "next_value_low", "next_value_high", "discounted_days"
    )
    joined = rows.join(worth.join(intervals, on="user_id"), on="user_id")
    return joined.select(
        pl.lit(evaluation).alias("evaluation"),
        pl.lit(origin_on).alias("origin_on"),
        "user_id",
        "segment",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "ltv_at_stake",
        "run_rate_at_stake",
        "if_active_at_stake",
        "ltv",
        (pl.col("ltv_at_stake") * churn.horizon_days / pl.col("discounted_days")).alias(
            "horizon_at_stake"
        ),
        pl.col("next_value").alias("expected_value"),
        pl.col("next_value_low").alias("expected_value_low"),
        pl.col("next_value_high").alias("expected_value_high"),
        "is_churned",
        pl.Series("value_after", observed_value(joined, settings=value)),
    )


def _values_before(churn: ChurnSettings, value: ValueSettings) -> dict[str, pl.Expr]:
    """Value per horizon in each window before the origin; never below 0."""
    days = {
        "at_risk": pl.lit(churn.at_risk_window_days),
        "last": pl.lit(churn.horizon_days),
        "ever": pl.max_horizontal(pl.col("tenure_days"), pl.lit(churn.horizon_days)),
    }
    seen = {
        window: (
            pl.col(f"value_{window}")
            if value.basis == "event_value"
            else pl.col(f"active_days_{window}") * value.day_price
        )
        for window in days
    }
    names = {"at_risk": "value_before", "last": "value_before_last", "ever": "value_before_ever"}
    return {
        names[window]: (
            seen[window].cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)
            * churn.horizon_days
            / days[window].fill_null(1)
        )
        for window in days
    }


def _with_losses(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Add what was really lost, twice: the whole value of who left, and any drop of value."""
    drop = (pl.col("value_before") - pl.col("value_after")).clip(lower_bound=0.0)
    return forecasts.with_columns(
        lost_value=pl.when("is_churned").then("value_before").otherwise(0.0),
        dropped_value=drop,
    )


def splits_of(forecasts: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield (evaluation, segment, rows): all, each life-cycle segment,
    each origin of the walk forward.
    """
    for (evaluation,), rows in forecasts.group_by("evaluation", maintain_order=True):
        yield str(evaluation), "all", rows
        for (segment,), part in rows.sort("segment", maintain_order=True).group_by(
            "segment", maintain_order=True
        ):
            yield str(evaluation), f"segment={segment}", part
        if evaluation == WALK_FORWARD:
            for (origin_on,), part in rows.group_by("origin_on", maintain_order=True):
                yield str(evaluation), f"origin={origin_on}", part
