"""The shipped models beside their challengers: churn on log loss,
value on order and bias, at the same origins on the same users.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.learning.logistic import user_codes
from ntg_assets.churn.snapshots import labelled_snapshots
from ntg_assets.churn.walk_forward import closed_before
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.challengers.challengers import challenger_forecasts, tuned_sizes
from ntg_assets.evaluation.churn.challengers.origin import NOT_TUNED, Origin
from ntg_assets.evaluation.churn.forecasts import HOLDOUT
from ntg_assets.evaluation.churn.value_order import gini_share, spearman, top_share_of
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.sql import Source
from ntg_assets.statistics.probability_metrics import (
    auc,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)
from ntg_assets.storage.run import run

SHIPPED = "shipped"
VERDICTS = (
    "shipped",
    "shipped is better",
    "no difference beyond one standard error",
    "challenger is better",
)
KEY = ["evaluation", "origin_on", "user_id"]
CHALLENGER_SCHEMA = {
    "evaluation": pl.String,
    "model": pl.String,
    "auc": pl.Float64,
    "log_loss": pl.Float64,
    "brier": pl.Float64,
    "ece": pl.Float64,
    "ece_noise_95": pl.Float64,
    "log_loss_difference": pl.Float64,
    "standard_error": pl.Float64,
    "verdict": pl.String,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
}
VALUE_SCHEMA = {
    "evaluation": pl.String,
    "model": pl.String,
    "spearman": pl.Float64,
    "gini_share": pl.Float64,
    "top_decile_share": pl.Float64,
    "bias_ratio": pl.Float64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
}


def all_challenger_forecasts(
    forecasts: pl.DataFrame,
    snapshots: pl.DataFrame,
    labels: pl.DataFrame,
    user_days: Source,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
    seed: int,
) -> pl.DataFrame:
    """Forecast every origin of `churn_forecasts` with every challenger, for the same users.

    Returns:
        `challenger_forecasts`: one row per (evaluation, origin, user, model).
    """
    labelled = labelled_snapshots(snapshots, labels)
    made = []
    sizes = NOT_TUNED
    in_time = forecasts.sort("origin_on", "evaluation", maintain_order=True)
    for (evaluation, origin_on), rows in in_time.group_by(KEY[:2], maintain_order=True):
        known = labelled if evaluation == HOLDOUT else closed_before(labelled, origin_on)
        now = _snapshots_of(rows, snapshots)
        everyone = run(user_activity_features(user_days, active_users_at(user_days, origin_on)))
        sizes = tuned_sizes(known, sizes, value=value, seed=seed)
        origin = Origin(known, now, everyone, churn.horizon_days, churn.regularisation, seed, sizes)
        head = [pl.lit(evaluation).alias("evaluation"), pl.lit(origin_on).alias("origin_on")]
        made.append(challenger_forecasts(origin, value=value).select(*head, pl.all()))
    return pl.concat(made).sort(*KEY, "model") if made else _no_forecasts(forecasts)


def _snapshots_of(rows: pl.DataFrame, snapshots: pl.DataFrame) -> pl.DataFrame:
    """Pick the snapshots of the users that were forecast at an origin, by user."""
    at_risk = rows.select("user_id", snapshot_on="origin_on")
    return snapshots.join(at_risk, on=["user_id", "snapshot_on"], how="semi").sort("user_id")


def churn_challengers(
    forecasts: pl.DataFrame,
    challengers: pl.DataFrame,
    *,
    n_bins: int,
    samples: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Compare churn models on the same forecasts.

    Args:
        forecasts: `churn_forecasts`.
        challengers: `challenger_forecasts`.
        n_bins: Equal-mass bins of the ECE.
        samples: Simulations of its noise.
        rng: Stream of the simulations.

    Returns:
        `churn_challengers`: a challenger is better or worse when its log loss differs by more than
            one standard error, users as clusters.
    """
    rows: list[tuple[object, ...]] = []
    for evaluation, model, joined in _by_model(forecasts, challengers, "churn_probability"):
        churned = joined["is_churned"].cast(pl.Float64).to_numpy()
        shipped, scores = joined["churn_probability"].to_numpy(), joined["told"].to_numpy()
        bins = equal_mass_bins(scores, n_bins)
        noise = calibration_noise(scores, bins, samples=samples, rng=rng)[1]
        difference, error = _clustered_difference(
            log_loss(scores, churned) - log_loss(shipped, churned), user_codes(joined)
        )
        beside = (difference, error, _verdict(model, difference, error))
        quality = _quality(scores, churned, bins)
        rows.append((evaluation, model, *quality, noise, *beside, *_sizes(joined)))
    return pl.DataFrame(rows, schema=CHALLENGER_SCHEMA, orient="row")


