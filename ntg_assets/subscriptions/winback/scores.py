"""Tonight's people who left: how probably they come back, why, and what that would bring.

With P the chance that somebody stays away over the churn horizon, V what they bring over
`value.horizon_days` if they come back within it, and R what who stays away over it still brings by
coming back later:

    ltv = (1 - P) V + P R        value_to_win = P (V - R)        ltv + value_to_win = V

which is the identity of value, with "lost" for "will be lost". Who comes back signs for the last
price and billing period, in the middle of the horizon, or of the later period in which they come.
Amounts are whole minor units: V and the value to win are rounded, ltv is their difference.
"""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import standardise
from ntg_assets.subscriptions.money.values import YEAR_DAYS, ValueTerms
from ntg_assets.subscriptions.winback.away import (
    GROUPS,
    PERIOD_DAYS,
    cut_away,
    days_since,
    matrix_of,
)
from ntg_assets.subscriptions.winback.hazard import return_chances, return_probability
from ntg_assets.subscriptions.winback.learning import calibrated
from ntg_assets.subscriptions.winback.lifetimes import survival

RAISES = ": raises the chance to return"
SMALLEST_EFFECT = 0.05  # of the log odds; less is no reason
MOST_EFFECT = 20.0  # so that a text can be written
WEEK_DAYS = 7.0
DAYS_PER_MONTH = 30.4375
SCORE_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "subscription_id": pl.String,
    "cutoff_on": pl.Date,
    "plan": pl.String,
    "currency": pl.String,
    "price_minor": pl.Int64,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "left_on": pl.Date,
    "left_by": pl.String,
    "days_since_end": pl.Int64,
    "return_probability": pl.Float64,
    "value_if_back_minor": pl.Int64,
    "value_if_away_minor": pl.Int64,
    "ltv_minor": pl.Int64,
    "value_to_win_minor": pl.Int64,
    "reason_1": pl.String,
}


class ReturnModel(NamedTuple):
    """All that a score needs.

    Attributes:
        hazards: `return_hazards`.
        recalibration: `return_recalibration`.
        lifetimes: `return_lifetimes`.
        horizon_days: Of the forecast.
        win_back_days: Days since the end beyond which nobody is looked at.
    """

    hazards: pl.DataFrame
    recalibration: pl.DataFrame
    lifetimes: pl.DataFrame
    horizon_days: int
    win_back_days: int


def return_scores(rows: pl.DataFrame, model: ReturnModel, *, terms: ValueTerms) -> pl.DataFrame:
    """Score and value everybody who had left at the cutoff, which all of `rows` are of.

    Args:
        rows: `return_snapshots` of the cutoff.
        model: What was learned.
        terms: Horizon, discount and margin of value.

    Returns:
        `return_scores`, by user; chance and amounts are null where no window has closed yet.
    """
    types = SCORE_TYPES | {"user_id": rows.schema["user_id"]}
    now = rows.sort("user_id").with_columns(
        cutoff_on="snapshot_on", days_since_end=pl.Series(days_since(rows.sort("user_id")))
    )
    if now.height and model.hazards.height:
        now = now.with_columns(**_scored(now, model, terms))
    missing = [pl.lit(None).alias(name) for name in types if name not in now.columns]
    return now.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in types.items()
    )


def _scored(rows: pl.DataFrame, model: ReturnModel, terms: ValueTerms) -> dict[str, pl.Series]:
    days = {"horizon_days": model.horizon_days, "win_back_days": model.win_back_days}
    chance = calibrated(return_probability(rows, model.hazards, **days), model.recalibration)
    if_back, if_away = _worth(rows, model, terms)
    value = np.floor(if_back + 0.5).astype(np.int64)
    to_win = np.floor((1 - chance) * (if_back - if_away) + 0.5).astype(np.int64)
    return {
        "return_probability": pl.Series(chance),
        "value_if_back_minor": pl.Series(value),
        "value_if_away_minor": pl.Series(np.floor(if_away + 0.5).astype(np.int64)),
        "value_to_win_minor": pl.Series(to_win),
        "ltv_minor": pl.Series(value - to_win),
        "reason_1": _reasons(rows, model),
    }


