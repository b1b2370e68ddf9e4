"""From the coefficient table to a probability, an interval and reasons: a pure function, the same for the nightly batch and one user."""

import numpy as np
import polars as pl

from ntg_assets.churn.design import CHURN_FEATURES, GROUPS, Floats, design_matrix, standardise
from ntg_assets.churn.logistic import Z_95, sigmoid, standard_error
from ntg_assets.churn.reasons import reasons
from ntg_assets.churn.settings import ChurnSettings
from ntg_assets.errors import ContractError

CONTRIBUTIONS = [f"contribution_{group}" for group in GROUPS]
N_REASONS = 3


def score_churn(snapshots: pl.DataFrame, coefficients: pl.DataFrame) -> pl.DataFrame:
    """Score users from their activity and the coefficient table.

    Args:
        snapshots: Rows of `churn_snapshots`.
        coefficients: `churn_coefficients`.

    Returns:
        One row per row of `snapshots`, in its order: `user_id`, `snapshot_on`, `churn_logit`, `churn_probability` with its 95%
        interval, `contribution_baseline` and one contribution per group. Added from left to right they are the logit, to the last bit.
    """
    table = _in_order(coefficients)
    matrix = design_matrix(snapshots, features=CHURN_FEATURES)
    standardised = standardise(matrix, mean=table["mean"].to_numpy()[1:], scale=table["scale"].to_numpy()[1:])
    parts = _contributions(standardised, table["coefficient"].to_numpy())
    logit = add_up(parts)
    margin = Z_95 * standard_error(standardised, np.array(table["covariance"].to_list()))
    return snapshots.select("user_id", "snapshot_on").with_columns(
        pl.Series("churn_logit", logit),
        pl.Series("churn_probability", sigmoid(logit)),
        pl.Series("churn_probability_low", sigmoid(logit - margin)),
        pl.Series("churn_probability_high", sigmoid(logit + margin)),
        *(pl.Series(name, values) for name, values in parts.items()),
    )


def churn_scores(snapshots: pl.DataFrame, coefficients: pl.DataFrame, *, settings: ChurnSettings) -> pl.DataFrame:
    """Score every user at the cutoff, which is the latest day of `snapshots`.

    Returns:
        `churn_scores`, by user: the scores of `score_churn`, the at-risk flag, the place among peers, the probability one step
        before, and three reasons. The probability of users outside the at-risk population is an extrapolation.
    """
    cutoff_on = snapshots["snapshot_on"].max()
    now = snapshots.filter(pl.col("snapshot_on") == cutoff_on).sort("user_id")
    scored = score_churn(now, coefficients).with_columns(
        is_at_risk_population=now["recency_days"] <= settings.at_risk_window_days,
        recency_days=now["recency_days"],
        tenure_days=now["tenure_days"],
        method=pl.lit(coefficients["method"][0]),
    )
    told = pl.DataFrame(reasons(now, scored.select(CONTRIBUTIONS).to_numpy(), n_reasons=N_REASONS))
    before = _scores_before(snapshots, coefficients, settings=settings)
    placed = pl.concat([scored, told], how="horizontal").join(before, on="user_id", how="left", maintain_order="left")
    return placed.rename({"snapshot_on": "cutoff_on"}).with_columns(risk_percentile=_percentile_among_peers())


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
        msg = f"churn_coefficients: its features are not those of this version (differing: {', '.join(unknown)}). Fit again."
        raise ContractError(msg)
    return table


def _contributions(standardised: Floats, coefficients: Floats) -> dict[str, Floats]:
    parts = {"contribution_baseline": np.full(len(standardised), coefficients[0])}
    parts |= {name: np.zeros(len(standardised)) for name in CONTRIBUTIONS}
    for position, feature in enumerate(CHURN_FEATURES):
        parts[f"contribution_{feature.group}"] += standardised[:, position] * coefficients[position + 1]
    return parts


def _scores_before(snapshots: pl.DataFrame, coefficients: pl.DataFrame, *, settings: ChurnSettings) -> pl.DataFrame:
    before_on = snapshots["snapshot_on"].max() - pl.duration(days=settings.snapshot_step_days)
    rows = snapshots.filter(pl.col("snapshot_on") == before_on)
    return score_churn(rows, coefficients).select("user_id", churn_probability_before="churn_probability")


def _percentile_among_peers() -> pl.Expr:
    """Share of the at-risk population with a lower or equal risk, by mid-rank; null outside it."""
    peers = pl.when("is_at_risk_population").then("churn_probability")
    return (peers.rank("average") - 0.5) / peers.count()
