"""Assets of the evidence about churn and the radar; back-test only."""

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import labelled_snapshots, train_history
from ntg_assets.evaluation.churn import forecasts as forecasting
from ntg_assets.evaluation.churn.contracts.calibration import (
    ChurnCalibration,
    ChurnDrift,
    ChurnIntervalCoverage,
)
from ntg_assets.evaluation.churn.contracts.forecasts import ChurnForecasts, ChurnOutcomes
from ntg_assets.evaluation.churn.contracts.money import (
    MoneyCalibration,
    RadarBacktest,
    ValueHorizons,
)
from ntg_assets.evaluation.churn.drift import churn_drift as measure_drift
from ntg_assets.evaluation.churn.interval_coverage import (
    churn_interval_coverage as measure_coverage,
)
from ntg_assets.evaluation.churn.money_calibration import money_calibration as calibrate_money
from ntg_assets.evaluation.churn.radar_backtest import radar_backtest as measure_radar
from ntg_assets.evaluation.churn.report import churn_report, holdout_note
from ntg_assets.evaluation.churn.value_horizons import value_horizons as evaluate_horizons
from ntg_assets.local_days import shift_instant
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.value.horizon_forecasts import horizon_forecasts
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.splits.boundaries import complete_until_day, train_end, zone_of
from ntg_assets.sql import Query, Table, query
from ntg_assets.stages import BACKTEST


@staged_asset(contract=ChurnOutcomes, group="evaluation", stages=(BACKTEST,), kinds=("sql",))
def churn_outcomes(
    val_events: Table, test_events: Table, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """Who was active within the churn horizon after the cutoff, in held-out events."""
    from_at = train_end(split_boundaries)
    horizon_days, zone = project.settings.churn.horizon_days, zone_of(split_boundaries)
    until_at = shift_instant(from_at, horizon_days, zone)
    tables = {"val_events": val_events, "test_events": test_events}
    return query("evaluation.churn", "churn_outcomes", tables, from_at=from_at, until_at=until_at)


@staged_asset(contract=ChurnForecasts, group="evaluation", stages=(BACKTEST,))
def churn_forecasts(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_walk_forward: pl.DataFrame,
    churn_scores: pl.DataFrame,
    value_walk_forward: pl.DataFrame,
    user_days: pl.DataFrame,
    revenue_risk_radar: pl.DataFrame,
    ltv_estimates: pl.DataFrame,
    churn_outcomes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What churn and radar said at the end of TRAIN and at earlier origins,
    beside what then happened.
    """
    history = train_history(split_boundaries)
    churn, value = project.settings.churn, project.settings.value
    held_out = forecasting.holdout_forecasts(
        revenue_risk_radar,
        churn_scores,
        ltv_estimates,
        churn_outcomes,
        history,
        churn=churn,
        value=value,
    )
    past = forecasting.Past(
        labelled_snapshots(churn_snapshots, churn_labels),
        churn_walk_forward,
        value_evidence(value_walk_forward),
        user_days,
        history,
    )
    return forecasting.churn_forecasts(past, held_out, churn=churn, value=value)


@staged_asset(contract=ChurnCalibration, group="evaluation", stages=(BACKTEST,))
def churn_calibration(
    context: dg.AssetExecutionContext,
    churn_forecasts: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How good the churn probabilities are: AUC, log loss, reliability,
    ECE beside the noise a perfect model would show.
    """
    settings = project.settings
    log_end_on = complete_until_day(split_boundaries, "test")
    note = holdout_note(train_history(split_boundaries), log_end_on, settings=settings.churn)
    if note is not None:
        context.log.warning("churn_calibration: %s", note)
    return churn_report(
        churn_forecasts,
        n_bins=settings.churn.calibration_bins,
        samples=settings.gate.bootstrap_samples,
        rng=project.rng("churn_calibration"),
        holdout_note=note,
    )


@staged_asset(contract=ChurnIntervalCoverage, group="evaluation", stages=(BACKTEST,))
def churn_interval_coverage(churn_forecasts: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether the intervals of the churn scores hold the churn rates that were then seen."""
    return measure_coverage(churn_forecasts, n_bins=project.settings.churn.calibration_bins)


@staged_asset(contract=ChurnDrift, group="evaluation", stages=(BACKTEST,))
def churn_drift(churn_forecasts: pl.DataFrame) -> pl.DataFrame:
    """Whether realised churn and the scores part from what was expected, origin by origin."""
    return measure_drift(churn_forecasts)


@staged_asset(contract=RadarBacktest, group="evaluation", stages=(BACKTEST,))
def radar_backtest(
    churn_forecasts: pl.DataFrame, challenger_forecasts: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """How much of the value that was then really lost the top of the radar held,
    against simpler rankings and an oracle.
    """
    samples, rng = project.settings.gate.bootstrap_samples, project.rng("radar_backtest")
    return measure_radar(churn_forecasts, challenger_forecasts, samples=samples, rng=rng)


@staged_asset(contract=MoneyCalibration, group="evaluation", stages=(BACKTEST,))
def money_calibration(churn_forecasts: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether forecast value and forecast loss add up to what was then seen,
    by decile and by life-cycle segment.
    """
    return calibrate_money(
        churn_forecasts,
        samples=project.settings.gate.bootstrap_samples,
        rng=project.rng("money_calibration"),
    )


@staged_asset(contract=ValueHorizons, group="evaluation", stages=(BACKTEST,))
def value_horizons(
    context: dg.AssetExecutionContext, value_walk_forward: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Whether forecast value and revenue at risk add up to what was then seen,
    over 1, 2, 4, ... churn horizons up to the stated one.
    """
    settings = project.settings
    forecasts = horizon_forecasts(value_walk_forward, value_evidence(value_walk_forward))
    found = evaluate_horizons(
        forecasts,
        horizon_days=settings.value.horizon_days,
        churn=settings.churn,
    )
    for note in found["note"].drop_nulls().unique().to_list():
        context.log.warning("value_horizons: %s", note)
    return found
