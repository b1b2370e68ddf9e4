"""Whom a contact could be about: subscribers by what their contracts put at risk, everyone else by
silence; and people who left, by what would come back with them.

For a subscriber, leaving is the end of the contract, whatever was watched: so the chance, the value
at stake and the reasons are those of `contract_scores` and `contract_values`, added up over the
user's contracts. Who left is lost already: the chance is that to stay away, and at stake is what
coming back within the horizon is worth more than not (`return_scores`). Amounts of one list are in
one unit. Who is worth something in another one (a currency without a rate, index points beside
money) stands here with the reason, and on no list.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.subscriptions import ConversionSettings
from ntg_assets.subscriptions.survival.scores import ENDING, SLEEPING
from ntg_assets.subscriptions.terms.amounts import decimals_of

SILENCE, CONTRACT, LEFT = BASES = ("silence", "contract", "left")
CANDIDATE_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "basis": pl.String,
    "churn_probability": pl.Float64,
    "churn_probability_before": pl.Float64,
    "ltv_at_stake": pl.Float64,
    "revenue_at_risk": pl.Float64,
    "is_at_risk_population": pl.Boolean,
    "is_sleeper": pl.Boolean,
    "unit": pl.String,
    "reason_1": pl.String,
    "left_out": pl.String,
}
NO_RATE = "pays in {}, and no rate brings that to {}"
NO_RETURN_FORECAST = "no window of somebody who left has closed yet, so nothing is forecast"
NO_FORECAST = "no window of a contract has closed yet, so nothing is forecast"


def contact_candidates(
    radar: pl.DataFrame,
    before: pl.DataFrame,
    scores: pl.DataFrame,
    values: pl.DataFrame,
    returns: pl.DataFrame,
    *,
    unit: str,
    conversion: ConversionSettings | None,
) -> pl.DataFrame:
    """Bring those whom silence and those whom contracts put at risk together.

    Args:
        radar: `revenue_risk_radar`.
        before: `user_id`, `churn_probability_before` of `churn_scores`.
        scores: `contract_scores`.
        values: `contract_values`.
        returns: `return_scores`.
        unit: `value.unit`.
        conversion: `subscriptions.conversion`.

    Returns:
        `contact_candidates`, by user: one row each; subscribers and people who left as such,
        whatever the radar says.
    """
    types = CANDIDATE_TYPES | {"user_id": radar.schema["user_id"]}
    silent = _by_silence(radar, before)
    if scores.is_empty() and returns.is_empty():
        return typed(silent, types).sort("user_id")
    currencies = pl.concat([values.select("currency"), returns.select("currency")])
    money = money_unit(currencies, unit=unit, conversion=conversion)
    rates = {money.upper(): 1.0} | (conversion.rates if conversion else {})
    subscribers = [
        typed(_contracts(scores, values, money=money, rates=rates), types),
        typed(_left(returns, money=money, rates=rates), types),
    ]
    contracts = pl.concat(subscribers).unique("user_id", keep="first", maintain_order=True)
    others = silent.join(contracts, on="user_id", how="anti")
    if unit != money:
        others = _left_apart(others, unit=unit, money=money)
    return pl.concat([typed(others, types), contracts]).sort("user_id")


def _by_silence(radar: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Users of the radar, whose leaving is silence."""
    return radar.join(before, on="user_id", how="left").with_columns(
        basis=pl.lit(SILENCE), is_sleeper=pl.lit(value=False), left_out=pl.lit(None, pl.String)
    )


def _left_apart(others: pl.DataFrame, *, unit: str, money: str) -> pl.DataFrame:
    """Put whoever is valued in another unit than subscribers on no list, and say why."""
    apart = f"valued in {unit}, subscribers in {money}: set value.unit: {money} to compare"
    return others.with_columns(is_at_risk_population=pl.lit(value=False), left_out=pl.lit(apart))


