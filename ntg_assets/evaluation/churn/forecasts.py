"""What the models would have said at earlier origins, beside what then happened.

`holdout` is the stage's own model at the end of TRAIN, judged on VAL and TEST. `walk_forward`
repeats the whole thing at past origins inside TRAIN: at each, churn, its recalibration and value
are fitted anew on the windows that had closed by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from ntg_assets.churn.model import ChurnModel, fit_churn_model
from ntg_assets.churn.scores import churn_scores
from ntg_assets.churn.snapshots import History
from ntg_assets.churn.walk_forward import closed_before, everyone_at
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.values_before import with_losses, with_values_before
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar
from ntg_assets.revenue.value.ltv import ValueModel, score_value
from ntg_assets.revenue.value.prices import KnownPrices, levels_to, priced, priced_days
from ntg_assets.revenue.value.value_model import fit_value, observed_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.revenue.value.value_shapes import value_shapes
from ntg_assets.revenue.value.ways.population import period_ends
from ntg_assets.revenue.value.worth import capped_days, counted
from ntg_assets.storage.run import run

HOLDOUT, WALK_FORWARD = "holdout", "walk_forward"
EVALUATIONS = (HOLDOUT, WALK_FORWARD)
NEXT_VALUE = ("next_value", "next_value_low", "next_value_high")
OF_RADAR = (  # columns of a forecast as they stand in the radar and the scores
    "user_id",
    "segment",
    "churn_probability",
    "churn_probability_low",
    "churn_probability_high",
    "ltv_at_stake",
    "ltv",
)


@dataclass(frozen=True)
class Past:
    """What the walk forward looks back on.

    Attributes:
        labelled: `labelled_snapshots` of the stage.
        raw: `churn_walk_forward`: what each model said at past origins before any recalibration.
        evidence: `value_evidence`: how each way of foreseeing value fared at past cutoffs.
        user_days: One row per (user, active day) of TRAIN.
        history: Span of TRAIN.
    """

    labelled: pl.DataFrame
    raw: pl.DataFrame
    evidence: pl.DataFrame
    user_days: pl.DataFrame
    history: History


def churn_forecasts(
    past: Past, holdout: pl.DataFrame, *, churn: ChurnSettings, value: ValueSettings
) -> pl.DataFrame:
    """Put forecasts and outcomes of all origins side by side.

    Args:
        past: What is looked back on.
        holdout: Forecasts with outcomes at the end of TRAIN (`holdout_forecasts`), or no rows.
        churn: Horizon, snapshots, number of origins.
        value: Basis of value.

    Returns:
        `churn_forecasts`, by evaluation, origin and user; at-risk users only.
    """
    made = [
        _walk_forward_at(on, past, churn=churn, value=value)
        for on in past.raw["origin_on"].unique().sort().to_list()
    ]
    valued = with_values_before(
        pl.concat([holdout, *made]), past.user_days, churn=churn, value=value
    )
    return with_losses(valued).sort("evaluation", "origin_on", "user_id")


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
    origin = (HOLDOUT, history.cutoff_on)
    return _as_forecasts(labelled, scores, values, origin, churn=churn, value=value)


def _walk_forward_at(
    origin_on: date, past: Past, *, churn: ChurnSettings, value: ValueSettings
) -> pl.DataFrame:
    known = closed_before(past.labelled, origin_on)
    now = past.labelled.filter(pl.col("snapshot_on") == origin_on)
    everyone = everyone_at(past.user_days, origin_on)
    model = fit_churn_model(known, everyone, past.raw, cutoff_on=origin_on, settings=churn)
    scores = churn_scores(everyone, model.coefficients, model.uncertainty, settings=churn)
    worth = _value_model(known, model, past, origin_on, churn=churn, value=value)
    history = replace(past.history, complete_until_on=origin_on, cutoff_on=origin_on)
    values = score_value(everyone, scores, worth, past.user_days, history, churn=churn, value=value)
    outcome = now.select("user_id", "is_churned", "window_active_days", "window_value")
    radar = revenue_risk_radar(scores, values, settings=churn).join(outcome, on="user_id")
    origin = (WALK_FORWARD, origin_on)
    return _as_forecasts(radar, scores, values, origin, churn=churn, value=value)


def _value_model(
    known: pl.DataFrame,
    model: ChurnModel,
    past: Past,
    origin_on: date,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> ValueModel:
    steps = KnownPrices(past.user_days, value).steps(origin_on)
    days = priced_days(past.user_days, levels_to(steps))
    capped = run(capped_days(days, cutoff_on=origin_on, settings=value))
    closed = counted(priced(known, past.user_days, steps), capped)
    coefficients = fit_value(closed, settings=value)
    ends = period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days)
    ranges = fit_value_ranges(closed, model.coefficients, coefficients, settings=value)
    return ValueModel(
        coefficients,
        value_shapes(past.evidence, known_on=origin_on, n_stated=len(ends)),
        ranges,
        ranges.head(0).with_columns(n_days=pl.lit(None, pl.Int64)),  # the horizon's are not asked
        capped,
        steps,
    )


def _as_forecasts(
    rows: pl.DataFrame,
    scores: pl.DataFrame,
    values: pl.DataFrame,
    origin: tuple[str, date],
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Lay scores and values of one origin out as `churn_forecasts`; `origin` is the kind of
    evaluation and the day.
    """
    intervals = scores.select("user_id", "churn_probability_low", "churn_probability_high")
    worth = values.select("user_id", *NEXT_VALUE, "engagement_intensity")
    joined = rows.join(worth.join(intervals, on="user_id"), on="user_id")
    return joined.select(
        pl.lit(origin[0]).alias("evaluation"),
        pl.lit(origin[1]).alias("origin_on"),
        *OF_RADAR,
        (pl.col("engagement_intensity") * churn.horizon_days).alias("horizon_at_stake"),
        *(pl.col(name).alias(name.replace("next", "expected")) for name in NEXT_VALUE),
        "is_churned",
        pl.Series("value_after", observed_value(joined, settings=value)),
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
