"""From the coefficient table to a probability, an interval and reasons: a pure function,
the same for the nightly batch and one user.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.calibration.calibrators import Curve, softplus
from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.learning.features import CHURN_FEATURES, GROUPS
from ntg_assets.churn.reasons.effects import Linear, Scored
from ntg_assets.churn.reasons.reasons import reasons
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.errors import ContractError
from ntg_assets.statistics.glm import Z_95, sigmoid, standard_error

CONTRIBUTIONS = [f"contribution_{group}" for group in GROUPS]
# the log odds are their sum, in this order
ADDENDS = ["contribution_baseline", *CONTRIBUTIONS, "contribution_calibration"]
MODEL_ERRORS = ("between_origins", "lack_of_fit")
N_REASONS = 3


def score_churn(
    snapshots: pl.DataFrame, coefficients: pl.DataFrame, uncertainty: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Score users from their activity and the coefficient table.

    Args:
        snapshots: Rows of `churn_snapshots`.
        coefficients: `churn_coefficients`.
        uncertainty: `churn_uncertainty`; without it the intervals are those of the coefficients'
            sampling error alone.

    Returns:
        One row per row of `snapshots`, in its order: `user_id`, `snapshot_on`, `churn_logit`,
        `churn_probability` with its 95% interval, and `ADDENDS`: added from left to right they are
        the logit, to the last bit.
    """
    table = _in_order(coefficients)
    matrix = design_matrix(snapshots, features=CHURN_FEATURES)
    standardised = _standardised(matrix, table)
    parts = _contributions(standardised, table["coefficient"].to_numpy())
    curve, before = _curve(table), add_up(parts)
    told = (before - curve.offset) / curve.slope
    parts["contribution_calibration"] = curve.bend * softplus(told)
    logit = add_up(parts)
    sampling = (
        standard_error(standardised, np.array(table["covariance"].to_list()))
        * curve.steepness(told)
        / curve.slope
    )
    margin = Z_95 * np.sqrt(sampling**2 + model_variance(logit, uncertainty))
    return snapshots.select("user_id", "snapshot_on").with_columns(
        pl.Series("churn_logit", logit),
        pl.Series("churn_probability", sigmoid(logit)),
        pl.Series("churn_probability_low", sigmoid(logit - margin)),
        pl.Series("churn_probability_high", sigmoid(logit + margin)),
        *(pl.Series(name, parts[name]) for name in ADDENDS),
    )


def linear_logit(matrix: Floats, coefficients: pl.DataFrame) -> Floats:
    """Log odds of transformed inputs (`design_matrix` of `CHURN_FEATURES`), without their parts."""
    table = _in_order(coefficients)
    standardised = _standardised(matrix, table)
    logit = np.full(len(standardised), table["coefficient"][0])
    for position, coefficient in enumerate(table["coefficient"].to_list()[1:]):
        logit += standardised[:, position] * coefficient
    return bent(logit, table)


def bent(logit: Floats, coefficients: pl.DataFrame) -> Floats:
    """Add the bend of the recalibration to log odds whose line is inside the coefficients
    already.
    """
    curve = _curve(coefficients)
    return (
        logit + curve.bend * softplus((logit - curve.offset) / curve.slope) if curve.bend else logit
    )


def model_variance(logit: Floats, uncertainty: pl.DataFrame | None) -> Floats:
    """Variance of the log odds beyond sampling,
    between the knots by a straight line and constant beyond them.
    """
    return np.asarray(
        sum(model_error_variance(logit, uncertainty, part=part) for part in MODEL_ERRORS)
    )


def model_error_variance(logit: Floats, uncertainty: pl.DataFrame | None, *, part: str) -> Floats:
    """Variance of the log odds by one of `MODEL_ERRORS`."""
    if uncertainty is None or uncertainty.is_empty():
        return np.zeros_like(logit)
    table = uncertainty.sort("knot")
    return np.interp(logit, table["churn_logit"].to_numpy(), table[part].to_numpy() ** 2)


