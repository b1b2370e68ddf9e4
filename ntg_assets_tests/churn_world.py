"""Churn and revenue end to end from a log, as the assets do it,
without Dagster; and logs with known behaviour.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from ntg_assets.churn.model import fit_churn_model
from ntg_assets.churn.model_selection import forecasts_of, shipped_model
from ntg_assets.churn.scores import churn_scores
from ntg_assets.churn.snapshots import (
    History,
    at_the_cutoff,
    churn_labels,
    churn_snapshots,
    labelled_snapshots,
    train_history,
)
from ntg_assets.churn.walk_forward import walk_forward
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar
from ntg_assets.revenue.value.horizon_forecasts import fit_ltv_ranges
from ntg_assets.revenue.value.ltv import ValueModel, score_value
from ntg_assets.revenue.value.past_values import past_values
from ntg_assets.revenue.value.prices import KnownPrices, levels_to, priced, priced_days
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.revenue.value.value_model import fit_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.revenue.value.value_shapes import value_shapes
from ntg_assets.revenue.value.ways.population import period_ends
from ntg_assets.revenue.value.worth import capped_days, counted
from ntg_assets.sql import query
from ntg_assets.storage.run import run

CHURN = ChurnSettings(horizon_days=20, walk_forward_origins=4)  # each is learned and judged alike
VALUE = ValueSettings(horizon_days=60)


@dataclass(frozen=True)
class Tables:
    """The tables of churn and revenue, by the names they are stored under."""

    history: History
    user_days: pl.DataFrame
    churn_labels: pl.DataFrame
    churn_snapshots: pl.DataFrame
    labelled: pl.DataFrame
    churn_walk_forward: pl.DataFrame
    churn_model_selection: pl.DataFrame
    churn_recalibration: pl.DataFrame
    churn_coefficients: pl.DataFrame
    churn_uncertainty: pl.DataFrame
    churn_scores: pl.DataFrame
    capped_days: pl.DataFrame
    value_coefficients: pl.DataFrame
    value_walk_forward: pl.DataFrame
    value_shapes: pl.DataFrame
    ltv_estimates: pl.DataFrame
    revenue_risk_radar: pl.DataFrame


def everyone_of(tables: Tables) -> pl.DataFrame:
    """Activity of every user known at the cutoff."""
    return at_the_cutoff(tables.churn_snapshots)


def shipped_forecasts(tables: Tables) -> pl.DataFrame:
    """What the shipped churn model would have said at past origins."""
    return forecasts_of(tables.churn_walk_forward, shipped_model(tables.churn_model_selection))


def boundaries(
    start_on: date, end_on: date, *, log_end_on: date | None = None, strategy: str = "global_time"
) -> pl.DataFrame:
    """`split_boundaries` of a log whose TRAIN is `[start_on, end_on)`."""
    start_at, end_at = (datetime.combine(day, datetime.min.time()) for day in (start_on, end_on))
    log_end = datetime.combine(log_end_on or end_on, datetime.min.time())
    parts = [("train", start_at, end_at, strategy), ("test", end_at, log_end, strategy)]
    names = ["part", "start_at", "end_at", "strategy"]
    return pl.DataFrame(parts, schema=names, orient="row").with_columns(
        pl.col("start_at", "end_at").cast(pl.Datetime("us"))
    )


def user_days_of(train_events: pl.DataFrame) -> pl.DataFrame:
    return run(query("features", "user_days", {"train_events": train_events}))


def days(*rows: tuple[object, str], value: float = 1.0) -> pl.DataFrame:
    """`user_days` from (user, ISO date): one event of one item a day."""
    made = [(user, date.fromisoformat(on), 1, 1, 1.0, value) for user, on in rows]
    names = ["user_id", "active_on", "n_events", "n_items", "engagement", "value_sum"]
    return pl.DataFrame(made, schema=names, orient="row")


def make_tables(
    user_days: pl.DataFrame,
    split: pl.DataFrame,
    *,
    churn: ChurnSettings = CHURN,
    value: ValueSettings = VALUE,
) -> Tables:
    """Run everything from the active days of TRAIN to the radar."""
    history = train_history(split)
    labels = run(churn_labels(user_days, history, settings=churn))
    snapshots = run(churn_snapshots(user_days, labels, history, settings=churn))
    labelled = labelled_snapshots(snapshots, labels)
    past = walk_forward(labelled, user_days, settings=churn)
    everyone = at_the_cutoff(snapshots)
    model = fit_churn_model(labelled, everyone, past, cutoff_on=history.cutoff_on, settings=churn)
    scores = churn_scores(snapshots, model.coefficients, model.uncertainty, settings=churn)
    steps = KnownPrices(user_days, value).steps(history.cutoff_on)
    days = priced_days(user_days, levels_to(steps))
    capped = run(capped_days(days, cutoff_on=history.cutoff_on, settings=value))
    paid = counted(priced(labelled, user_days, steps), capped)
    value_coefficients = fit_value(paid, settings=value)
    ranges = fit_value_ranges(paid, model.coefficients, value_coefficients, settings=value)
    followed = past_values(user_days, labelled, past, history, churn=churn, value=value)
    ends = period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days)
    shapes = value_shapes(
        value_evidence(followed), known_on=history.complete_until_on, n_stated=len(ends)
    )
    whole = fit_ltv_ranges(followed, shapes, known_on=history.complete_until_on)
    worth = ValueModel(value_coefficients, shapes, ranges, whole, capped, steps)
    values = score_value(snapshots, scores, worth, user_days, history, churn=churn, value=value)
    radar = revenue_risk_radar(scores, values, settings=churn)
    fitted = (past, model.selection, model.recalibration, model.coefficients, model.uncertainty)
    return Tables(
        history,
        user_days,
        labels,
        snapshots,
        labelled,
        *fitted,
        scores,
        capped,
        value_coefficients,
        followed,
        shapes,
        values,
        radar,
    )


def leaving_log(
    seed: int, *, n_users: int = 80, n_days: int = 240, text_ids: bool = False
) -> pl.DataFrame:
    """`user_days` of users with a pace of their own who leave at a constant rate,
    most within the log; starts 2024-01-01.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(1, n_users + 1):
        joined, stays = rng.integers(0, n_days // 2), rng.exponential(90)
        active = joined + np.flatnonzero(rng.random(int(stays) + 1) < rng.uniform(0.05, 0.6))
        seen = {int(joined), *(int(day) for day in active if day < n_days)}
        rows += [
            (f"u{user}" if text_ids else user, date(2024, 1, 1) + timedelta(days=day))
            for day in sorted(seen)
        ]
    made = [
        (user, on, int(rng.integers(1, 6)), 1, 1.0, float(rng.integers(1, 20))) for user, on in rows
    ]
    names = ["user_id", "active_on", "n_events", "n_items", "engagement", "value_sum"]
    return pl.DataFrame(made, schema=names, orient="row")


@cache
def leaving_tables(seed: int = 3, *, n_users: int = 80, text_ids: bool = False) -> Tables:
    """Tables of a `leaving_log` with all its days in TRAIN, made once in a process."""
    log = leaving_log(seed, n_users=n_users, text_ids=text_ids)
    return make_tables(log, boundaries(date(2024, 1, 1), date(2024, 8, 28)))
