"""Tonight's contracts: how probably each ends within the horizon, in which way, why, and how long
those that stay will stay.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.subscriptions.hazard.competing_risks import ends_within, piece_hazards
from ntg_assets.subscriptions.hazard.features import Seen
from ntg_assets.subscriptions.hazard.pieces import Clock, cut
from ntg_assets.subscriptions.hazard.recalibration import calibrated
from ntg_assets.subscriptions.hazard.walk_forward import forecast, is_asleep, is_trial, mrr
from ntg_assets.subscriptions.survival.end_reasons import reasons_of_end
from ntg_assets.subscriptions.survival.landmark import LONG_DAYS
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.persistence import far_hazards, present_score
from ntg_assets.subscriptions.terms.contracts import KINDS, PAYMENT_FAILED

TRIAL, WATCHING, SLEEPING, ENDING = STATES = ("trial", "watching", "sleeping", "ending")
AFTER_PERIODS = (3, 6, 12)
LONGEST_MEDIAN = 60  # periods; beyond it a median is called none
BLOCK_ROWS = 50_000  # contracts that are looked at together: what they need at once is bounded
SCORE_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "subscription_id": pl.String,
    "cutoff_on": pl.Date,
    "plan": pl.String,
    "currency": pl.String,
    "price_minor": pl.Int64,
    "mrr_minor": pl.Int64,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "contract_started_on": pl.Date,
    "tenure_periods": pl.Int64,
    "next_renewal_on": pl.Date,
    "known_end_on": pl.Date,
    "state": pl.String,
    "end_probability": pl.Float64,
    "cancelled_probability": pl.Float64,
    "payment_failed_probability": pl.Float64,
    "not_converted_probability": pl.Float64,
    "stays_3_periods": pl.Float64,
    "stays_6_periods": pl.Float64,
    "stays_12_periods": pl.Float64,
    "median_periods_left": pl.Int64,
    "judged_periods": pl.Int64,
    "doubtful_from_periods": pl.Int64,
    "reason_1": pl.String,
    "reason_2": pl.String,
    "reason_3": pl.String,
}


@dataclass(frozen=True)
class Outlook:
    """What is expected of contracts renewal by renewal; one row per contract.

    Attributes:
        renewals: Day (since 1970) of each next renewal, shape (rows, lags).
        left: Chance that the contract is still there at that renewal, likewise.
        unpaid: Chance that it is, but ends because that renewal's payment fails (within the
            horizon; zero beyond), likewise.
    """

    renewals: np.ndarray
    left: Floats
    unpaid: Floats


def outlook(rows: pl.DataFrame, model: ContractModel, *, n_lags: int) -> Outlook:
    """Follow contracts from renewal to renewal.

    Within the horizon the chances are those of the calibrated hazard, so that what is left at its
    end is one minus the chance of an end; beyond it those of `contract_persistence`.

    Args:
        rows: `contract_snapshots` of contracts whose end is not known.
        model: The model of contracts.
        n_lags: Renewals ahead.
    """
    clock = Clock.of(rows)
    period = clock.period
    renewals = np.column_stack([clock.renewal(period + lag) for lag in range(1, n_lags + 1)])
    return Outlook(renewals, *chances_left(rows, model, n_lags=n_lags))


def chances_left(rows: pl.DataFrame, model: ContractModel, *, n_lags: int) -> tuple[Floats, Floats]:
    """Return the chances of an `Outlook` (`left`, `unpaid`); of late renewals no day is needed.

    Args:
        rows: `contract_snapshots` of contracts whose end is not known.
        model: The model of contracts.
        n_lags: Renewals ahead.
    """
    clock = Clock.of(rows)
    period, until = clock.period, clock.at + model.horizon_days - 1
    score = present_score(rows, model.hazards, sleeper_days=model.sleeper_days)
    later = far_hazards(model.persistence, rows, score, n_lags=n_lags)
    first = Seen(rows, cut(rows, horizon_days=LONG_DAYS, max_lag=0), model.sleeper_days)
    own = piece_hazards(first, model.hazards).sum(axis=1)
    seen = Seen(rows, cut(rows, horizon_days=model.horizon_days), model.sleeper_days)
    total = calibrated(forecast(seen, model.hazards), model.recalibration).total
    inside, unpaid = _inside(seen, model.hazards, total, n_lags=n_lags)
    left, before = np.empty((rows.height, n_lags)), 1 - total
    is_inside = np.ones(rows.height, dtype=bool)
    for lag in range(n_lags):
        step = own if lag == 0 else later[:, lag - 1]
        if is_inside.any():
            is_inside = clock.renewal(period + lag + 1) <= until
        before = np.where(is_inside, before, before * (1 - step))
        left[:, lag] = np.where(is_inside, inside[:, lag], before)
    return left, unpaid


def _inside(
    seen: Seen, hazards: pl.DataFrame, total: Floats, *, n_lags: int
) -> tuple[Floats, Floats]:
    """Chance to be there after each piece of the horizon, and to be lost in the next one because
    the payment between them failed; scaled to the calibrated total.
    """
    chances = piece_hazards(seen, hazards)
    raw = ends_within(seen.pieces, chances, n_rows=seen.rows.height).total
    scale = np.where(raw > 0, total / np.where(raw > 0, raw, 1.0), 0.0)
    left, gone = np.ones((seen.rows.height, n_lags)), np.zeros(seen.rows.height)
    unpaid = np.zeros((seen.rows.height, n_lags))
    n_pieces = int(seen.pieces.lag.max(initial=0)) + 1
    for lag in range(min(n_lags, n_pieces)):
        now = seen.pieces.lag == lag
        row = seen.pieces.row[now]
        if lag:
            fails = chances[now][:, KINDS.index(PAYMENT_FAILED)]
            unpaid[row, lag - 1] = scale[row] * (1 - gone[row]) * fails
        gone[row] += (1 - gone[row]) * chances[now].sum(axis=1)
        left[:, lag] = 1 - scale * gone
    left[:, n_pieces:] = (1 - scale * gone)[:, None]
    return left, unpaid


def contract_scores(rows: pl.DataFrame, model: ContractModel) -> pl.DataFrame:
    """Score every contract that runs at the cutoff, which all of `rows` are of.

    A contract whose end is known has the probability 1 if that lies within the horizon, else 0, and
    no reasons. Without a hazard (no window has closed yet) nothing is said of the others.

    Returns:
        `contract_scores`, by contract.
    """
    types = SCORE_TYPES | {"user_id": rows.schema["user_id"]}
    if rows.is_empty():
        return pl.DataFrame(schema=types)
    cutoff_on = rows["snapshot_on"].max()
    now = rows.filter(pl.col("snapshot_on") == cutoff_on).sort("subscription_id")
    is_open = pl.col("known_end_on").is_null()
    until = pl.col("snapshot_on") + pl.duration(days=model.horizon_days)
    is_soon = (pl.col("known_end_on") < until).cast(pl.Float64)
    scored = pl.concat(
        [
            *(_scored(block, model) for block in now.filter(is_open).iter_slices(BLOCK_ROWS)),
            now.filter(~is_open).with_columns(state=pl.lit(ENDING), end_probability=is_soon),
        ],
        how="diagonal",
    ).sort("subscription_id")
    clock = Clock.of(scored)
    named = scored.with_columns(
        cutoff_on="snapshot_on",
        mrr_minor=pl.when(is_trial()).then(0).otherwise(mrr(scored)),
        tenure_periods=pl.Series(clock.period + 1),
        next_renewal_on=pl.Series(clock.renewal(clock.period + 1)).cast(pl.Int32).cast(pl.Date),
    )
    missing = [pl.lit(None).alias(name) for name in types if name not in named.columns]
    return named.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in types.items()
    )


def _scored(rows: pl.DataFrame, model: ContractModel) -> pl.DataFrame:
    placed = rows.with_columns(state=state_of(model.sleeper_days))
    if rows.is_empty() or model.hazards.is_empty():
        return placed
    seen = Seen(rows, cut(rows, horizon_days=model.horizon_days), model.sleeper_days)
    ends = calibrated(forecast(seen, model.hazards), model.recalibration)
    left, _ = chances_left(rows, model, n_lags=LONGEST_MEDIAN)
    median = median_periods(left)
    return placed.with_columns(
        end_probability=pl.Series(ends.total),
        **{
            f"{kind}_probability": pl.Series(ends.by_kind[:, place])
            for place, kind in enumerate(KINDS)
        },
        **{f"stays_{n}_periods": pl.Series(left[:, n - 1]) for n in AFTER_PERIODS},
        median_periods_left=pl.Series(median).replace(-1, None),
        **reasons_of_end(seen, model.hazards),
    )


def state_of(sleeper_days: int) -> pl.Expr:
    """State of a contract whose end is not known.

    Args:
        sleeper_days: After how many days without an event somebody sleeps.
    """
    return (
        pl.when(is_trial())
        .then(pl.lit(TRIAL))
        .when(is_asleep(sleeper_days))
        .then(pl.lit(SLEEPING))
        .otherwise(pl.lit(WATCHING))
    )


def median_periods(left: Floats) -> Longs:
    """Renewals that half of such contracts survive, by contract; -1: more than are looked at.

    Args:
        left: Chance to be there after 1, 2, ... renewals, shape (contracts, lags).
    """
    below = left < 0.5  # noqa: PLR2004  # the median
    return np.where(below.any(axis=1), below.argmax(axis=1), -1)