def _worth(rows: pl.DataFrame, model: ReturnModel, terms: ValueTerms) -> tuple[Floats, Floats]:
    """V and R in minor units, before rounding."""
    middle = np.full(rows.height, min(model.horizon_days, terms.horizon_days) // 2)
    row = np.arange(rows.height)
    if_back = _brings(rows, row, middle, model, terms)
    later_days = terms.horizon_days - model.horizon_days
    if later_days <= 0:
        return if_back, np.zeros(rows.height)
    away = cut_away(days_since(rows) + model.horizon_days, later_days)
    chances = return_chances(rows, model.hazards, away, win_back_days=model.win_back_days)
    stays = np.cumsum(np.log1p(-chances)) - np.log1p(-chances)  # before each piece, over all rows
    first = np.searchsorted(away.row, row)
    reached = np.exp(stays - stays[first][away.row])
    half = np.rint(away.share * PERIOD_DAYS).astype(np.int64) // 2
    at = model.horizon_days + away.begin + half
    brings = _brings(rows, away.row, at, model, terms)
    if_away = np.bincount(away.row, reached * chances * brings, minlength=rows.height)
    return if_back, np.minimum(if_away, if_back)


def _brings(
    rows: pl.DataFrame, row: np.ndarray, at: np.ndarray, model: ReturnModel, terms: ValueTerms
) -> Floats:
    """What a contract brings that is signed `at` days from now, until the horizon of value."""
    amounts = np.zeros(len(row))
    price = rows["price_minor"].cast(pl.Float64).to_numpy() * terms.margin
    periods = rows.select("period_months", "period_days").to_numpy()
    keep = 1 - terms.annual_discount
    for law in model.lifetimes.iter_rows(named=True):
        months, days = law["period_months"], law["period_days"]
        mine = (periods[row] == (months, days)).all(axis=1)
        length = months * DAYS_PER_MONTH if months else float(days)
        steps = np.arange(int(terms.horizon_days // length) + 1) * length
        left = survival(law["alpha"], law["beta"], len(steps)) * keep ** (steps / YEAR_DAYS)
        until = np.searchsorted(steps, terms.horizon_days - at[mine], side="left")
        sums = np.concatenate([[0.0], np.cumsum(left)])
        amounts[mine] = price[row[mine]] * sums[until] * keep ** (at[mine] / YEAR_DAYS)
    return amounts


def _reasons(rows: pl.DataFrame, model: ReturnModel) -> pl.Series:
    """Say when and how somebody left, or what raises the chance to return most."""
    raised = _raised(rows, model)
    effect = np.minimum(raised.max(axis=1), MOST_EFFECT)
    facts, left = _facts()
    fact = pl.coalesce(
        *(
            pl.when(pl.col("most") == place).then(facts.get(group, left))
            for place, group in enumerate(GROUPS)
        )
    )
    text = pl.format("{}{} (odds x {})", fact, pl.lit(RAISES), pl.col("odds"))
    named = rows.with_columns(
        most=pl.Series(raised.argmax(axis=1)),
        odds=pl.Series(np.exp(effect)).round(1),
        effect=pl.Series(effect),
    )
    return named.select(
        told=pl.when(pl.col("effect") > SMALLEST_EFFECT).then(text).otherwise(left)
    )["told"]


def _raised(rows: pl.DataFrame, model: ReturnModel) -> Floats:
    """By how much each of `GROUPS` raises the log odds of a return in the first period from now;
    shape (rows, groups).
    """
    away = cut_away(days_since(rows), model.horizon_days)
    first = away.only(np.searchsorted(away.row, np.arange(rows.height)))  # type: ignore[arg-type]  # places
    table = model.hazards.sort("position")[1:]
    matrix = matrix_of(rows, first, table["feature"].to_list(), win_back_days=model.win_back_days)
    scaled = standardise(matrix, mean=table["mean"].to_numpy(), scale=table["scale"].to_numpy())
    parts = scaled * table["coefficient"].to_numpy()
    groups = np.array(table["feature_group"].to_list(), dtype=object)
    return np.column_stack([parts[:, groups == group].sum(axis=1) for group in GROUPS])


def _facts() -> tuple[dict[str, pl.Expr], pl.Expr]:
    """What is told of a group, by its name; and what is told where it has no fact of its own."""
    tenure = (pl.col("left_on") - pl.col("contract_started_on")).dt.total_days()
    facts = {
        "tenure": pl.format("was there for {} days", tenure),
        "plan": pl.format("had plan {}", "plan"),
        "price": pl.lit("the price"),
        "activity": pl.format(
            "{} active days in the 30 before the end", "active_days_before_end_30d"
        ),
    }
    return facts, pl.format("left {} days ago ({})", "days_since_end", "left_by")
