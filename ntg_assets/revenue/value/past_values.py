"""What every way to foresee value would have said at past cutoffs, beside what users then brought:
the evidence that chooses the way, and the back-test of the stated horizon.

At each past cutoff churn and value are fitted anew on the windows that had closed by then, and all
users known are followed over 1, 2, 4, ... churn horizons, as far as the log reaches. Amounts stand
in the prices that were known at the cutoff, what followed too (`prices`).
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache

import polars as pl

from ntg_assets.churn.calibration.recalibration import churn_recalibration, recalibrate
from ntg_assets.churn.learning.candidates import fit_churn
from ntg_assets.churn.log_holes import is_whole
from ntg_assets.churn.model_selection import churn_model_selection, forecasts_of, shipped_model
from ntg_assets.churn.scores import score_churn
from ntg_assets.churn.snapshots import History
from ntg_assets.churn.walk_forward import MIN_FIT_ROWS, closed_before
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.revenue.value.past_spans import SCHEMA, span_tables
from ntg_assets.revenue.value.prices import (
    LEVELS_SCHEMA,
    KnownPrices,
    levels_since,
    levels_to,
    priced,
    priced_frame,
)
from ntg_assets.revenue.value.value_model import fit_value, predict_value
from ntg_assets.revenue.value.ways.day_log import day_log
from ntg_assets.revenue.value.ways.population import period_ends, population
from ntg_assets.revenue.value.ways.seen_values import Seen, seen_values
from ntg_assets.revenue.value.ways.value_candidates import NextHorizon, Population
from ntg_assets.revenue.value.worth import capped_at, counted
from ntg_assets.storage.run import run

MOST_CUTOFFS = 8
MOST_USERS = 50_000  # followed from one cutoff; every k-th by id beyond
FEWEST_USERS = 50  # known at a cutoff; fewer say nothing of the money of all
NONE_CAPPED = pl.DataFrame()  # what users brought counts whole


def past_cutoffs(history: History, *, churn: ChurnSettings, value: ValueSettings) -> list[date]:
    """List past cutoffs that are 1, 2, 3, 4, 6, 8, 12, ... churn horizons old, and the stated
    horizon; at least one horizon of the log lies before each, and its next one is in the log.
    """
    n_stated = len(period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days))
    ages = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, n_stated}
    days = [history.complete_until_on - timedelta(days=n * churn.horizon_days) for n in ages]
    earliest = history.start_on + timedelta(days=churn.horizon_days)
    horizon = timedelta(days=churn.horizon_days)
    return sorted(
        day for day in days if day >= earliest and is_whole(day, day + horizon, history.holes)
    )[-MOST_CUTOFFS:]


def past_values(
    user_days: pl.DataFrame,
    labelled: pl.DataFrame,
    raw: pl.DataFrame,
    history: History,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Follow everyone known at each past cutoff.

    Args:
        user_days: One row per (user, active day) of TRAIN.
        labelled: `labelled_snapshots`.
        raw: `churn_walk_forward`, from which model and recalibration are decided on.
        history: Span of TRAIN.
        churn: Horizon and penalty.
        value: Stated horizon and basis of value.

    Returns:
        `past_values`: one row per (cutoff, number of periods, user). A way that could not be taken
            at a cutoff is null there.
    """
    cutoffs = past_cutoffs(history, churn=churn, value=value)
    features = _activity_of(user_days, cutoffs) if cutoffs else pl.DataFrame()
    prices = KnownPrices(user_days, value)
    made = [
        _followed(
            features.filter(pl.col("snapshot_on") == on),
            user_days,
            prices,
            labelled,
            raw,
            history,
            churn=churn,
            value=value,
        )
        for on in cutoffs
    ]
    kept = [rows for rows in made if rows.height]
    empty = (
        labelled.head(0)
        .select("user_id")
        .with_columns(
            pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items() if name != "user_id"
        )
    )
    return pl.concat([empty.select(SCHEMA.keys()), *kept]).sort("origin_on", "n_periods", "user_id")