def money_unit(
    currencies: pl.DataFrame, *, unit: str, conversion: ConversionSettings | None
) -> str:
    """Unit of subscribers' amounts: what they are converted into, else the unit of value where
    contracts have it, else the currency of most contracts (ties: the first by its letters).

    Args:
        currencies: `currency` of every contract.
        unit: `value.unit`.
        conversion: `subscriptions.conversion`.
    """
    if conversion is not None:
        return conversion.currency.lower()
    counts = (
        currencies["currency"].value_counts().sort(["count", "currency"], descending=[True, False])
    )
    codes = counts["currency"].str.to_lowercase().to_list()
    return unit if unit in codes or not codes else str(codes[0])


def _contracts(
    scores: pl.DataFrame,
    values: pl.DataFrame,
    *,
    money: str,
    rates: Mapping[str, float],
) -> pl.DataFrame:
    """Say of everybody whose contracts run, with no end that is known, what such an end takes."""
    left_out = (
        pl.when(~pl.col("has_forecast"))
        .then(pl.lit(NO_FORECAST))
        .when(~pl.col("has_rate"))
        .then(pl.format(NO_RATE, "currency", pl.lit(money)))
    )
    chance = pl.when(pl.col("ltv_at_stake") > 0).then(pl.col("risk") / pl.col("ltv_at_stake"))
    placed = _by_user(scores, values, rates=rates).with_columns(
        basis=pl.lit(CONTRACT),
        left_out=left_out,
        churn_probability=chance.fill_null(pl.col("likeliest")).fill_null(0.0).clip(0, 1),
        churn_probability_before=pl.lit(None, pl.Float64),
        unit=pl.lit(money),
    )
    return _at_risk(placed)


def _by_user(
    scores: pl.DataFrame, values: pl.DataFrame, *, rates: Mapping[str, float]
) -> pl.DataFrame:
    """Add up the contracts of each user that run and whose end is not known."""
    amounts = values.select(
        "subscription_id",
        stake=(pl.col("value_if_kept_minor") - pl.col("value_if_ended_minor")) * _factor(rates),
    )
    open_ = scores.filter(pl.col("state") != ENDING).join(amounts, on="subscription_id", how="left")
    risk = pl.col("end_probability") * pl.col("stake")
    contracts = open_.sort("user_id", "subscription_id").group_by("user_id", maintain_order=True)
    return contracts.agg(
        ltv_at_stake=pl.col("stake").sum(),
        risk=risk.sum(),
        likeliest=pl.col("end_probability").max(),
        is_sleeper=(pl.col("state") == SLEEPING).all(),
        has_forecast=pl.col("end_probability").is_not_null().all(),
        has_rate=pl.col("stake").is_not_null().all(),
        currency=pl.col("currency").first(),
        reason_1=pl.col("reason_1").sort_by(risk, descending=True).first(),
    )


def _at_risk(placed: pl.DataFrame) -> pl.DataFrame:
    """Add what is at risk of each user, and whether they may be on a list."""
    return placed.with_columns(
        revenue_at_risk=pl.col("churn_probability") * pl.col("ltv_at_stake"),
        is_at_risk_population=pl.col("left_out").is_null(),
    )


def _left(returns: pl.DataFrame, *, money: str, rates: Mapping[str, float]) -> pl.DataFrame:
    """Say of everybody who left what is lost while they stay away."""
    stake = (pl.col("value_if_back_minor") - pl.col("value_if_away_minor")) * _factor(rates)
    left_out = (
        pl.when(pl.col("return_probability").is_null())
        .then(pl.lit(NO_RETURN_FORECAST))
        .when(stake.is_null())
        .then(pl.format(NO_RATE, "currency", pl.lit(money)))
    )
    placed = returns.with_columns(
        basis=pl.lit(LEFT),
        churn_probability=(1 - pl.col("return_probability")).fill_null(0.0),
        churn_probability_before=pl.lit(None, pl.Float64),
        ltv_at_stake=stake.fill_null(0.0),
        is_sleeper=pl.lit(value=False),
        unit=pl.lit(money),
        left_out=left_out,
    )
    return _at_risk(placed)


def _factor(rates: Mapping[str, float]) -> pl.Expr:
    """What one minor unit of each currency is worth; null without a rate."""
    return pl.col("currency").replace_strict(
        {code: rate / 10 ** decimals_of(code) for code, rate in rates.items()},
        default=None,
        return_dtype=pl.Float64,
    )
