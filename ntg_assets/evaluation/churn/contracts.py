"""Contracts of the evidence about churn and the radar."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.evaluation.churn.challenger_report import VERDICTS
from ntg_assets.evaluation.churn.challengers import CHALLENGERS, DIRECT_LOSS, VALUE_CHALLENGERS
from ntg_assets.evaluation.churn.forecasts import HOLDOUT, WALK_FORWARD
from ntg_assets.evaluation.churn.money_calibration import KINDS
from ntg_assets.evaluation.churn.radar_backtest import ATTAINABLE, LOSSES, ORACLE, RANKINGS
from ntg_assets.revenue.radar.revenue_risk_radar import SEGMENTS
from ntg_assets.summaries import summary

EVALUATIONS = (HOLDOUT, WALK_FORWARD)


@contract("churn_outcomes")
class ChurnOutcomes(Contract):
    """One row per user with a held-out event in [cutoff, cutoff + horizon);
    whoever is missing has churned.
    """

    user_id: str = identifier("user", "Who")
    window_active_days: int = column("Active days in the window", unit="days", ge=1)
    window_value: float = column("Sum of event values in the window", unit="value of the source")

    class Config:
        unique = ["user_id"]


@contract("churn_forecasts")
class ChurnForecasts(Contract):
    """One row per (evaluation, origin, user): an at-risk user's forecast at an origin beside what
    then happened.
    """

    evaluation: str = column(
        "holdout: the stage's model at the end of TRAIN; walk_forward: refitted at past origins",
        isin=EVALUATIONS,
    )
    origin_on: pl.Date = column(
        "Day of the forecast; everything fitted saw only windows closed by then", unit="date"
    )
    user_id: str = identifier("user", "Who")
    segment: str = column("Life cycle at the origin", isin=SEGMENTS)
    churn_probability: float = column(
        "Forecast probability of churn", unit="probability", ge=0, le=1
    )
    churn_probability_low: float = column(
        "Lower end of its 95% interval", unit="probability", ge=0, le=1
    )
    churn_probability_high: float = column(
        "Upper end of its 95% interval", unit="probability", ge=0, le=1
    )
    ltv_at_stake: float = column(
        "Forecast of what staying is worth more than leaving", unit="unit", ge=0
    )
    ltv: float = column("Forecast lifetime value", unit="unit", ge=0)
    horizon_at_stake: float = column(
        "What is at stake over the next churn horizon: its value while active, not discounted",
        unit="unit",
        ge=0,
    )
    expected_value: float = column(
        "Forecast value of the next churn horizon: P(active) x E[value | active]", unit="unit", ge=0
    )
    expected_value_low: float = column(
        "Lower end of the 90% range of that value, luck included", unit="unit", ge=0
    )
    expected_value_high: float = column("Upper end of that range", unit="unit", ge=0)
    is_churned: bool = column("Whether the user was not active in [origin, origin + horizon)")
    value_after: float = column("Value in [origin, origin + horizon)", unit="unit", ge=0)
    value_before: float = column(
        "Value in [origin - at risk, origin), per horizon", unit="unit", ge=0
    )
    value_before_last: float = column("Value in [origin - horizon, origin)", unit="unit", ge=0)
    value_before_ever: float = column(
        "Value since the first active day, per horizon", unit="unit", ge=0
    )
    lost_value: float = column("value_before where the user churned, else 0", unit="unit", ge=0)
    dropped_value: float = column("max(0, value_before - value_after)", unit="unit", ge=0)

    class Config:
        unique = ["evaluation", "origin_on", "user_id"]


@contract("churn_calibration")
@summary(
    measures={
        "auc": "max(value) filter (metric = 'auc')",
        "log_loss": "max(value) filter (metric = 'log_loss')",
        "ece": "max(value) filter (metric = 'ece')",
        "calibration_slope": "max(value) filter (metric = 'calibration_slope')",
    },
    where="segment = 'all'",
    columns=("evaluation", "segment", "metric", "bin", "value", "low", "high", "n_users"),
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


@contract("challenger_forecasts")
class ChallengerForecasts(Contract):
    """One row per (evaluation, origin, user,
    model): what another model would have said of the same user at the same origin.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    origin_on: pl.Date = column("As in churn_forecasts", unit="date")
    user_id: str = identifier("user", "Who")
    model: str = column(
        "Challenger", isin=tuple(sorted({*CHALLENGERS, *VALUE_CHALLENGERS, DIRECT_LOSS}))
    )
    churn_probability: float = column(
        "Forecast probability of churn; null for a model of value alone",
        unit="probability",
        nullable=True,
        ge=0,
        le=1,
    )
    expected_value: float = column(
        "Forecast value of the next churn horizon; null for a model of churn alone",
        unit="unit",
        nullable=True,
    )
    expected_loss: float = column(
        "Forecast loss of the next churn horizon by a direct model of it; null for other models",
        unit="unit",
        nullable=True,
    )

    class Config:
        unique = ["evaluation", "origin_on", "user_id", "model"]


