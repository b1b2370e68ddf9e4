"""Who was said to be there after 3, 6 and 12 renewals, beside who was.

For each number of renewals there is one origin: the latest day on which contracts were looked at
and from which so many renewals of the commonest billing period have passed. Everything is learned
as it would have been that day, of what had closed by then: which model is used, its hazard, its
calibration, and how it goes on. A contract whose renewals have not all come by the cutoff (a yearly
one) is counted, and not judged.

The median of each contract (renewals that half of such contracts survive) is judged from the same
origins: where the renewal after it has come by the cutoff, a little less than half are still there.
Which these are follows from the forecast alone, so nothing is chosen by its outcome.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.kept_calls import calls_kept
from ntg_assets.statistics.probability_metrics import auc, log_loss
from ntg_assets.subscriptions.hazard.learning_rows import as_known, at_risk, closed, thinned
from ntg_assets.subscriptions.hazard.pieces import Clock
from ntg_assets.subscriptions.hazard.walk_forward import MIN_ENDS
from ntg_assets.subscriptions.survival.contract_lifetimes import day_number
from ntg_assets.subscriptions.survival.learning import learn_contracts
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.scores import (
    AFTER_PERIODS,
    LONGEST_MEDIAN,
    chances_left,
    median_periods,
    state_of,
)
from ntg_assets.subscriptions.terms.known_terms import known_terms

MONTH_DAYS = 31
SMALLEST = 1e-9
FORECAST_TYPES: dict[str, Any] = {
    "after_periods": pl.Int64,
    "origin_on": pl.Date,
    "contract_place": pl.Int64,
    "chance": pl.Float64,
    "stayed": pl.Boolean,
    "median_chance": pl.Float64,
    "stayed_past_median": pl.Boolean,
    "user_id": pl.String,
    "plan": pl.String,
    "currency": pl.String,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "state": pl.String,
}
SURVIVAL_TYPES: dict[str, Any] = {
    "after_periods": pl.Int64,
    "origin_on": pl.Date,
    "n_contracts": pl.Int64,
    "n_not_closed": pl.Int64,
    "n_stayed": pl.Int64,
    "expected_stayed": pl.Float64,
    "log_loss": pl.Float64,
    "auc": pl.Float64,
    "n_past_median": pl.Int64,
    "n_stayed_past_median": pl.Int64,
    "expected_past_median": pl.Float64,
}


def survival_forecasts(
    rows: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    cutoff_on: date,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
    longest_gap_days: int,
) -> pl.DataFrame:
    """Forecast from past days who is there after several renewals, beside who was.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        terms: `subscription_terms`.
        cutoff_on: Day before which everything is known.
        churn: Horizon, origins.
        settings: Penalty, sleepers, attributes.
        longest_gap_days: Days between two terms of one contract that are no interruption.

    Returns:
        One row per (number of renewals, contract), columns of `FORECAST_TYPES`; `stayed` and
        `stayed_past_median` are null where that renewal has not come by the cutoff. None where too
        little is known yet.
    """
    parts = [pl.DataFrame(schema=FORECAST_TYPES | {"user_id": rows.schema["user_id"]})]
    with calls_kept():  # the walks forward of two days may stop at the same origins
        for periods, day in _origins(rows, cutoff_on):
            past = closed(rows, day, horizon_days=churn.horizon_days)
            if past["contract_end_on"].count() < MIN_ENDS:
                continue
            learned = learn_contracts(
                thinned(as_known(rows.filter(pl.col("snapshot_on") <= day), day)),
                known_terms(terms, cutoff_on=day, longest_gap_days=longest_gap_days),
                cutoff_on=day,
                churn=churn,
                settings=settings,
            )
            now = at_risk(rows.filter(pl.col("snapshot_on") == day))
            model = learned.as_model(churn=churn, settings=settings)
            parts.append(_followed(now, model, periods, day_number(cutoff_on)))
    return pl.concat(parts)


def _origins(rows: pl.DataFrame, cutoff_on: date) -> Iterator[tuple[int, date]]:
    if rows.is_empty():
        return
    common = rows.group_by("period_months", "period_days").len()
    months, days, _ = common.sort("len", "period_months", "period_days", descending=True).row(0)
    length = months * MONTH_DAYS or days
    seen = rows["snapshot_on"].unique().sort(descending=True)
    for periods in AFTER_PERIODS:
        latest = cutoff_on - timedelta(days=periods * length)
        if (before := seen.filter(seen <= latest)).len():
            yield periods, before[0]


def _followed(now: pl.DataFrame, model: ContractModel, periods: int, cutoff: int) -> pl.DataFrame:
    """Rows of `FORECAST_TYPES` of the contracts of one origin."""
    clock, left = Clock.of(now), chances_left(now, model, n_lags=LONGEST_MEDIAN)[0]
    chance, stayed, has_come = _come_to_pass(clock, left, np.full(now.height, periods), cutoff)
    half, outlived, is_past = stayed_past_median(clock, left, cutoff)
    nothing = pl.lit(None, pl.Boolean)
    return now.select(
        pl.lit(periods, pl.Int64).alias("after_periods"),
        pl.col("snapshot_on").alias("origin_on"),
        "contract_place",
        pl.Series("chance", chance),
        pl.when(pl.Series(has_come)).then(pl.Series(stayed)).otherwise(nothing).alias("stayed"),
        pl.when(pl.Series(is_past)).then(pl.Series(half)).alias("median_chance"),
        pl.when(pl.Series(is_past))
        .then(pl.Series(outlived))
        .otherwise(nothing)
        .alias("stayed_past_median"),
        "user_id",
        "plan",
        "currency",
        "period_months",
        "period_days",
        state_of(model.sleeper_days).alias("state"),
    )


def survival_backtest(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Judge the chances to be there after several renewals.

    Args:
        forecasts: `survival_forecasts`.

    Returns:
        `contract_survival_backtest`, by number of renewals.
    """
    judged = [
        (*place, *_judged(part))
        for place, part in forecasts.sort("after_periods", "contract_place").group_by(
            "after_periods", "origin_on", maintain_order=True
        )
    ]
    return pl.DataFrame(judged, schema=SURVIVAL_TYPES, orient="row")


