"""The radar tested in money: of the value that was then really lost,
how much did the top of each ranking hold?

What is lost is measured in several ways, for what a user would have been worth had they stayed is
never observed:

- `left`: what users who then fell silent had been worth per horizon while at risk (the headline);
- `left_last`, `left_ever`: the same over the last horizon alone, and over the whole tenure: how
  much hangs on the window;
- `dropped`: any fall below the value while at risk, of those who stay too.

The oracle knows the loss itself. `attainable` knows exactly what each user had been worth, and of
who leaves only the churn probabilities: no ranking made of these probabilities can be expected to
hold more of what leavers take. `direct_loss` is a model of the loss itself (boosted trees, so with
every interaction), fitted at the same origins.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.logistic import user_codes
from ntg_assets.statistics.bootstrap import percentile_interval, row_weights

DEPTHS = (0.05, 0.1, 0.2)
LEFT, DROPPED = "left", "dropped"
WINDOWS = {LEFT: "value_before", "left_last": "value_before_last", "left_ever": "value_before_ever"}
LOSSES: Mapping[str, pl.Expr] = {
    **{loss: pl.when("is_churned").then(column).otherwise(0.0) for loss, column in WINDOWS.items()},
    DROPPED: pl.col("dropped_value"),
}
RANKINGS: Mapping[str, pl.Expr] = {
    "radar": pl.col("churn_probability") * pl.col("ltv_at_stake"),
    "run_rate": pl.col("churn_probability") * pl.col("run_rate"),
    "if_active": pl.col("churn_probability") * pl.col("horizon_at_stake"),
    "churn_probability": pl.col("churn_probability"),
    "value_at_stake": pl.col("ltv_at_stake"),
    "risk_times_ltv": pl.col("churn_probability") * pl.col("ltv"),
    "direct_loss": pl.col("direct_loss"),
}
# models of `challenger_forecasts`, and the column that ranks by them
CHALLENGERS: Mapping[str, str] = {"direct_loss": "expected_loss", "run_rate": "expected_value"}
ATTAINABLE, ORACLE = "attainable", "oracle"
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


def radar_backtest(
    forecasts: pl.DataFrame,
    challengers: pl.DataFrame | None = None,
    *,
    samples: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Measure the share of the loss that each ranking would have pointed at.

    Args:
        forecasts: `churn_forecasts`.
        challengers: `challenger_forecasts`, for the direct model of the loss and the run rate;
            none: both are left out.
        samples: Resamples of users behind each interval; the lists stay as they were.
        rng: Stream of the resampling.

    Returns:
        `radar_backtest`: by evaluation, kind of loss, ranking and depth; the list is cut anew at
            each origin.
    """
    rows: list[tuple[object, ...]] = []
    for (evaluation,), part in _with_challengers(forecasts, challengers).group_by(
        "evaluation", maintain_order=True
    ):
        ordered = part.sort("user_id", "origin_on")
        weights = row_weights(user_codes(ordered), samples=samples, rng=rng)
        for loss, amount in LOSSES.items():
            rows += [
                (evaluation, loss, *row)
                for row in _captures(
                    ordered.with_columns(lost=amount), _rankings(ordered, loss), weights
                )
            ]
    return pl.DataFrame(rows, schema=BACKTEST_SCHEMA, orient="row")


def top_share(placed: pl.DataFrame, depth: float) -> pl.Series:
    """Mark the first `depth` share (rounded up) of each origin's users, who are `placed`."""
    return placed["place"] <= (depth * placed["size"]).ceil()


def placed_by(forecasts: pl.DataFrame, ranking: pl.Expr) -> pl.DataFrame:
    """Place of each row among the users of its origin, ties by user id, and their number; rows as
    given.
    """
    ranked = forecasts.select("origin_on", "user_id", key=ranking).with_row_index("row")
    ordered = ranked.sort("origin_on", "key", "user_id", descending=[False, True, False])
    placed = ordered.with_columns(
        place=pl.int_range(1, pl.len() + 1).over("origin_on"), size=pl.len().over("origin_on")
    )
    return placed.sort("row").select("place", "size")


def _with_challengers(forecasts: pl.DataFrame, challengers: pl.DataFrame | None) -> pl.DataFrame:
    joined = forecasts
    for model, column in CHALLENGERS.items():
        if challengers is None:
            joined = joined.with_columns(pl.lit(None, pl.Float64).alias(model))
            continue
        key = ["evaluation", "origin_on", "user_id"]
        rows = challengers.filter(pl.col("model") == model)
        told = rows.select(*key, pl.col(column).alias(model))
        joined = joined.join(told, on=key, how="left", maintain_order="left")
    return joined


def _rankings(ordered: pl.DataFrame, loss: str) -> dict[str, pl.Expr]:
    """Rankings that can be made: challengers where they were fitted at every origin,
    the attainable one for what leavers take.
    """
    made = {
        name: ranking
        for name, ranking in RANKINGS.items()
        if name not in CHALLENGERS or ordered[name].null_count() == 0
    }
    attainable = (
        {ATTAINABLE: pl.col("churn_probability") * pl.col(WINDOWS[loss])} if loss in WINDOWS else {}
    )
    return {**made, **attainable, ORACLE: pl.col("lost")}


def _captures(
    ordered: pl.DataFrame, rankings: Mapping[str, pl.Expr], weights: Floats
) -> Iterator[tuple[object, ...]]:
    lost = ordered["lost"].to_numpy()
    total, drawn = float(lost.sum()), weights @ lost
    sizes = _sizes(ordered, lost)
    placed = {name: placed_by(ordered, ranking) for name, ranking in rankings.items()}
    for depth in DEPTHS:
        tops = {name: top_share(rows, depth).to_numpy() for name, rows in placed.items()}
        oracle = _share(lost, tops[ORACLE], total)
        for name, top in tops.items():
            captured = _share(lost, top, total)
            low, high = _interval(weights[:, top] @ lost[top], drawn)
            relative = captured / oracle if captured is not None and oracle else None
            yield name, depth, captured, low, high, oracle, relative, total, *sizes


def _interval(held: Floats, drawn: Floats) -> tuple[float | None, float | None]:
    """Interval of a share of what was lost, over resamples of users in which anything was."""
    shares = np.where(drawn > 0, held / np.where(drawn > 0, drawn, 1.0), np.nan)
    return percentile_interval(shares)


def _sizes(ordered: pl.DataFrame, lost: Floats) -> tuple[int, int, int, int]:
    """Origins, forecasts, users, and forecasts of who took something along."""
    n_origins, n_users = ordered["origin_on"].n_unique(), ordered["user_id"].n_unique()
    return n_origins, ordered.height, n_users, int((lost > 0).sum())


def _share(lost: Floats, top: Floats, total: float) -> float | None:
    return float((lost * top).sum() / total) if total > 0 else None
