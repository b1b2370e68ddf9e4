"""Contracts of how right the churn probabilities were."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.evaluation.churn.forecasts import EVALUATIONS
from ntg_assets.summaries import summary


@contract("churn_calibration")
@summary(
    measures={
        **{
            metric: f"max(value) filter (metric = '{metric}' and evaluation = 'walk_forward')"
            for metric in ("auc", "log_loss", "ece", "calibration_slope")
        },
        "auc_low": "max(low) filter (metric = 'auc' and evaluation = 'walk_forward')",
        "auc_high": "max(high) filter (metric = 'auc' and evaluation = 'walk_forward')",
        "holdout_auc": "max(value) filter (metric = 'auc' and evaluation = 'holdout')",
        "holdout_ece": "max(value) filter (metric = 'ece' and evaluation = 'holdout')",
    },
    where="segment = 'all'",
    columns=("evaluation", "segment", "metric", "bin", "value", "low", "high", "n_users"),
    order=("segment <> 'all'", "bin", "evaluation desc", "metric", "segment"),
)
class ChurnCalibration(Contract):
    """One row per (evaluation, segment, metric,
    bin): how good the churn probabilities are. The headline is segment `all`, bin 0.
    """

    evaluation: str = column("holdout or walk_forward, as in churn_forecasts", isin=EVALUATIONS)
    segment: str = column("all, segment=<life cycle>, or origin=<date>")
    metric: str = column(
        "auc, pr_auc, log_loss, brier and its parts, ece and its noise, calibration_slope and"
        " _offset, bin_predicted, bin_observed"
    )
    bin: int = column("Equal-mass bin from 1; 0 for what is not about a bin", ge=0)
    value: float = column("The metric; null where it is not defined", nullable=True)
    low: float = column(
        "Lower end of the 95% interval (users resampled); null where there is none", nullable=True
    )
    high: float = column("Upper end of the 95% interval", nullable=True)
    n_rows: int = column("Forecasts measured", ge=1)
    n_users: int = column("Users measured", ge=1)
    n_churned: int = column("Forecasts whose user churned", ge=0)
    note: str = column("What a reader must know of this row", nullable=True)

    class Config:
        unique = ["evaluation", "segment", "metric", "bin"]


@contract("churn_interval_coverage")
class ChurnIntervalCoverage(Contract):
    """One row per (evaluation, bin): groups of equal size by probability at each origin,
    and whether their intervals held their rates.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    bin: int = column("Bin of the probability within its origin, from 1; 0: all", ge=0)
    predicted: float = column("Mean forecast probability", unit="probability", ge=0, le=1)
    low: float = column("Mean lower end of the 95% intervals", unit="probability", ge=0, le=1)
    high: float = column("Mean upper end of the 95% intervals", unit="probability", ge=0, le=1)
    observed: float = column("Share that churned", unit="share", ge=0, le=1)
    covered_share: float = column(
        "Groups whose rate lies within interval and sampling error; nominal 0.95",
        unit="share",
        ge=0,
        le=1,
    )
    covered_by_sampling_share: float = column(
        "Groups whose rate lies within sampling error alone", unit="share", ge=0, le=1
    )
    n_groups: int = column("Groups: origins times bins", ge=1)
    n_rows: int = column("Forecasts", ge=1)

    class Config:
        unique = ["evaluation", "bin"]


@contract("churn_drift")
@summary(
    measures={
        "n_alarms": "count(*) filter (is_alarm)",
        "largest_psi": "max(psi)",
        "latest_z": "arg_max(z, origin_on)",
        "n_origins": "count(distinct origin_on)",
    },
    order=("origin_on desc",),
)
class ChurnDrift(Contract):
    """One row per (evaluation, origin): whether churn and its scores still behave as before."""

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    origin_on: pl.Date = column("As in churn_forecasts", unit="date")
    expected_churn: float = column("Mean forecast probability", unit="probability", ge=0, le=1)
    realised_churn: float = column("Share that churned", unit="share", ge=0, le=1)
    z: float = column(
        "Realised minus expected churn in standard errors; null where every forecast is certain",
        nullable=True,
    )
    psi: float = column(
        "Population stability index of the scores against all earlier origins; null on few scores",
        nullable=True,
        ge=0,
    )
    is_alarm: bool = column("Whether z is beyond 3 or psi above 0.25")
    n_rows: int = column("Forecasts of the origin", ge=1)

    class Config:
        unique = ["evaluation", "origin_on"]
