"""What people of a planted subscription world watch, and who of them sees an experiment."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.randomness import random_stream, unit_interval
from ntg_assets.synthetic.contract_attributes import GENRES
from ntg_assets.synthetic.contract_records import NEVER, Lives
from ntg_assets.synthetic.contract_rules import ContractRules

SUPPORT, PLAY = "support_ticket", "play"
MICROSECONDS_PER_DAY = 86_400_000_000
LOYALTY = 0.7
EXPERIMENT, CONTROL_SHARE = "better-start-page", 0.5


def event_rows(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """What people watch while a contract runs, and the tickets they write."""
    rng = random_stream(rules.seed, f"contract events:{rules.law}")
    periods = lives.periods
    stop = np.minimum(np.minimum(periods["stop"], periods["renewal"]), rules.n_days)
    user = lives.contracts.user[periods["contract"]]
    active = _active_days(rules, rng, user, periods, stop)
    n_events = 1 + rng.poisson(rules.events_per_active_day - 1, len(active))
    each = np.repeat(active, n_events)
    who, when = each // NEVER, each % NEVER
    plays = _rows_of(rules, rng, who, when, _chosen_items(rules, rng, who), PLAY)
    tickets = np.flatnonzero(periods["has_support"] & (periods["start"] < stop))
    item = rng.integers(1, rules.n_items + 1, len(tickets))
    support = _rows_of(rules, rng, user[tickets], periods["start"][tickets], item, SUPPORT)
    return pl.concat([plays, support]).sort("event_at", "user_id", "item_id")


def _active_days(
    rules: ContractRules,
    rng: np.random.Generator,
    user: Longs,
    periods: Mapping[str, np.ndarray],
    stop: Longs,
) -> Longs:
    """Draw who is active on which day of each period: one number of both, each once, in order."""
    length = np.maximum(stop - periods["start"], 0)
    rate = np.array(rules.active_rates)[periods["state"]]
    row, day = _days_within(rng, periods["start"], length, rate)
    lifted = _lifted(rules, rng, user, periods["start"], length, rate)
    return np.unique(np.concatenate([user[row] * np.int64(NEVER) + day, lifted]))


def _days_within(
    rng: np.random.Generator, start: Longs, length: Longs, chance: Floats
) -> tuple[Longs, Longs]:
    """Draw days of spans: the span of each, and the day; some days come twice."""
    n_days = rng.binomial(length, chance)
    row = np.repeat(np.arange(len(length)), n_days)
    return row, start[row] + np.floor(rng.random(len(row)) * length[row]).astype(np.int64)


def _lifted(
    rules: ContractRules,
    rng: np.random.Generator,
    user: np.ndarray,
    start: np.ndarray,
    length: np.ndarray,
    rate: np.ndarray,
) -> np.ndarray:
    """Further active days of the treated, on the days of the experiment."""
    if not rules.experiment_days:
        return np.empty(0, dtype=np.int64)
    treated = is_treated(rules)[user]
    more = np.where(treated, rate * rules.experiment_lift, 0.0)
    row, day = _days_within(rng, start, length, more)
    inside = day >= rules.n_days - rules.experiment_days
    return user[row][inside] * np.int64(NEVER) + day[inside]


def is_treated(rules: ContractRules) -> np.ndarray:
    """Who sees what is tested: by the hash that experiments assign by."""
    return np.array(
        [unit_interval(EXPERIMENT, number + 1) >= CONTROL_SHARE for number in range(rules.n_users)]
    )


def assignments(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Everyone whose contract runs when the experiment begins."""
    begins, contracts = rules.n_days - rules.experiment_days, lives.contracts
    runs = (contracts.start < begins) & (contracts.end > begins)
    users = np.unique(contracts.user[runs])
    arm = np.where(is_treated(rules)[users], "treatment", "control")
    return pl.DataFrame(
        {
            "experiment_id": EXPERIMENT,
            "user_id": users + 1,
            "arm": arm,
            "assigned_at": rules.start_on + timedelta(days=begins),
        }
    )


def _rows_of(
    rules: ContractRules,
    rng: np.random.Generator,
    user: np.ndarray,
    day: np.ndarray,
    item: np.ndarray,
    kind: str,
) -> pl.DataFrame:
    first = int(np.datetime64(rules.start_on, "us").astype(np.int64))
    time_of_day = rng.integers(0, 86_400, len(day)) * 1_000_000
    at = first + day * MICROSECONDS_PER_DAY + time_of_day
    rows = pl.DataFrame({"user_id": user + 1, "item_id": item, "event_at": at})
    typed = pl.col("event_at").cast(pl.Datetime("us"))
    return rows.with_columns(typed, event_type=pl.lit(kind))


def _chosen_items(rules: ContractRules, rng: np.random.Generator, user: np.ndarray) -> np.ndarray:
    """Seven in ten of a person's choices are of the own genre; within it the first draw most."""
    taste = rng.integers(0, len(GENRES), rules.n_users)
    genre = np.where(
        rng.random(len(user)) < LOYALTY, taste[user], rng.integers(0, len(GENRES), len(user))
    )
    per_genre = rules.n_items // len(GENRES)
    rank = np.floor(per_genre * rng.random(len(user)) ** 2).astype(np.int64)
    return rank * len(GENRES) + genre + 1
