"""Whether what was said of contracts at past origins was off by more than chance.

Held against what came: whether contracts end within the churn horizon, at each past origin and over
all of them, and whether they are there after 3, 6 and 12 renewals; of all contracts, and by
currency, plan, billing period and state. Where every chance is right, the number that ends has the
Poisson-binomial law, from which the p-value comes. Horizons of the past do not overlap, so a
contract that is looked at from several origins gives independent outcomes there. Contracts of one
user may end together: where their residuals do, the p-value is that of the clustered variance, if
larger. Over all rows p-values are adjusted by Holm's method, which holds whatever their dependence.

Off is what is proven so and large enough to matter (`MATERIAL`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtr

from ntg_assets.arrays import Floats
from ntg_assets.churn.calibration.recalibration import as_recalibrated
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.likelihood import significant
from ntg_assets.statistics.repeated.multiple_testing import holm
from ntg_assets.statistics.shares.poisson_binomial import poisson_binomial_p
from ntg_assets.subscriptions.hazard.backtest import TOGETHER
from ntg_assets.subscriptions.hazard.walk_forward import chosen_model
from ntg_assets.subscriptions.survival.scores import SLEEPING, TRIAL, WATCHING

LEVEL = 0.05
MATERIAL = 1.25  # expected over seen, of those who end or of those who stay; less changes nothing
SMALLEST_GROUP = 20  # contracts; the single ones of small groups would only dilute the others
ALL, CURRENCY, PLAN, PERIOD, STATE = KINDS = ("all", "currency", "plan", "billing_period", "state")
TEST_TYPES: dict[str, Any] = {
    "after_periods": pl.Int64,
    "origin": pl.String,
    "group_kind": pl.String,
    "group_name": pl.String,
    "n_contracts": pl.Int64,
    "n_ended": pl.Int64,
    "expected_ended": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "is_off": pl.Boolean,
}
KEY = ("after_periods", "origin", "group_kind", "group_name")


def forecast_tests(
    walked: pl.DataFrame, recalibration: pl.DataFrame, rows: pl.DataFrame, survived: pl.DataFrame
) -> pl.DataFrame:
    """Test every past forecast of contracts, group by group.

    Args:
        walked: `contract_walk_forward`.
        recalibration: `contract_recalibration`.
        rows: `contract_snapshots`.
        survived: `survival_forecasts`.

    Returns:
        `contract_forecast_tests`: ends within the churn horizon have `after_periods` 0.
    """
    forecasts = pl.concat([_of_ends(walked, recalibration, rows), _of_stays(survived)])
    tests = [(*place, *_tested(part)) for place, part in _groups(forecasts) if part.height]
    table = pl.DataFrame(tests, schema=dict(list(TEST_TYPES.items())[:-2]), orient="row")
    p_adjusted = pl.Series("p_adjusted", holm(table["p_value"].to_list()), pl.Float64)
    is_large = _ratio("n_ended", "expected_ended") | _ratio(
        pl.col("n_contracts") - pl.col("n_ended"), pl.col("n_contracts") - pl.col("expected_ended")
    )
    return (
        table.with_columns(p_adjusted)
        .with_columns(is_off=(pl.col("p_adjusted") < LEVEL) & is_large)
        .sort(KEY)
    )


def _ratio(seen: str | pl.Expr, expected: str | pl.Expr) -> pl.Expr:
    """Whether one is more than `MATERIAL` times the other."""
    of_seen, of_expected = (pl.col(n) if isinstance(n, str) else n for n in (seen, expected))
    return (of_seen > MATERIAL * of_expected) | (of_expected > MATERIAL * of_seen)


def _of_ends(walked: pl.DataFrame, recalibration: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What the model that is used, with the calibration that is used, would have said."""
    chosen = walked.filter(pl.col("model") == chosen_model(walked))
    raw = chosen.rename({"end_logit": "churn_logit"})
    moved = as_recalibrated(raw, recalibration) if recalibration.height else raw
    forecast = moved.with_columns(chance=pl.Series(sigmoid(moved["churn_logit"].to_numpy())))
    state = (
        pl.when("is_trial")
        .then(pl.lit(TRIAL))
        .when("is_asleep")
        .then(pl.lit(SLEEPING))
        .otherwise(pl.lit(WATCHING))
    )
    of_contract = rows.select(
        "contract_place",
        pl.col("snapshot_on").alias("origin_on"),
        "user_id",
        "plan",
        "period_months",
        "period_days",
    )
    return forecast.join(of_contract, on=["contract_place", "origin_on"], how="left").select(
        pl.lit(0, pl.Int64).alias("after_periods"),
        pl.col("origin_on").cast(pl.String).alias("origin"),
        *_of_contract(state),
        "chance",
        "ended",
    )


def _of_stays(survived: pl.DataFrame) -> pl.DataFrame:
    come = survived.filter(pl.col("stayed").is_not_null())
    return come.select(
        "after_periods",
        pl.col("origin_on").cast(pl.String).alias("origin"),
        *_of_contract(pl.col("state")),
        chance=1 - pl.col("chance"),
        ended=~pl.col("stayed"),
    )


def _of_contract(state: pl.Expr) -> list[pl.Expr]:
    months, days = pl.col("period_months"), pl.col("period_days")
    return [
        pl.col("user_id"),
        pl.lit(ALL).alias(ALL),
        pl.col("currency"),
        pl.col("plan"),
        billing_period(months, days).alias(PERIOD),
        state.alias(STATE),
    ]


def billing_period(months: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Write a billing period as ISO 8601 does: P1M, P7D."""
    return pl.when(months > 0).then(pl.format("P{}M", months)).otherwise(pl.format("P{}D", days))


def _groups(forecasts: pl.DataFrame) -> Iterator[tuple[tuple[int, str, str, str], pl.DataFrame]]:
    """Forecasts that are tested together: each origin and all, in each group that is large enough.

    Billing periods are named however small: what judged them is asked of them.
    """
    together = forecasts.filter(
        pl.col("after_periods") == 0, pl.col("origin").n_unique().over("after_periods") > 1
    ).with_columns(origin=pl.lit(TOGETHER))
    both = pl.concat([forecasts, together]).sort("after_periods", "origin", "user_id", "chance")
    for kind in KINDS:
        for (periods, origin, name), part in both.group_by(
            "after_periods", "origin", kind, maintain_order=True
        ):
            if part.height >= SMALLEST_GROUP or kind == PERIOD:
                yield (periods, origin, kind, str(name)), part


def _tested(part: pl.DataFrame) -> tuple[int, int, float, float]:
    chance, ended = part["chance"].to_numpy(), part["ended"].cast(pl.Float64).to_numpy()
    users = part["user_id"].rank("dense").to_numpy() - 1
    p_value = max(poisson_binomial_p(chance, int(ended.sum())), _clustered_p(chance, ended, users))
    return len(ended), int(ended.sum()), float(chance.sum()), float(significant(p_value))


def _clustered_p(chance: Floats, ended: Floats, users: np.ndarray) -> float:
    """Two-sided p-value by the variance with users as clusters; 0 where it is no larger."""
    residuals = ended - chance
    spread = residuals - residuals.mean()
    alone, together = float(spread @ spread), np.bincount(users.astype(np.int64), spread)
    effect = float(together @ together) / alone if alone > 0 else 1.0
    variance = float(chance @ (1 - chance)) * effect
    if effect <= 1 or not variance:
        return 0.0
    return float(2 * ndtr(-abs(residuals.sum()) / np.sqrt(variance)))
