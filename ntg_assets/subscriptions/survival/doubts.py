"""How far what is said of contracts was held against what came, and from where it is doubtful."""

import polars as pl

from ntg_assets.subscriptions.survival.forecast_tests import (
    ALL,
    CURRENCY,
    PERIOD,
    PLAN,
    billing_period,
)
from ntg_assets.subscriptions.survival.scores import ENDING

JUDGED, NOT_JUDGED, OFF = VALUE_EVIDENCE = ("judged", "not judged", "off")
MONTH_DAYS = 365.25 / 12


def with_doubts(scores: pl.DataFrame, tests: pl.DataFrame) -> pl.DataFrame:
    """Say of each contract how far such forecasts were judged, and from where they were off.

    Args:
        scores: `contract_scores`.
        tests: `contract_forecast_tests`.

    Returns:
        The scores with `judged_periods` and `doubtful_from_periods`.
    """
    ahead = tests.filter(pl.col("after_periods") > 0)
    period = billing_period(pl.col("period_months"), pl.col("period_days"))
    named = scores.with_columns(period.alias(PERIOD), pl.lit(ALL).alias(ALL))
    judged = ahead.filter(pl.col("group_kind") == PERIOD).group_by("group_name")
    off = [
        _looked_up(ahead.filter("is_off", pl.col("group_kind") == kind), kind)
        for kind in (ALL, CURRENCY, PLAN, PERIOD)
    ]
    farthest = dict(judged.agg(pl.col("after_periods").max()).iter_rows())
    return named.with_columns(
        judged_periods=pl.col(PERIOD).replace_strict(farthest, default=0, return_dtype=pl.Int64),
        doubtful_from_periods=pl.min_horizontal(off),
    ).select(scores.columns)


def _looked_up(off: pl.DataFrame, kind: str) -> pl.Expr:
    first = dict(off.group_by("group_name").agg(pl.col("after_periods").min()).iter_rows())
    return pl.col(kind).replace_strict(first, default=None, return_dtype=pl.Int64)


def value_evidence(horizon_days: int) -> pl.Expr:
    """Say what a contract's value over so many days rests on: one of `VALUE_EVIDENCE`.

    Args:
        horizon_days: Over which value is counted.
    """
    months = pl.col("period_months") * MONTH_DAYS
    length = pl.when(pl.col("period_months") > 0).then(months).otherwise("period_days")
    renewals = (horizon_days / length).ceil()  # so many days may lie in it
    return (
        pl.when(pl.col("state") == ENDING)  # nothing is forecast of it
        .then(pl.lit(JUDGED))
        .when((pl.col("doubtful_from_periods") <= renewals).fill_null(value=False))
        .then(pl.lit(OFF))
        .when((pl.col("judged_periods") >= renewals).fill_null(value=False))
        .then(pl.lit(JUDGED))
        .otherwise(pl.lit(NOT_JUDGED))
    )
