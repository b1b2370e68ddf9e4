"""What the hazard would have said of contracts at past origins, beside what followed: the judge of
whether looking at people helps, and of the calibration.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.subscriptions.hazard.competing_risks import (
    Ends,
    ends_within,
    fit_hazards,
    piece_hazards,
)
from ntg_assets.subscriptions.hazard.features import Seen
from ntg_assets.subscriptions.hazard.learning_rows import (
    FULL,
    STRUCTURE_ONLY,
    Features,
    at_risk,
    closed,
    columns_for,
    seen_within,
    thinned,
)
from ntg_assets.subscriptions.hazard.snapshots import origin_days
from ntg_assets.subscriptions.terms.amounts import monthly_amounts

MIN_ENDS = 20  # ends before an origin; a hazard of fewer says nothing
SMALLEST = 1e-12
WALK_TYPES: dict[str, Any] = {
    "origin_on": pl.Date,
    "window_end_on": pl.Date,
    "model": pl.String,
    "contract_place": pl.Int64,
    "end_logit": pl.Float64,
    "ended": pl.Boolean,
    "mrr_minor": pl.Int64,
    "currency": pl.String,
    "is_asleep": pl.Boolean,
    "is_trial": pl.Boolean,
}


def forecast(seen: Seen, hazards: pl.DataFrame) -> Ends:
    """Chances of the ends of rows within their horizon."""
    return ends_within(seen.pieces, piece_hazards(seen, hazards), n_rows=seen.rows.height)


def logit(probability: Floats) -> Floats:
    """Log odds, finite for what is certain."""
    kept = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.log(kept / (1 - kept))


def walk_forward(
    rows: pl.DataFrame,
    *,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
    models: Sequence[str] = (FULL, STRUCTURE_ONLY),
) -> pl.DataFrame:
    """Forecast past origins with the hazards that could have been fitted then.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        churn: Horizon, number of origins.
        settings: Penalty, sleepers, attributes.
        models: Which of `MODELS` are tried.

    Returns:
        `contract_walk_forward`, by model, origin and contract.
    """
    cutoff_on = rows["snapshot_on"].max()
    made = [
        forecasts
        for day in _origins(rows, cutoff_on, churn=churn)  # type: ignore[arg-type]  # a date
        for forecasts in _at_origin(rows, day, models, churn=churn, settings=settings)
    ]
    return pl.concat([pl.DataFrame(schema=WALK_TYPES), *made])


def _origins(rows: pl.DataFrame, cutoff_on: date, *, churn: ChurnSettings) -> list[date]:
    """The latest closed snapshots a horizon apart before which enough contracts had ended."""
    days = [*rows["snapshot_on"].unique().sort().to_list()]
    chosen = origin_days(
        [*(day for day in days if day < cutoff_on), cutoff_on], horizon_days=churn.horizon_days
    )
    wanted = chosen[len(chosen) - min(len(chosen), churn.walk_forward_origins) :]
    return [
        day
        for day in wanted
        if _n_ended(closed(rows, day, horizon_days=churn.horizon_days), churn.horizon_days)
        >= MIN_ENDS
    ]


def _n_ended(rows: pl.DataFrame, horizon_days: int) -> int:
    within = pl.col("contract_end_on") < pl.col("snapshot_on") + pl.duration(days=horizon_days)
    return rows.filter(within)["contract_place"].n_unique()


def _at_origin(
    rows: pl.DataFrame,
    day: date,
    models: Sequence[str],
    *,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
) -> Iterator[pl.DataFrame]:
    """Yield what each model would have said."""
    horizon, features = churn.horizon_days, Features.of(settings)
    past = thinned(closed(rows, day, horizon_days=horizon))
    now = at_risk(rows.filter(pl.col("snapshot_on") == day))
    learned_of, seen = (
        seen_within(part, horizon_days=horizon, sleeper_days=settings.sleeper_days)
        for part in (past, now)
    )
    for model in models:
        hazards = fit_hazards(
            learned_of,
            columns_for(model, past, features),
            regularisation=settings.regularisation,
        )
        yield _as_forecasts(
            now, model, forecast(seen, hazards).total, churn=churn, settings=settings
        )


def _as_forecasts(
    now: pl.DataFrame,
    model: str,
    chance: Floats,
    *,
    churn: ChurnSettings,
    settings: SubscriptionSettings,
) -> pl.DataFrame:
    until = pl.col("snapshot_on") + pl.duration(days=churn.horizon_days)
    return now.select(
        origin_on="snapshot_on",
        window_end_on=until,
        model=pl.lit(model),
        contract_place="contract_place",
        end_logit=pl.Series(logit(chance)),
        ended=(pl.col("contract_end_on") < until).fill_null(value=False),
        mrr_minor=mrr(now),
        currency="currency",
        is_asleep=is_asleep(settings.sleeper_days),
        is_trial=is_trial(),
    )


def mrr(rows: pl.DataFrame) -> pl.Series:
    """Monthly price of each row."""
    monthly = monthly_amounts(*(pl.col(c) for c in ("price_minor", "period_months", "period_days")))
    return rows.select(mrr_minor=monthly)["mrr_minor"]


def is_trial() -> pl.Expr:
    """Whether a row's contract is in its trial."""
    return (pl.col("contract_trial_end_on") >= pl.col("snapshot_on")).fill_null(value=False)


def is_asleep(sleeper_days: int) -> pl.Expr:
    """Whether nothing was watched for so many days under contract."""
    days = (pl.col("snapshot_on") - pl.col("contract_started_on")).dt.total_days()
    watched = (pl.col("recency_days") <= sleeper_days).fill_null(value=False)
    return (days >= sleeper_days) & ~watched


def chosen_model(forecasts: pl.DataFrame) -> str:
    """Decide whether the hazard looks at people, or at the calendar alone.

    It does where that lowered the log loss at past origins by more than one standard error
    (contracts as clusters); without an origin it does not.
    """
    sides = [
        forecasts.filter(pl.col("model") == model).sort("origin_on", "contract_place")
        for model in (FULL, STRUCTURE_ONLY)
    ]
    if sides[0].is_empty():
        return STRUCTURE_ONLY
    gains = _losses(sides[1]) - _losses(sides[0])
    _, codes = np.unique(sides[0]["contract_place"].to_numpy(), return_inverse=True)
    sums = np.bincount(codes, gains - gains.mean())
    error = float(np.sqrt((sums**2).sum())) / len(gains)
    return FULL if gains.mean() > error else STRUCTURE_ONLY


def _losses(rows: pl.DataFrame) -> Floats:
    log_odds = rows["end_logit"].to_numpy()
    return np.logaddexp(0.0, log_odds) - rows["ended"].cast(pl.Float64).to_numpy() * log_odds