@contract("churn_challengers")
@summary(
    measures={
        "auc": "max(auc)",
        "log_loss": "max(log_loss)",
        "ece": "max(ece)",
        "brier": "max(brier)",
    },
    where="evaluation = 'walk_forward' and model = 'shipped'",
    columns=("evaluation", "model", "auc", "log_loss", "ece", "log_loss_difference", "verdict"),
    order=("evaluation", "log_loss"),
)
class ChurnChallengers(Contract):
    """One row per (evaluation, model): the shipped churn model beside its challengers,
    on the same forecasts.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    model: str = column("shipped, or a challenger")
    auc: float = column(
        "Area under the ROC curve; null without both outcomes", nullable=True, ge=0, le=1
    )
    log_loss: float = column("Mean minus log likelihood", ge=0)
    brier: float = column("Mean squared error of the probability", ge=0, le=1)
    ece: float = column("Expected calibration error", ge=0, le=1)
    ece_noise_95: float = column(
        "ECE below which a perfectly calibrated model stays 95 times in 100", ge=0, le=1
    )
    log_loss_difference: float = column(
        "log_loss minus that of the shipped model: below 0 the challenger is better"
    )
    standard_error: float = column("Of the difference, users as clusters", ge=0)
    verdict: str = column("Who is better by more than one standard error", isin=VERDICTS)
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "model"]


@contract("value_backtest")
class ValueBacktest(Contract):
    """One row per (evaluation, model): forecasts of the value of the next churn horizon beside what
    was seen.
    """

    evaluation: str = column("As in churn_forecasts", isin=EVALUATIONS)
    model: str = column(
        "shipped: P(active) x E[value | active]; run_rate: the present pace; bg_nbd: BG/NBD x price"
        " or Gamma-Gamma"
    )
    spearman: float = column(
        "Rank correlation of forecast and seen value; null where one does not vary",
        nullable=True,
        ge=-1,
        le=1,
    )
    gini_share: float = column(
        "Gini of the seen value in the forecast's order over that of the perfect order",
        nullable=True,
        le=1,
    )
    top_decile_share: float = column(
        "Share of the seen value held by the tenth with the highest forecasts",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    bias_ratio: float = column(
        "Sum of forecasts over sum of seen values; null when nothing was seen", nullable=True, ge=0
    )
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "model"]


@contract("radar_backtest")
@summary(
    measures={
        "captured_share": "max(captured_share)",
        "captured_share_low": "max(captured_share_low)",
        "captured_share_high": "max(captured_share_high)",
        "share_of_oracle": "max(share_of_oracle)",
    },
    where=(
        "evaluation = 'walk_forward' and loss = 'left' and ranking = 'radar' and depth_share = 0.1"
    ),
    columns=(
        "evaluation",
        "loss",
        "ranking",
        "depth_share",
        "captured_share",
        "captured_share_low",
        "captured_share_high",
        "share_of_oracle",
    ),
)
class RadarBacktest(Contract):
    """One row per (evaluation, loss, ranking,
    depth): share of the value then lost that the top of a ranking held.
    """

    evaluation: str = column("holdout or walk_forward, as in churn_forecasts", isin=EVALUATIONS)
    loss: str = column(
        "left: value per horizon, while at risk, of users who then churned; left_last, left_ever:"
        " over the last horizon, over the tenure; dropped: any fall below the value while at risk",
        isin=tuple(LOSSES),
    )
    ranking: str = column(
        "How users were ranked: radar = P(churn) x what staying is worth more than leaving",
        isin=(*RANKINGS, ATTAINABLE, ORACLE),
    )
    depth_share: float = column(
        "Share of the at-risk users at each origin that the list holds", unit="share", gt=0, le=1
    )
    captured_share: float = column(
        "Share of the loss held by the list; null when nothing was lost",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    captured_share_low: float = column(
        "Lower end of the 95% interval (users resampled)", unit="share", nullable=True
    )
    captured_share_high: float = column(
        "Upper end of the 95% interval", unit="share", nullable=True
    )
    oracle_captured_share: float = column(
        "What ranking by the loss itself would have held", unit="share", nullable=True, ge=0, le=1
    )
    share_of_oracle: float = column("captured_share / oracle_captured_share", nullable=True, ge=0)
    lost_total: float = column("All value lost", unit="unit", ge=0)
    n_origins: int = column("Origins", ge=1)
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)
    n_losing: int = column("Forecasts with a loss", ge=0)

    class Config:
        unique = ["evaluation", "loss", "ranking", "depth_share"]


@contract("value_horizons")
class ValueHorizons(Contract):
    """One row per (kind, span, segment, bin): money told at past cutoffs against money seen over
    1, 2, 4, ... churn horizons up to the stated one.
    """

    kind: str = column(
        "value: of everyone known; revenue_at_risk: of at-risk users, against V less what leavers"
        " then brought",
        isin=("value", "revenue_at_risk"),
    )
    n_periods: int = column("Churn horizons", ge=1)
    n_days: int = column("The same in days", unit="days", ge=1)
    is_stated: bool = column("Whether that is the stated horizon of value")
    segment: str = column("all, segment=<life cycle> or origin=<day>")
    bin: int = column("0: the whole segment; 1 to 10: decile by forecast", ge=0)
    told: float = column("Sum of what was told, not discounted", unit="unit")
    seen: float = column("Sum of what was seen", unit="unit")
    ratio: float = column("told / seen; null where nothing was seen", nullable=True)
    ratio_low: float = column("Lower end of the 95% interval, users as clusters", nullable=True)
    ratio_high: float = column("Upper end of the 95% interval", nullable=True)
    covered_share: float = column(
        "Share of users within their 90% range; null for revenue at risk, or where no earlier span"
        " as long had closed",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    n_origins: int = column("Past cutoffs", ge=1)
    n_rows: int = column("Users and cutoffs", ge=1)
    n_users: int = column("Users", ge=1)
    note: str = column(
        "What a reader must know: the stated horizon is an extrapolation", nullable=True
    )

    class Config:
        unique = ["kind", "n_periods", "segment", "bin"]


@contract("money_calibration")
class MoneyCalibration(Contract):
    """One row per (evaluation, kind, segment,
    bin): forecast money per user and horizon beside what was then seen.
    """

    evaluation: str = column("holdout or walk_forward, as in churn_forecasts", isin=EVALUATIONS)
    kind: str = column(
        "value: P(active) x E[value | active] against value seen; loss: P(churn) x stake against"
        " value lost",
        isin=tuple(KINDS),
    )
    segment: str = column("all, or segment=<life cycle>")
    bin: int = column("Decile of the forecast, 1 the lowest; 0: all of the segment", ge=0)
    predicted: float = column("Mean forecast", unit="unit", ge=0)
    realised: float = column(
        "Mean of what was seen (value_after, or lost_value)", unit="unit", ge=0
    )
    realised_low: float = column(
        "Lower end of its 95% interval (users resampled)", unit="unit", nullable=True
    )
    realised_high: float = column("Upper end of its 95% interval", unit="unit", nullable=True)
    covered_share: float = column(
        "Share of the values seen inside their 90% range; null for loss",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    ratio: float = column(
        "Sum of forecasts over sum seen; null when nothing was seen", nullable=True, ge=0
    )
    n_rows: int = column("Forecasts", ge=1)
    n_users: int = column("Users", ge=1)

    class Config:
        unique = ["evaluation", "kind", "segment", "bin"]