def churn_scores(
    snapshots: pl.DataFrame,
    coefficients: pl.DataFrame,
    uncertainty: pl.DataFrame | None = None,
    *,
    settings: ChurnSettings,
) -> pl.DataFrame:
    """Score every user at the cutoff, which is the latest day of `snapshots`.

    Returns:
        `churn_scores`, by user: the scores of `score_churn`, the at-risk flag, the place among
        peers, the probability one step before and had the last visit been yesterday, and three
        reasons. The probability of users outside the at-risk population is an extrapolation.
    """
    cutoff_on = snapshots["snapshot_on"].max()
    now = snapshots.filter(pl.col("snapshot_on") == cutoff_on).sort("user_id")
    scored = score_churn(now, coefficients, uncertainty).with_columns(
        is_at_risk_population=now["recency_days"] <= settings.at_risk_window_days,
        recency_days=now["recency_days"],
        tenure_days=now["tenure_days"],
        method=pl.lit(coefficients["method"][0]),
    )
    users = _as_told(scored, now, _at_last_visit(snapshots, now), coefficients)
    told = pl.DataFrame(
        reasons(users, Linear.of(_in_order(coefficients)), n_reasons=N_REASONS)
    ).with_columns(
        churn_probability_at_last_visit=pl.Series(users.probability_at_last_visit).fill_nan(None)
    )
    before = _scores_before(snapshots, coefficients, settings=settings)
    placed = pl.concat([scored, told], how="horizontal").join(
        before, on="user_id", how="left", maintain_order="left"
    )
    return placed.rename({"snapshot_on": "cutoff_on"}).with_columns(
        risk_percentile=_percentile_among_peers()
    )


def add_up(parts: dict[str, Floats]) -> Floats:
    """Add contributions from left to right; the check of the table adds them in the same order."""
    total, *rest = parts.values()
    for part in rest:
        total = total + part
    return total


def _in_order(coefficients: pl.DataFrame) -> pl.DataFrame:
    table = coefficients.sort("position")
    wanted = ["intercept", *(feature.name for feature in CHURN_FEATURES)]
    if table["feature"].to_list() != wanted:
        unknown = sorted(set(table["feature"]) ^ set(wanted))
        msg = (
            "churn_coefficients: its features are not those of this version (differing:"
            f" {', '.join(unknown)}). Fit again."
        )
        raise ContractError(msg)
    return table


def _curve(table: pl.DataFrame) -> Curve:
    return Curve(*table.select(f"recalibration_{name}" for name in Curve._fields).row(0))


def _standardised(matrix: Floats, table: pl.DataFrame) -> Floats:
    """Transformed inputs as the fit of a coefficient table has standardised them."""
    mean, scale = (table[name].to_numpy()[1:] for name in ("mean", "scale"))
    return standardise(matrix, mean=mean, scale=scale)


def _contributions(standardised: Floats, coefficients: Floats) -> dict[str, Floats]:
    parts = {"contribution_baseline": np.full(len(standardised), coefficients[0])}
    parts |= {name: np.zeros(len(standardised)) for name in CONTRIBUTIONS}
    for position, feature in enumerate(CHURN_FEATURES):
        part = standardised[:, position] * coefficients[position + 1]
        parts[f"contribution_{feature.group}"] += part
    return parts


def _at_last_visit(snapshots: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The users of `now` on the day after their last active day,
    at tonight's time of year; null where that day is not among the rows.
    """
    last = now.select(
        "user_id", snapshot_on=pl.col("snapshot_on") - pl.duration(days=pl.col("recency_days") - 1)
    )
    rows = last.join(snapshots, on=["user_id", "snapshot_on"], how="left", maintain_order="left")
    return rows.with_columns(now["snapshot_on"])


def _as_told(
    scored: pl.DataFrame, now: pl.DataFrame, at_last_visit: pl.DataFrame, coefficients: pl.DataFrame
) -> Scored:
    is_peer, probability = (
        scored["is_at_risk_population"].to_numpy(),
        scored["churn_probability"].to_numpy(),
    )
    is_known = is_peer & at_last_visit["recency_days"].is_not_null().to_numpy()
    before = np.full(len(probability), np.nan)
    before[is_known] = score_churn(at_last_visit.filter(pl.Series(is_known)), coefficients)[
        "churn_probability"
    ].to_numpy()
    return Scored(now, at_last_visit, probability, before, is_peer)


def _scores_before(
    snapshots: pl.DataFrame, coefficients: pl.DataFrame, *, settings: ChurnSettings
) -> pl.DataFrame:
    step = pl.duration(days=settings.snapshot_step_days)
    before_on = snapshots["snapshot_on"].max() - step
    rows = snapshots.filter(pl.col("snapshot_on") == before_on)
    return score_churn(rows, coefficients).select(
        "user_id", churn_probability_before="churn_probability"
    )


def _percentile_among_peers() -> pl.Expr:
    """Share of the at-risk population with a lower or equal risk, by mid-rank; null outside it."""
    peers = pl.when("is_at_risk_population").then("churn_probability")
    return (peers.rank("average") - 0.5) / peers.count()
