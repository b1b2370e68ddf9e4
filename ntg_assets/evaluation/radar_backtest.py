"""The radar tested in money: of the value that was then really lost, how much did the top of each ranking hold?

What is lost is measured twice: `left`, what users who then fell silent had been worth per horizon while at risk; `dropped`, any fall
below that. What a user would have been worth had they stayed is never observed, so neither is the whole truth.

The answer depends on that window. Counting only the last horizon as lost, the first tenth by P(churn) x present pace held 0.44 of what
the oracle's did on MovieLens (0.60 over the at-risk window) and 0.23 on the Complete Journey (0.29); the order of the rankings was the
same on MovieLens, on the Complete Journey `if_active` was then slightly ahead of `run_rate`.

The oracle knows who leaves. `attainable` knows only what each user had been worth and the churn probabilities: no ranking made of these
probabilities can be expected to hold more of `left`.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from ntg_assets.churn.logistic import user_codes
from ntg_assets.evaluation.churn_metrics import Floats, percentile_interval, user_weights

DEPTHS = (0.05, 0.1, 0.2)
LOSSES = {"left": "lost_value", "dropped": "dropped_value"}
RANKINGS: Mapping[str, pl.Expr] = {
    "radar": pl.col("churn_probability") * pl.col("ltv_at_stake"),
    "run_rate": pl.col("churn_probability") * pl.col("run_rate_at_stake"),
    "if_active": pl.col("churn_probability") * pl.col("if_active_at_stake"),
    "churn_probability": pl.col("churn_probability"),
    "value_at_stake": pl.col("ltv_at_stake"),
    "risk_times_ltv": pl.col("churn_probability") * pl.col("ltv"),
    "attainable": pl.col("churn_probability") * pl.col("value_before"),
}
BACKTEST_SCHEMA = {
    "evaluation": pl.String,
    "loss": pl.String,
    "ranking": pl.String,
    "depth_share": pl.Float64,
    "captured_share": pl.Float64,
    "captured_share_low": pl.Float64,
    "captured_share_high": pl.Float64,
    "oracle_captured_share": pl.Float64,
    "share_of_oracle": pl.Float64,
    "lost_total": pl.Float64,
    "n_origins": pl.Int64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
    "n_losing": pl.Int64,
}


def radar_backtest(forecasts: pl.DataFrame, *, samples: int, rng: np.random.Generator) -> pl.DataFrame:
    """Measure the share of the loss that each ranking would have pointed at.

    Args:
        forecasts: `churn_forecasts`.
        samples: Resamples of users behind each interval; the lists stay as they were.
        rng: Stream of the resampling.

    Returns:
        `radar_backtest`: by evaluation, kind of loss, ranking and depth; the list is cut anew at each origin.
    """
    rows: list[tuple[object, ...]] = []
    for (evaluation,), part in forecasts.group_by("evaluation", maintain_order=True):
        ordered = part.sort("user_id", "origin_on")
        weights = user_weights(user_codes(ordered), samples=samples, rng=rng)
        for loss, column in LOSSES.items():
            rows += [(evaluation, loss, *row) for row in _captures(ordered, column, weights)]
    return pl.DataFrame(rows, schema=BACKTEST_SCHEMA, orient="row")


def top_share(forecasts: pl.DataFrame, ranking: pl.Expr, depth: float) -> pl.Series:
    """Mark the first `depth` share (rounded up) of each origin's users by a ranking; ties by user id."""
    ranked = forecasts.with_columns(key=ranking).with_row_index("row").sort("origin_on", "key", "user_id", descending=[False, True, False])
    place = pl.int_range(1, pl.len() + 1).over("origin_on")
    size = (depth * pl.len()).ceil().over("origin_on")
    return ranked.with_columns(is_top=place <= size).sort("row")["is_top"]


def _captures(ordered: pl.DataFrame, column: str, weights: Floats) -> Iterator[tuple[object, ...]]:
    lost = ordered[column].to_numpy()
    total = float(lost.sum())
    sizes = (ordered["origin_on"].n_unique(), ordered.height, ordered["user_id"].n_unique(), int((lost > 0).sum()))
    for depth in DEPTHS:
        oracle = _share(lost, top_share(ordered, pl.col(column), depth).to_numpy(), total)
        for name, ranking in {**RANKINGS, "oracle": pl.col(column)}.items():
            top = top_share(ordered, ranking, depth).to_numpy()
            captured = _share(lost, top, total)
            drawn = weights @ lost
            low, high = percentile_interval(np.where(drawn > 0, (weights @ (lost * top)) / np.where(drawn > 0, drawn, 1.0), np.nan))
            relative = captured / oracle if captured is not None and oracle else None
            yield name, depth, captured, low, high, oracle, relative, total, *sizes


def _share(lost: Floats, top: Floats, total: float) -> float | None:
    return float((lost * top).sum() / total) if total > 0 else None
