"""Assets of the radar: what the leaving of users would cost, and how surely."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.history.days import SEGMENT_DAYS, last_day_before
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.radar import uncertainty
from ntg_assets.revenue.radar.contracts import (
    RadarPortfolio,
    RadarSegments,
    RadarStability,
    RevenueRiskRadar,
)
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar as rank_by_risk
from ntg_assets.revenue.radar.segments import radar_segments as roll_up
from ntg_assets.stages import BACKTEST, LIVE, PUBLISHED


@staged_asset(contract=RevenueRiskRadar, group="revenue", kinds=("polars",))
def revenue_risk_radar(
    churn_scores: pl.DataFrame, ltv_estimates: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """What the leaving of each user would cost: churn probability times the value at stake,
    ranked.
    """
    return rank_by_risk(churn_scores, ltv_estimates, settings=project.settings.churn)


@staged_asset(contract=RadarStability, group="revenue")
def radar_stability(
    revenue_risk_radar: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    churn_uncertainty: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How surely each user belongs to the top of the radar,
    over drawn coefficients and model error.
    """
    return uncertainty.radar_stability(
        revenue_risk_radar,
        churn_snapshots,
        churn_coefficients,
        churn_uncertainty,
        rng=project.rng("radar_stability"),
    )


@staged_asset(contract=RadarPortfolio, group="revenue")
def radar_portfolio(
    revenue_risk_radar: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    churn_uncertainty: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What may be lost in all and by life-cycle segment, with its spread and concentration."""
    return uncertainty.radar_portfolio(
        revenue_risk_radar,
        churn_snapshots,
        churn_coefficients,
        churn_uncertainty,
        rng=project.rng("radar_portfolio"),
    )


@staged_asset(
    contract=RadarSegments,
    group=PUBLISHED,
    stages=(PUBLISHED,),
    reads={"revenue_risk_radar": LIVE, "churn_forecasts": BACKTEST, "split_boundaries": LIVE},
    files=("data/history/segments",),
    kinds=("polars",),
)
def radar_segments(
    revenue_risk_radar: pl.DataFrame,
    churn_forecasts: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What is at risk by life cycle and band,
    beside what came true at the last closed origin and the last publication.

    It looks at what was held out, so nothing that users are shown is made from it.
    """
    as_of = train_history(split_boundaries).cutoff_on
    previous = last_day_before(SEGMENT_DAYS, as_of, history=project.paths.history)
    return roll_up(revenue_risk_radar, churn_forecasts, previous, as_of=as_of)
