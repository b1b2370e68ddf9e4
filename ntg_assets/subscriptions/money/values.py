"""What contracts are worth: price x expected periods x margin, in the identity of value.

With P the chance that a contract ends within the horizon, V what it brings over
`value.horizon_days` if it does not, and R what a contract that ends still brings:

    ltv = (1 - P) V + P R        value_at_risk = P (V - R)        ltv + value_at_risk = V

A renewal is paid when the contract is still there on its day, at the price that was known for that
day (`announced_prices`). V takes every renewal within the
horizon as paid and later ones with the chance to be there given that the horizon was survived; R
counts the renewals within the horizon that are paid before the end. Amounts are whole minor units:
V and the value at risk are rounded, ltv is their difference, so the identity is exact in every sum.
"""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.subscriptions.hazard.pieces import Clock
from ntg_assets.subscriptions.money.announced_prices import prices_at
from ntg_assets.subscriptions.survival.doubts import value_evidence
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.scores import BLOCK_ROWS, Outlook, outlook

YEAR_DAYS = 365.25
VALUE_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "subscription_id": pl.String,
    "cutoff_on": pl.Date,
    "currency": pl.String,
    "mrr_minor": pl.Int64,
    "end_probability": pl.Float64,
    "mrr_at_risk_minor": pl.Int64,
    "expected_periods": pl.Float64,
    "value_if_kept_minor": pl.Int64,
    "value_if_ended_minor": pl.Int64,
    "ltv_minor": pl.Int64,
    "value_at_risk_minor": pl.Int64,
    "state": pl.String,
    "value_evidence": pl.String,
}


class ValueTerms(NamedTuple):
    """How value is counted.

    Attributes:
        horizon_days: Over how many days.
        annual_discount: What value a year away is discounted by.
        margin: Share of a price that is left after costs.
    """

    horizon_days: int
    annual_discount: float
    margin: float

    @classmethod
    def of(cls, value: ValueSettings, subscriptions: SubscriptionSettings) -> "ValueTerms":
        """As configured."""
        return cls(value.horizon_days, value.annual_discount, subscriptions.margin)


def contract_values(
    rows: pl.DataFrame,
    scores: pl.DataFrame,
    model: ContractModel,
    *,
    announced: pl.DataFrame,
    terms: ValueTerms,
) -> pl.DataFrame:
    """Value every contract that runs at the cutoff, which all of `rows` are of.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        scores: `contract_scores`.
        model: The model of contracts.
        announced: `announced_prices`: what renewals cost from a later day on.
        terms: Horizon, discount and margin.

    Returns:
        `contract_values`, by contract; of one whose end is known V, R and the rest are what its
        remaining renewals bring, and nothing is at risk.
    """
    types = VALUE_TYPES | {"user_id": rows.schema["user_id"]}
    if rows.is_empty() or model.hazards.is_empty():
        return pl.DataFrame(schema=types)
    cutoff_on = rows["snapshot_on"].max()
    now = rows.filter(pl.col("snapshot_on") == cutoff_on).sort("subscription_id")
    is_open = now["known_end_on"].is_null()
    scored = scores.sort("subscription_id")
    chance = scored["end_probability"].to_numpy()
    kept, ended, periods = _worths(now, model, chance, announced=announced, terms=terms)
    at_risk = np.where(is_open.to_numpy(), chance * (kept - ended), 0.0)
    value = np.floor(kept + 0.5).astype(np.int64)
    risk = np.floor(at_risk + 0.5).astype(np.int64)
    valued = scored.with_columns(
        mrr_at_risk_minor=pl.when(pl.Series(is_open))
        .then((pl.col("mrr_minor") * pl.col("end_probability") + 0.5).floor())
        .otherwise(0),
        expected_periods=pl.Series(periods),
        value_if_kept_minor=pl.Series(value),
        value_if_ended_minor=pl.Series(np.floor(ended + 0.5).astype(np.int64)),
        ltv_minor=pl.Series(value - risk),
        value_at_risk_minor=pl.Series(risk),
        value_evidence=value_evidence(terms.horizon_days),
    )
    return typed(valued, types)


def _worths(
    rows: pl.DataFrame,
    model: ContractModel,
    chance: Floats,
    *,
    announced: pl.DataFrame,
    terms: ValueTerms,
) -> tuple[Floats, Floats, Floats]:
    """What `_worth` says of all contracts, block by block: the memory of renewals is bounded."""
    n_lags = _most_renewals(rows, terms.horizon_days)
    parts = []
    for first in range(0, rows.height, BLOCK_ROWS):
        block = slice(first, first + BLOCK_ROWS)
        ahead = outlook(rows[block], model, n_lags=n_lags)
        days = model.horizon_days
        parts.append(
            _worth(rows[block], ahead, chance[block], days, announced=announced, terms=terms)
        )
    kept, ended, periods = (np.concatenate(column) for column in zip(*parts, strict=True))
    return kept, ended, periods


def _most_renewals(rows: pl.DataFrame, value_days: int) -> int:
    """How many renewals the shortest billing period has within the horizon of value."""
    if rows.is_empty():
        return 1
    clock = Clock.of(rows)
    length = np.where(clock.months > 0, clock.months * 28, clock.days)
    return int(value_days // max(int(length.min()), 1)) + 2


def _worth(
    rows: pl.DataFrame,
    ahead: Outlook,
    chance: Floats,
    horizon_days: int,
    *,
    announced: pl.DataFrame,
    terms: ValueTerms,
) -> tuple[Floats, Floats, Floats]:
    """V and R in minor units, and the expected number of paid renewals."""
    clock = Clock.of(rows)
    days = ahead.renewals - clock.at[:, None]
    period_days = rows["period_days"].to_numpy()
    # billing by the day is looked at in steps of a week, and each pays its days
    steps = np.where(period_days > 0, clock.days / np.maximum(period_days, 1), 1.0)[:, None]
    price = prices_at(rows, ahead.renewals, announced) * steps * terms.margin
    paid = price * (1 - terms.annual_discount) ** (days / YEAR_DAYS)
    known_end = rows["known_end_on"].cast(pl.Int32).cast(pl.Int64).fill_null(10**7).to_numpy()
    counts = (days < terms.horizon_days) & (ahead.renewals < known_end[:, None])
    inside = days < horizon_days
    is_open = (known_end == 10**7)[:, None]
    stays = np.maximum(1 - chance, 1e-12)[:, None]
    if_kept = np.where(inside | ~is_open, 1.0, np.minimum(ahead.left / stays, 1.0))
    leaves = np.maximum(chance, 1e-12)[:, None]
    if_ended = np.where(
        inside, np.clip(ahead.left - ahead.unpaid - (1 - chance)[:, None], 0, None) / leaves, 0.0
    )
    kept = (paid * if_kept * counts).sum(axis=1)
    ended = (paid * np.where(is_open, if_ended, if_kept) * counts).sum(axis=1)
    expected = (np.where(is_open, ahead.left, 1.0) * counts * steps).sum(axis=1)
    return kept, np.minimum(ended, kept), expected