def _judged(part: pl.DataFrame) -> tuple[Any, ...]:
    come = part.filter(pl.col("stayed").is_not_null())
    past = part.filter(pl.col("stayed_past_median").is_not_null())
    median = past.height, int(past["stayed_past_median"].sum()), float(past["median_chance"].sum())
    if come.is_empty():
        return 0, part.height, 0, 0.0, 0.0, None, *median
    chance, stayed = come["chance"].to_numpy(), come["stayed"].cast(pl.Float64).to_numpy()
    area = float(auc(chance, stayed, np.ones((1, len(stayed))))[0])
    return (
        come.height,
        part.height - come.height,
        int(stayed.sum()),
        float(chance.sum()),
        float(log_loss(np.clip(chance, SMALLEST, 1 - SMALLEST), stayed).mean()),
        None if np.isnan(area) else area,
        *median,
    )


def _come_to_pass(
    clock: Clock, left: Floats, renewals: Longs, cutoff: int
) -> tuple[Floats, Flags, Flags]:
    """Chance to be there after so many renewals, whether they were, and whether that has come.

    Args:
        clock: When contracts were looked at and ended, one entry per contract.
        left: Chance after 1, 2, ... renewals, shape (contracts, lags).
        renewals: After how many, by contract; 0: not asked.
        cutoff: Day (since 1970) before which everything is known.
    """
    day = clock.renewal(clock.period + renewals)
    has_come = (renewals > 0) & (day < cutoff)
    return left[np.arange(len(renewals)), renewals - 1], clock.end > day, has_come


def stayed_past_median(clock: Clock, left: Floats, cutoff: int) -> tuple[Floats, Flags, Flags]:
    """Chance to outlive the median by a renewal, who did, and where that renewal has come.

    Args:
        clock: When contracts were looked at and ended, one entry per contract.
        left: Chance after 1, 2, ... renewals, shape (contracts, lags).
        cutoff: Day (since 1970) before which everything is known.
    """
    return _come_to_pass(clock, left, median_periods(left) + 1, cutoff)
