"""Asset of the expected quality of tonight's churn scores."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.evaluation.churn.values_before import with_values_before
from ntg_assets.evaluation.expected_quality import expected_quality as estimating
from ntg_assets.evaluation.expected_quality.contracts import ExpectedQuality
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.stages import BACKTEST, LIVE, PUBLISHED


@staged_asset(
    contract=ExpectedQuality,
    group=PUBLISHED,
    stages=(PUBLISHED,),
    reads={
        "revenue_risk_radar": LIVE,
        "user_days": LIVE,
        "split_boundaries": LIVE,
        "churn_forecasts": BACKTEST,
    },
    kinds=("polars",),
)
def expected_quality(
    revenue_risk_radar: pl.DataFrame,
    user_days: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    churn_forecasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How good tonight's churn scores and radar are expected to be, and how earlier expectations
    held.

    It looks at what was held out, so nothing that users are shown is made from it.
    """
    history, settings = train_history(split_boundaries), project.settings
    at_risk = revenue_risk_radar.filter("is_at_risk_population").select(
        "user_id", "churn_probability", "ltv_at_stake", origin_on=pl.lit(history.cutoff_on)
    )
    tonight = with_values_before(at_risk, user_days, churn=settings.churn, value=settings.value)
    return estimating.expected_quality(
        churn_forecasts,
        tonight,
        known_on=history.complete_until_on,
        horizon_days=settings.churn.horizon_days,
        n_bins=settings.churn.calibration_bins,
        rng=project.rng("expected_quality"),
    )
