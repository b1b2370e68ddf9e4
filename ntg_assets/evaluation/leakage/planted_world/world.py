"""A small planted world in which every leak shows: fixed, so that a verdict on code and modelling
configuration does not depend on anybody's log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from ntg_assets.evaluation.leakage.planted_world.contract_lives import Calendar
from ntg_assets.evaluation.leakage.planted_world.knowledge import Knowledge, planted_knowledge
from ntg_assets.evaluation.leakage.planted_world.left_behind import LeftBehind, left_behind
from ntg_assets.evaluation.leakage.planted_world.log import (
    HELD_OUT_HORIZONS,
    N_ITEMS,
    N_LATER_ITEMS,
    N_TASTES,
    N_USERS,
    STARTS_ON,
    TRAIN_HORIZONS,
    ZONE,
    ordered,
    planted_events,
    with_some_at,
)
from ntg_assets.local_days import first_instant
from ntg_assets.randomness import random_stream

N_CONTACTS, N_TRIAL = 40, 80
PROPENSITY = 0.5  # of the trial
N_SUBSCRIBERS = 400  # and their facts; many of them pay and never come
EXCLUDED = (5, 19, 66)  # items
SEED = 20_210_101


@dataclass(frozen=True)
class World:
    """Tables of `ingest` as one state of the world gives them.

    Attributes:
        events: As `ingest.events`.
        items: As `ingest.items`.
        user_lists: Contacts, as `ingest.user_lists`.
        trial_log: As `ingest.trial_log`.
        excluded: Items that are shown to nobody, as `ingest.excluded_items`.
        known: Contracts, payments, facts about users and items.
        left: Files that other nights left behind in the workspace.
        train_end: First instant of VAL.
        test_start: First instant of TEST.
        horizon_days: Churn horizon that the world was made for.
        given: Tables of the back-test, by name, that are not made of this world.
    """

    events: pl.DataFrame
    items: pl.DataFrame
    user_lists: pl.DataFrame
    trial_log: pl.DataFrame
    excluded: pl.DataFrame
    known: Knowledge
    left: LeftBehind
    train_end: datetime
    test_start: datetime
    horizon_days: int
    given: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def day(self, horizons: float) -> date:
        """Day so many horizons after the world's first."""
        return STARTS_ON + timedelta(days=round(horizons * self.horizon_days))

    def with_events(self, events: pl.DataFrame) -> "World":
        """Return the same world with other events."""
        return replace(self, events=ordered(events))

    @property
    def item_categories(self) -> pl.DataFrame:
        """As `ingest.item_categories`."""
        names = self.items.filter(pl.col("categories").is_not_null()).select(
            "item_id", category=pl.col("categories").str.split("|")
        )
        return (
            names.with_columns(n_categories=pl.col("category").list.len().cast(pl.Int64))
            .with_columns(position=pl.int_ranges(1, pl.col("n_categories") + 1))
            .explode("category", "position")
            .select("item_id", "category", "position", "n_categories")
        )


def planted_world(horizon_days: int) -> World:
    """Make the world as it was."""
    rng = random_stream(SEED, "leakage world")
    start_at = first_instant(STARTS_ON, ZONE)
    events = planted_events(rng, start_at, horizon_days)
    train_on = STARTS_ON + timedelta(days=TRAIN_HORIZONS * horizon_days)
    test_on = train_on + timedelta(days=horizon_days)
    train_end = first_instant(train_on, ZONE)
    return World(
        ordered(with_some_at(events, train_end)),
        _items(),
        _contacts(rng, train_on),
        _trial(rng, train_on, horizon_days),
        _excluded(),
        _known(horizon_days),
        left_behind(train_on, ZONE),
        train_end,
        first_instant(test_on, ZONE),
        horizon_days,
    )


def _items() -> pl.DataFrame:
    number = range(1, N_ITEMS + N_LATER_ITEMS + 1)
    return pl.DataFrame(
        {
            "item_id": list(number),
            "title": [f"Item {item}" for item in number],
            "categories": [
                f"taste {(item - 1) % N_TASTES}" + ("|classic" if item % 4 == 0 else "")
                for item in number
            ],
        }
    )


def _contacts(rng: np.random.Generator, train_on: date) -> pl.DataFrame:
    users = rng.permutation(N_USERS)[:N_CONTACTS] + 1
    days = [train_on + timedelta(days=int(day)) for day in rng.integers(-40, 40, N_CONTACTS)]
    return pl.DataFrame(
        {
            "list": "contacts",
            "file_name": "contacts.csv",
            "listed_id": [str(user) for user in users],
            "detail": pl.Series([None] * N_CONTACTS, dtype=pl.String),
            "contacted_on": days,
        }
    ).sort("listed_id")


def _trial(rng: np.random.Generator, train_on: date, horizon_days: int) -> pl.DataFrame:
    users = rng.permutation(N_USERS)[:N_TRIAL] + 1
    back = rng.integers(-horizon_days, 4 * horizon_days, N_TRIAL)
    return pl.DataFrame(
        {
            "listed_id": [str(user) for user in users],
            "assigned_on": [train_on - timedelta(days=int(day)) for day in back],
            "is_treated": rng.random(N_TRIAL) < PROPENSITY,
            "propensity": PROPENSITY,
        }
    ).sort("listed_id")


def _excluded() -> pl.DataFrame:
    return pl.DataFrame({"listed_id": [str(item) for item in EXCLUDED], "origin": "excluded.csv"})


def _known(horizon_days: int) -> Knowledge:
    days = (TRAIN_HORIZONS + HELD_OUT_HORIZONS) * horizon_days
    return planted_knowledge(
        random_stream(SEED, "what the world knows"),
        n_users=N_SUBSCRIBERS,
        n_items=N_ITEMS,
        calendar=Calendar(STARTS_ON, STARTS_ON + timedelta(days=days), horizon_days),
        zone=ZONE,
    )


def crowd(world: World, *, times: int) -> World:
    """Return a world in which each user stands several times, under other ids: a large log."""
    copies = [
        world.events.with_columns(user_id=pl.col("user_id") + copy * 10 * N_USERS)
        for copy in range(times)
    ]
    return world.with_events(pl.concat(copies))
