"""Who was said to be there after 3, 6 and 12 renewals, beside who was.

For each number of renewals there is one origin: the latest day on which contracts were looked at
and from which so many renewals of the commonest billing period have passed. Everything is fitted on
what had closed by that day: the hazard that looks at people, before any calibration, and how it
goes on. A contract whose renewals have not all come by the cutoff (a yearly one) is counted, and
not judged.

The median of each contract (renewals that half of such contracts survive) is judged from the same
origins: where the renewal after it has come by the cutoff, a little less than half are still there.
Which these are follows from the forecast alone, so nothing is chosen by its outcome.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.calibration.recalibration import TABLE_SCHEMA
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.statistics.probability_metrics import auc, log_loss
from ntg_assets.subscriptions.hazard.competing_risks import fit_hazards
from ntg_assets.subscriptions.hazard.learning_rows import (
    FULL,
    Features,
    as_known,
    at_risk,
    closed,
    columns_for,
    seen_within,
    thinned,
)
from ntg_assets.subscriptions.hazard.pieces import Clock
from ntg_assets.subscriptions.hazard.walk_forward import MIN_ENDS
from ntg_assets.subscriptions.survival.contract_lifetimes import day_number
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.persistence import fit_persistence
from ntg_assets.subscriptions.survival.scores import (
    AFTER_PERIODS,
    LONGEST_MEDIAN,
    chances_left,
    median_periods,
)
from ntg_assets.subscriptions.terms.known_terms import known_terms

MONTH_DAYS = 31
SMALLEST = 1e-9
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


def survival_backtest(
    rows: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    cutoff_on: date,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
    longest_gap_days: int,
) -> pl.DataFrame:
    """Judge the chances to be there after several renewals.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        terms: `subscription_terms`.
        cutoff_on: Day before which everything is known.
        churn: Horizon.
        settings: Penalty, sleepers, attributes.
        longest_gap_days: Days between two terms of one contract that are no interruption.

    Returns:
        `contract_survival_backtest`, by number of renewals; none where too little is known yet.
    """
    judged: list[tuple[Any, ...]] = []
    for periods, day in _origins(rows, cutoff_on):
        past = thinned(closed(rows, day, horizon_days=churn.horizon_days))
        if past["contract_end_on"].count() < MIN_ENDS:
            continue
        terms_then = known_terms(terms, cutoff_on=day, longest_gap_days=longest_gap_days)
        until = as_known(rows.filter(pl.col("snapshot_on") <= day), day)
        model = _model(past, until, terms_then, churn=churn, settings=settings)
        now = at_risk(rows.filter(pl.col("snapshot_on") == day))
        judged.append((periods, day, *_judged(now, model, periods, day_number(cutoff_on))))
    return pl.DataFrame(judged, schema=SURVIVAL_TYPES, orient="row")


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


def _model(
    past: pl.DataFrame,
    until: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
) -> ContractModel:
    """The model of contracts as it could have been fitted at an origin."""
    asleep = settings.sleeper_days
    hazards = fit_hazards(
        seen_within(past, horizon_days=churn.horizon_days, sleeper_days=asleep),
        columns_for(FULL, past, Features.of(settings)),
        regularisation=settings.regularisation,
    )
    persistence = fit_persistence(until, terms, hazards, sleeper_days=asleep)
    undecided = pl.DataFrame(schema=TABLE_SCHEMA)
    return ContractModel(hazards, undecided, persistence, churn.horizon_days, asleep)


def _judged(
    now: pl.DataFrame, model: ContractModel, periods: int, cutoff: int
) -> tuple[int, int, int, float, float, float | None, int, int, float]:
    clock, left = Clock.of(now), chances_left(now, model, n_lags=LONGEST_MEDIAN)[0]
    renewals = np.full(now.height, periods)
    chance, stayed = _come_to_pass(clock, left, renewals, cutoff)
    median = stayed_past_median(clock, left, cutoff)
    if not len(stayed):
        return 0, now.height, 0, 0.0, 0.0, None, *median
    area = float(auc(chance, stayed, np.ones((1, len(stayed))))[0])
    return (
        len(stayed),
        now.height - len(stayed),
        int(stayed.sum()),
        float(chance.sum()),
        float(log_loss(np.clip(chance, SMALLEST, 1 - SMALLEST), stayed).mean()),
        None if np.isnan(area) else area,
        *median,
    )


def _come_to_pass(
    clock: Clock, left: Floats, renewals: Longs, cutoff: int
) -> tuple[Floats, Floats]:
    """Chance to be there after so many renewals, and whether they were, where that has come.

    Args:
        clock: When contracts were looked at and ended, one entry per contract.
        left: Chance after 1, 2, ... renewals, shape (contracts, lags).
        renewals: After how many, by contract; 0: not asked.
        cutoff: Day (since 1970) before which everything is known.
    """
    day = clock.renewal(clock.period + renewals)
    has_come = (renewals > 0) & (day < cutoff)
    chance = left[np.arange(len(renewals)), renewals - 1]
    return chance[has_come], (clock.end > day)[has_come].astype(np.float64)


def stayed_past_median(clock: Clock, left: Floats, cutoff: int) -> tuple[int, int, float]:
    """Count contracts whose renewal after the median has come, those still there, and add up the
    chances of it.

    Args:
        clock: When contracts were looked at and ended, one entry per contract.
        left: Chance after 1, 2, ... renewals, shape (contracts, lags).
        cutoff: Day (since 1970) before which everything is known.
    """
    median = median_periods(left)
    chance, stayed = _come_to_pass(clock, left, median + 1, cutoff)
    return len(stayed), int(stayed.sum()), float(chance.sum())
