"""Which stake points at what is then lost: the present pace at several half-lives,
and the modelled value of those who stay.

    python -m benchmarks.radar_stakes

For each log the origins of the walk forward are divided in an earlier and a later half. A choice is
made on the earlier half; the later one says whether it held. The figure is the share of the outcome
oracle's capture at the first tenth, averaged over the three windows in which a loss is counted
(`ntg_assets/evaluation/churn/radar_backtest.py`).
"""

from collections.abc import Callable
from statistics import fmean

import polars as pl
import typer

from benchmarks.churn import Log, complete_journey, movielens, nothing_held_out
from benchmarks.churn_model import whole_history
from benchmarks.harness import report
from ntg_assets.churn.snapshots import churn_labels, churn_snapshots, labelled_snapshots
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.forecasts import churn_forecasts
from ntg_assets.evaluation.churn.radar_backtest import LOSSES, WINDOWS, top_share
from ntg_assets.revenue.value.purchase_pace import present_pace, priced, user_habits
from ntg_assets.revenue.value.worth import capped_days
from ntg_assets.sql import query
from ntg_assets.storage.run import run

HALF_LIVES = (14, 30, 60, 90, 180, 365)
TOP_SHARE = 0.1
LOGS: dict[str, Callable[[], Log]] = {"movielens": movielens, "complete_journey": complete_journey}


def main() -> None:
    """Compare the stakes on the bundled logs."""
    figures = {name: stakes_of(make()) for name, make in LOGS.items()}
    report("radar_stakes", figures=figures, goals=[], folder=None)


def stakes_of(log: Log) -> dict[str, dict[str, float]]:
    """Average share of the oracle by stake, on the earlier half of the origins,
    the later half, and all.
    """
    events, churn, value = log
    user_days = run(
        query("features", "user_days", {"train_events": events.with_columns(weight=pl.lit(1.0))})
    )
    labels = run(churn_labels(user_days, whole_history(user_days), settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, whole_history(user_days), settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    past = walk_forward(labelled, settings=churn)
    forecasts = churn_forecasts(
        labelled, past, user_days, nothing_held_out(labelled), churn=churn, value=value
    )
    half_lives = sorted({*HALF_LIVES, churn.horizon_days})
    for half_life in half_lives:
        settings = value.model_copy(update={"pace_half_life_days": half_life})
        forecasts = _with_pace(
            forecasts,
            user_days,
            horizon_days=churn.horizon_days,
            settings=settings,
            name=f"pace_{half_life}d",
        )
    origins = forecasts["origin_on"].unique().sort()
    middle = origins[len(origins) // 2]
    parts = {
        "earlier": pl.col("origin_on") < middle,
        "later": pl.col("origin_on") >= middle,
        "all": pl.lit(value=True),
    }
    stakes = [*(f"pace_{half_life}d" for half_life in half_lives), "if_active_at_stake"]
    return {
        stake: {part: _share(forecasts.filter(chosen), stake) for part, chosen in parts.items()}
        for stake in stakes
    }


def _with_pace(
    forecasts: pl.DataFrame,
    user_days: pl.DataFrame,
    *,
    horizon_days: int,
    settings: ValueSettings,
    name: str,
) -> pl.DataFrame:
    made = []
    for origin_on in forecasts["origin_on"].unique().sort().to_list():
        capped = run(capped_days(user_days, cutoff_on=origin_on, settings=settings))
        habits = run(
            user_habits(
                user_days, capped, cutoff_on=origin_on, horizon_days=horizon_days, settings=settings
            )
        )
        habits = priced(habits, settings=settings)
        pace = pl.Series(name, present_pace(habits, horizon_days=horizon_days, settings=settings))
        made.append(habits.select("user_id", pl.lit(origin_on).alias("origin_on"), pace))
    return forecasts.join(
        pl.concat(made), on=["user_id", "origin_on"], how="left", maintain_order="left"
    )


def _share(forecasts: pl.DataFrame, stake: str) -> float:
    return fmean(_of_oracle(forecasts.with_columns(lost=LOSSES[loss]), stake) for loss in WINDOWS)


def _of_oracle(forecasts: pl.DataFrame, stake: str) -> float:
    held, best = (
        float(forecasts.filter(top_share(forecasts, ranking, TOP_SHARE))["lost"].sum())
        for ranking in (pl.col("churn_probability") * pl.col(stake), pl.col("lost"))
    )
    return held / best


if __name__ == "__main__":
    typer.run(main)
