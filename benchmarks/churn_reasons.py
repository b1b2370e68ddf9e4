"""Reasons on every bundled and made log: none against plain sense, and what raises the risk where a
contact would be made.

    python -m benchmarks.churn --only reasons

At three cutoffs of each log (45%, 70% and all of it) everybody is scored. Held against sense is
every fact of every reason, by the words and the users' numbers alone
(`churn.reasons.reason_audit`).
Contacts are taken to be the tenth of those at risk with the most to lose, by P(churn) x decayed
value; the contact lists of a run are counted by its own check.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks.churn_model import FOUR_WEEKS, Scored, scores_and_snapshots, whole_history
from benchmarks.churn_value import complete_journey_days
from benchmarks.harness import Goal
from benchmarks.logs import configured_log
from benchmarks.made_logs import LOGS, write_log
from benchmarks.value_worlds import WORLDS
from ntg_assets.churn.reasons.reason_audit import RAISES, reasons_against_sense
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.local_days import with_event_on
from ntg_assets.sql import query
from ntg_assets.storage.run import run

CUTS = (0.45, 0.7, 1.0)
CONTACTED = 0.1
MADE_USERS = 3_000
RAISING_GOAL = 0.95
WORLD_HORIZONS = {"fading": 14, "weibull_with_a_price_jump": 60, "seasons": 45}

Log = Callable[[], tuple[pl.DataFrame, ChurnSettings]]


def reasons_part() -> tuple[dict[str, Any], list[Goal]]:
    """Judge every log at its cutoffs."""
    figures: dict[str, Any] = {}
    for name, log in logs().items():
        user_days, churn = log()
        for cut in CUTS:
            counts = evaluate_reasons(user_days, churn, cut)
            figures[f"{name} at {cut:.0%}"] = counts
            print(f"{name} at {cut:.0%}: {counts}", flush=True)  # progress of minutes
    against = sum(counts["against_sense"] for counts in figures.values())
    lowest = min(counts["contacts_with_what_raises"] for counts in figures.values())
    return figures, [
        Goal("reasons: facts told against plain sense", float(against), 0.0, "at_most"),
        Goal(
            "reasons: contacts that say what raises the risk, lowest log and cutoff",
            lowest,
            RAISING_GOAL,
            "at_least",
        ),
    ]


def logs() -> dict[str, Log]:
    """Every log by name, read or made when it is asked for."""
    made: dict[str, Log] = {
        "movielens": lambda: _configured("configs/dev.yaml"),
        "complete_journey": lambda: (complete_journey_days(), FOUR_WEEKS),
    }
    made |= {world: partial(_world, world) for world in WORLD_HORIZONS}
    return made | {name: partial(_written, name) for name in LOGS}


def evaluate_reasons(user_days: pl.DataFrame, churn: ChurnSettings, cut: float) -> dict[str, Any]:
    """Score everybody after a share of the log, and count what is told."""
    whole = whole_history(user_days)
    n_days = (whole.complete_until_on - whole.start_on).days
    cutoff_on = whole.start_on + timedelta(days=int(cut * n_days))
    known = user_days.filter(pl.col("active_on") < cutoff_on)
    made = scores_and_snapshots(
        known, replace(whole, complete_until_on=cutoff_on, cutoff_on=cutoff_on), churn
    )
    contacts = _contacts(made)
    return {
        "at_risk": int(made.scores["is_at_risk_population"].sum()),
        "against_sense": reasons_against_sense(made.scores, made.snapshots).height,
        "contacts": contacts.height,
        "contacts_with_what_raises": _raising_share(contacts),
        "all_at_risk_with_what_raises": _raising_share(made.scores.filter("is_at_risk_population")),
    }


def _contacts(made: Scored) -> pl.DataFrame:
    worth = made.snapshots.select("user_id", "decayed_value_90d", cutoff_on="snapshot_on")
    at_risk = made.scores.filter("is_at_risk_population").join(worth, on=["user_id", "cutoff_on"])
    loss = pl.col("churn_probability") * pl.col("decayed_value_90d")
    return at_risk.sort(loss, "user_id", descending=[True, False]).head(
        -(-at_risk.height // round(1 / CONTACTED))
    )


def _raising_share(scores: pl.DataFrame) -> float:
    raising = scores["reason_1"].str.contains(RAISES, literal=True).fill_null(value=False)
    return int(raising.sum()) / max(scores.height, 1)


def _configured(config: str) -> tuple[pl.DataFrame, ChurnSettings]:
    log = configured_log(config)
    events = with_event_on(log.events.with_columns(weight=pl.lit(1.0)))
    return run(query("features", "user_days", {"train_events": events})), log.settings.churn


def _world(name: str) -> tuple[pl.DataFrame, ChurnSettings]:
    return WORLDS[name](), ChurnSettings(horizon_days=WORLD_HORIZONS[name])


def _written(name: str) -> tuple[pl.DataFrame, ChurnSettings]:
    with TemporaryDirectory() as folder:
        return _configured(str(write_log(name, Path(folder), n_users=MADE_USERS)))