def _quality(scores: Floats, churned: Floats, bins: Longs) -> tuple[float | None, ...]:
    """AUC (None where it is not defined), log loss, Brier score and calibration error."""
    area = float(auc(scores, churned, np.ones((1, len(churned))))[0])
    return (
        None if np.isnan(area) else area,
        float(log_loss(scores, churned).mean()),
        float(((scores - churned) ** 2).mean()),
        float(expected_calibration_error(scores, churned[None, :], bins)[0]),
    )


def _sizes(joined: pl.DataFrame) -> tuple[int, int]:
    return joined.height, joined["user_id"].n_unique()


def value_backtest(forecasts: pl.DataFrame, challengers: pl.DataFrame) -> pl.DataFrame:
    """Compare forecasts of the value of the next horizon with what was then seen.

    Returns:
        `value_backtest`: rank correlation, share of the perfect Gini, share of value held by the
            top decile, forecast over observed.
    """
    rows: list[tuple[object, ...]] = []
    for evaluation, model, joined in _by_model(forecasts, challengers, "expected_value"):
        values, seen = joined["told"].to_numpy(), joined["value_after"].to_numpy()
        total = float(seen.sum())
        bias = float(values.sum()) / total if total > 0 else None
        order = (spearman(values, seen), gini_share(values, seen), top_share_of(values, seen))
        rows.append((evaluation, model, *order, bias, *_sizes(joined)))
    return pl.DataFrame(rows, schema=VALUE_SCHEMA, orient="row")


def _by_model(
    forecasts: pl.DataFrame, challengers: pl.DataFrame, column: str
) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield each evaluation's models with their forecasts as `told`,
    the shipped one first, rows by user and origin.
    """
    for (evaluation,), rows in forecasts.group_by("evaluation", maintain_order=True):
        ordered = rows.sort("user_id", "origin_on")
        yield str(evaluation), SHIPPED, ordered.with_columns(told=column)
        for (model,), told in (
            challengers.drop_nulls(column).sort("model").group_by("model", maintain_order=True)
        ):
            joined = ordered.join(
                told.select(*KEY, told=column), on=KEY, how="inner", maintain_order="left"
            )
            if joined.height == ordered.height:
                yield str(evaluation), str(model), joined


def _clustered_difference(differences: Floats, users: Longs) -> tuple[float, float]:
    """Mean of row differences and its standard error with users as clusters."""
    mean, n_users = float(differences.mean()), int(users.max()) + 1
    sums = np.bincount(users, differences - mean)
    return mean, float(np.sqrt((sums**2).sum() * n_users / max(n_users - 1, 1)) / len(differences))


def _verdict(model: str, difference: float, error: float) -> str:
    if model == SHIPPED:
        return VERDICTS[0]
    if abs(difference) <= error:
        return VERDICTS[2]
    return VERDICTS[1] if difference > 0 else VERDICTS[3]


def _no_forecasts(forecasts: pl.DataFrame) -> pl.DataFrame:
    told = {
        name: pl.lit(None, pl.Float64)
        for name in ("churn_probability", "expected_value", "expected_loss")
    }
    return forecasts.head(0).select(*KEY, model=pl.lit(None, pl.String), **told)
