"""A log whose past was forecast: tables of TRAIN, and forecasts beside what then happened."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from ntg_assets.evaluation.churn.forecasts import (
    Past,
    churn_forecasts,
    holdout_forecasts,
)
from ntg_assets.evaluation.churn.report import churn_report
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    boundaries,
    leaving_log,
    make_tables,
)

START, T_VAL, END = date(2024, 1, 1), date(2024, 7, 1), date(2024, 8, 28)


def everything(log: pl.DataFrame) -> tuple[Tables, pl.DataFrame]:
    """Tables of TRAIN and the forecasts with their outcomes,
    from the active days of the whole log.
    """
    tables = make_tables(
        log.filter(pl.col("active_on") < T_VAL), boundaries(START, T_VAL, log_end_on=END)
    )
    window = log.filter(
        (pl.col("active_on") >= T_VAL)
        & (pl.col("active_on") < T_VAL + timedelta(days=CHURN.horizon_days))
    )
    outcomes = window.group_by("user_id").agg(
        window_active_days=pl.len().cast(pl.Int64), window_value=pl.col("value_sum").sum()
    )
    said = (tables.revenue_risk_radar, tables.churn_scores, tables.ltv_estimates)
    held = holdout_forecasts(*said, outcomes, tables.history, churn=CHURN, value=VALUE)
    return tables, churn_forecasts(past_of(tables), held, churn=CHURN, value=VALUE)


def past_of(tables: Tables) -> Past:
    return Past(
        tables.labelled,
        tables.churn_walk_forward,
        value_evidence(tables.value_walk_forward),
        tables.user_days,
        tables.history,
    )


def report_of(forecasts: pl.DataFrame) -> pl.DataFrame:
    return churn_report(forecasts, n_bins=5, samples=200, rng=np.random.default_rng(1))


@cache
def forecast_world() -> tuple[Tables, pl.DataFrame]:
    """One world for all tests of a process."""
    return everything(leaving_log(11, n_users=150))