def _followed(
    features: pl.DataFrame,
    user_days: pl.DataFrame,
    prices: KnownPrices,
    labelled: pl.DataFrame,
    raw: pl.DataFrame,
    history: History,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    if features.height < FEWEST_USERS:
        return pl.DataFrame(schema=SCHEMA)
    origin_on = features["snapshot_on"][0]
    steps = prices.steps(origin_on)
    days = priced_frame(user_days, levels_to(steps))
    capped = capped_at(days, cutoff_on=origin_on, settings=value)
    activity = counted(priced(features, user_days, steps), capped).sort("user_id")
    closed = closed_before(labelled, origin_on)
    paid = counted(priced(closed, user_days, steps), capped)
    log_days = (origin_on - history.start_on).days
    known = population(
        activity,
        day_log(days, activity["user_id"], capped, cutoff_on=origin_on),
        log_days=log_days,
        next_horizon=_models(features.sort("user_id"), activity, closed, paid, raw, churn, value),
        churn=churn,
        value=value,
    )
    seen_by = _seen_by(known, days, prices, origin_on, log_days=log_days, churn=churn)
    return span_tables(known, seen_by, origin_on, history)


def _seen_by(
    known: Population,
    days: pl.DataFrame,
    prices: KnownPrices,
    origin_on: date,
    *,
    log_days: int,
    churn: ChurnSettings,
) -> Callable[[date], Seen]:
    """What users brought after a cutoff, in its prices, by the jumps that a later day knows.

    Args:
        known: Everyone at the cutoff.
        days: One row per (user, active day), in the prices of the cutoff.
        prices: Jumps by the day that knows them.
        origin_on: The cutoff.
        log_days: Days from the first day of the log to it.
        churn: Horizon.
    """

    @cache
    def seen(levels: tuple[tuple[date, date, float], ...]) -> Seen:
        followed = priced_frame(days, pl.DataFrame(levels, schema=LEVELS_SCHEMA, orient="row"))
        log = day_log(followed, known.activity["user_id"], NONE_CAPPED, cutoff_on=origin_on)
        return seen_values(log, known, log_days=log_days, period_days=churn.horizon_days)

    def seen_by(known_on: date) -> Seen:
        steps = prices.steps_between(origin_on, known_on)
        return seen(tuple(levels_since(steps, origin_on).rows()))

    return seen_by


def _activity_of(user_days: pl.DataFrame, cutoffs: Sequence[date]) -> pl.DataFrame:
    """Features of everyone users_at at each cutoff, or of every k-th."""
    users_at = [
        user_days.filter(pl.col("active_on") < on).select(pl.col("user_id").unique().sort())
        for on in cutoffs
    ]
    followed = [
        users.gather_every(max(-(-users.height // MOST_USERS), 1)).with_columns(
            cutoff_on=pl.lit(on)
        )
        for on, users in zip(cutoffs, users_at, strict=True)
    ]
    features = run(user_activity_features(user_days, pl.concat(followed)))
    return features.sort("user_id").rename({"cutoff_on": "snapshot_on"})


def _models(
    activity: pl.DataFrame,
    counted_activity: pl.DataFrame,
    closed: pl.DataFrame,
    counted_closed: pl.DataFrame,
    raw: pl.DataFrame,
    churn: ChurnSettings,
    value: ValueSettings,
) -> NextHorizon | None:
    """P(churn) and E[value | active] of everyone, by the models that could be fitted then.

    Args:
        activity: Of everyone at the cutoff, amounts as they were.
        counted_activity: The same with amounts as they count.
        closed: Labelled snapshots whose window had closed.
        counted_closed: The same with amounts as they count.
        raw: `churn_walk_forward`.
        churn: Horizon and penalty.
        value: Basis of value.
    """
    if closed.height < MIN_FIT_ROWS or activity.is_empty():
        return None
    origin_on = activity["snapshot_on"][0]
    model = shipped_model(churn_model_selection(raw, cutoff_on=origin_on))
    decided = churn_recalibration(forecasts_of(raw, model), cutoff_on=origin_on)
    coefficients = recalibrate(fit_churn(closed, activity, settings=churn, model=model), decided)
    chance = score_churn(activity, coefficients)["churn_probability"].to_numpy()
    worth = fit_value(counted_closed, settings=value)
    return NextHorizon(chance, predict_value(counted_activity, worth)[0])
