"""How sure the radar is: losses of the whole portfolio,
and whether a user would still be at the top with other coefficients.

Coefficients are drawn from their clustered covariance, and with them the model error of
`churn_uncertainty`: what moves from origin to origin moves all users at once, what the model does
not fit moves each by itself. Given all this, who leaves is drawn independently. The stake is taken
as known.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.scores import MODEL_ERRORS, bent, model_error_variance
from ntg_assets.statistics.glm import sigmoid, with_intercept
from ntg_assets.statistics.one_thread import one_thread

DRAWS = 400
TOP_SHARE = 0.1
LOSS_POINTS = (0.05, 0.5, 0.95)
INTERVAL = (0.025, 0.975)
MAX_HELD = 40_000_000  # drawn probabilities held at once: 320 MB; beyond it fewer draws are made
MIN_DRAWS = 100
ALL = "all"


def radar_stability(
    radar: pl.DataFrame,
    snapshots: pl.DataFrame,
    coefficients: pl.DataFrame,
    uncertainty: pl.DataFrame | None = None,
    *,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Say how surely each at-risk user belongs to the top decile of the radar.

    Args:
        radar: `revenue_risk_radar`.
        snapshots: `churn_snapshots`; the rows of the latest day are read.
        coefficients: `churn_coefficients`.
        uncertainty: `churn_uncertainty`; none: the model is taken as right.
        rng: Stream of the draws.

    Returns:
        `radar_stability`, by user; at-risk users only.
    """
    rows = _at_risk(radar, snapshots)
    stake, n_top = rows["ltv_at_stake"].to_numpy(), -(-rows.height // round(1 / TOP_SHARE))
    drawn = np.array(
        [risk * stake for risk in _drawn_risks(rows, coefficients, uncertainty, rng=rng)]
    ).reshape(MIN_DRAWS if rows.is_empty() else -1, rows.height)
    at_top = np.zeros(rows.height)
    for losses in drawn:
        at_top[np.argsort(-losses, kind="stable")[:n_top]] += 1
    low, high = np.quantile(drawn, INTERVAL, axis=0) if rows.height else (np.zeros(0), np.zeros(0))
    return rows.select("user_id", "revenue_at_risk").with_columns(
        revenue_at_risk_low=pl.Series(low, dtype=pl.Float64),
        revenue_at_risk_high=pl.Series(high, dtype=pl.Float64),
        top_decile_probability=pl.Series(at_top / max(len(drawn), 1), dtype=pl.Float64),
        is_in_top_decile=pl.Series(_is_top(rows, n_top), dtype=pl.Boolean),
    )


def radar_portfolio(
    radar: pl.DataFrame,
    snapshots: pl.DataFrame,
    coefficients: pl.DataFrame,
    uncertainty: pl.DataFrame | None = None,
    *,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Roll the radar up, overall and by life-cycle segment, with the spread of what may be lost.

    Returns:
        `radar_portfolio`: `all` first, then the segments by name; concentration is within the
            segment.
    """
    rows = _at_risk(radar, snapshots)
    stake, segment = rows["ltv_at_stake"].to_numpy(), rows["segment"].to_numpy()
    names = [ALL, *sorted(set(segment.tolist()))]
    masks = {
        name: np.ones(rows.height, dtype=bool) if name == ALL else segment == name for name in names
    }
    totals: dict[str, list[float]] = {name: [] for name in names}
    for risk in _drawn_risks(rows, coefficients, uncertainty, rng=rng):
        lost = (rng.random(rows.height) < risk) * stake
        for name, mask in masks.items():
            totals[name].append(float(lost[mask].sum()))
    present = [name for name in names if masks[name].any()]
    return pl.DataFrame(
        [
            _roll_up(rows.filter(pl.Series(masks[name])), name, np.array(totals[name]))
            for name in present
        ],
        SCHEMA,
    )


SCHEMA = {
    "segment": pl.String,
    "n_users": pl.Int64,
    "value_at_stake": pl.Float64,
    "revenue_at_risk": pl.Float64,
    "mean_churn_probability": pl.Float64,
    "loss_p05": pl.Float64,
    "loss_p50": pl.Float64,
    "loss_p95": pl.Float64,
    "top_1_percent_share": pl.Float64,
    "top_5_percent_share": pl.Float64,
    "top_10_percent_share": pl.Float64,
    "unit": pl.String,
}


def _at_risk(radar: pl.DataFrame, snapshots: pl.DataFrame) -> pl.DataFrame:
    now = snapshots.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max())
    return (
        radar.filter("is_at_risk_population").join(now, on="user_id", how="inner").sort("user_id")
    )


def _drawn_risks(
    rows: pl.DataFrame,
    coefficients: pl.DataFrame,
    uncertainty: pl.DataFrame | None,
    *,
    rng: np.random.Generator,
) -> Iterator[Floats]:
    """Yield the churn probabilities of all rows under one draw of coefficients and model error
    after another.
    """
    table = coefficients.sort("position")
    inputs = standardise(
        design_matrix(rows, features=CHURN_FEATURES),
        mean=table["mean"].to_numpy()[1:],
        scale=table["scale"].to_numpy()[1:],
    )
    n_draws = max(MIN_DRAWS, min(DRAWS, MAX_HELD // max(rows.height, 1)))
    with one_thread():  # the order of sums in a threaded product is not fixed
        drawn = rng.multivariate_normal(
            table["coefficient"].to_numpy(),
            np.array(table["covariance"].to_list()),
            size=n_draws,
            method="eigh",
            check_valid="ignore",
        )
        design = with_intercept(inputs)
        log_odds = bent(design @ table["coefficient"].to_numpy(), table)
        together, apart = (
            np.sqrt(model_error_variance(log_odds, uncertainty, part=part)) for part in MODEL_ERRORS
        )
        for coefficient in drawn:
            error = rng.standard_normal() * together + rng.standard_normal(rows.height) * apart
            yield sigmoid(bent(design @ coefficient, table) + error)


def _is_top(rows: pl.DataFrame, n_top: int) -> Floats:
    return (rows["revenue_at_risk"].rank("ordinal", descending=True) <= n_top).to_numpy()


def _roll_up(rows: pl.DataFrame, segment: str, totals: Floats) -> dict[str, object]:
    at_risk = np.sort(rows["revenue_at_risk"].to_numpy())[::-1]
    low, middle, high = np.quantile(totals, LOSS_POINTS)
    shares = {
        f"top_{percent}_percent_share": _held_by_top(at_risk, percent) for percent in (1, 5, 10)
    }
    return {
        "segment": segment,
        "n_users": rows.height,
        "value_at_stake": float(rows["ltv_at_stake"].to_numpy().sum()),
        "revenue_at_risk": float(at_risk.sum()),
        "mean_churn_probability": float(rows["churn_probability"].to_numpy().mean()),
        "loss_p05": float(low),
        "loss_p50": float(middle),
        "loss_p95": float(high),
        **shares,
        "unit": rows["unit"][0],
    }


def _held_by_top(at_risk: Floats, percent: int) -> float:
    """Share of the sum held by the first per cents of the rows, rounded up."""
    n_top = -(-len(at_risk) * percent // 100)
    return float(at_risk[:n_top].sum() / at_risk.sum()) if at_risk.sum() > 0 else 0.0
