"""A small planted world in which every leak shows: fixed, so that a verdict on code and modelling
configuration does not depend on anybody's log.

Time is counted in churn horizons, so that every horizon has as many closed windows. Tastes are
strong enough that the blend is learned, not fallen back from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.contracts import contract_of, schema_of
from ntg_assets.evaluation.leakage.knowledge import Knowledge, planted_knowledge
from ntg_assets.evaluation.leakage.left_behind import INTEGER_IDS, LeftBehind, left_behind
from ntg_assets.evaluation.leakage.subscribers import Calendar
from ntg_assets.local_days import first_instant, with_event_on
from ntg_assets.randomness import random_stream

ZONE = "America/Los_Angeles"  # its midnight is not that of UTC
STARTS_ON = date(2019, 1, 1)
TRAIN_HORIZONS, HELD_OUT_HORIZONS = 9, 2
N_USERS, N_ITEMS, N_TASTES = 150, 140, 7
N_NEWCOMERS = 45  # join shortly before TRAIN ends: enough to choose by
VISITS_PER_HORIZON, ITEMS_PER_VISIT = 5.0, 2
LEAVES_WITHIN_HORIZONS = 14.0  # mean of how long a user stays
FAVOURED = 0.85  # share of what a user takes that is of the user's own taste
THERE_AT_ONCE, FINISHED, PROPENSITY = 0.5, 0.3, 0.5
N_LATER_ITEMS, NEW_ITEM_SHARE = 20, 0.2  # released after TRAIN, with their share of what is taken
HOLE = 1.0, 1.3  # horizons that the log does not hold
PRICES_JUMP_AT, JUMP = 3.5, 1.6  # all amounts from then on
N_AT_THE_END = 3  # events exactly when VAL begins
N_CONTACTS, N_TRIAL = 40, 80
N_SUBSCRIBERS = 600  # and their facts; many of them pay and never come
EXCLUDED = (5, 19, 66)  # items
SECONDS_PER_DAY = 86_400
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
    events = _events(rng, start_at, horizon_days)
    train_on = STARTS_ON + timedelta(days=TRAIN_HORIZONS * horizon_days)
    test_on = train_on + timedelta(days=horizon_days)
    train_end = first_instant(train_on, ZONE)
    distance = (pl.col("event_at") - pl.lit(train_end)).abs().rank("ordinal")
    some_at_the_end = pl.when(distance <= N_AT_THE_END).then(pl.lit(train_end))
    return World(
        ordered(events.with_columns(event_at=some_at_the_end.otherwise("event_at"))),
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


def ordered(events: pl.DataFrame) -> pl.DataFrame:
    """Put events into one order, with their local day."""
    rows = events.drop("event_on", strict=False).sort(
        "event_at", "user_id", "item_id", "event_type", "value"
    )
    return with_event_on(rows, ZONE)


def as_events(
    users: Longs, items: Longs, at: pl.Series, values: Floats, kinds: list[str]
) -> pl.DataFrame:
    """Put columns together as events are stored."""
    return pl.DataFrame(
        {
            "user_id": users,
            "item_id": items,
            "event_at": at,
            "event_type": kinds,
            "value": np.round(values, 2),
            "weight": np.where(np.array(kinds) == "finish", 2.0, 1.0),
            "load_file": np.ones(len(users), np.int64),
        }
    )


def instants(start_at: datetime, horizon_days: int, horizons: Floats) -> pl.Series:
    """Instants so many horizons after the world's first, to the second."""
    seconds = np.floor(horizons * horizon_days * SECONDS_PER_DAY).astype(np.int64)
    return pl.Series(seconds * 1_000_000).cast(pl.Duration("us")) + start_at


def _events(rng: np.random.Generator, start_at: datetime, horizon_days: int) -> pl.DataFrame:
    span = float(TRAIN_HORIZONS + HELD_OUT_HORIZONS)
    joins = np.where(
        rng.random(N_USERS) < THERE_AT_ONCE,
        rng.random(N_USERS),
        rng.uniform(0.0, span - 0.5, N_USERS),
    )
    joins[-N_NEWCOMERS:] = rng.uniform(TRAIN_HORIZONS - 1.3, TRAIN_HORIZONS - 0.1, N_NEWCOMERS)
    leaves = np.minimum(joins + 0.4 + rng.exponential(LEAVES_WITHIN_HORIZONS / 2, N_USERS), span)
    pace = VISITS_PER_HORIZON * rng.lognormal(0.0, 0.5, N_USERS)
    n_visits = np.maximum(rng.poisson(pace * (leaves - joins)), 3)
    user = np.repeat(np.arange(N_USERS), n_visits)
    share = rng.beta(0.9, 1.1, len(user))  # who is about to leave comes less
    at = joins[user] + share * (leaves - joins)[user]
    user, at = np.repeat(user, ITEMS_PER_VISIT), np.repeat(at, ITEMS_PER_VISIT)
    at = np.minimum(at + rng.random(len(at)) * 0.01, span - 1e-6)
    taste = np.where(
        rng.random(len(user)) < FAVOURED, user % N_TASTES, rng.integers(0, N_TASTES, len(user))
    )
    rank = np.minimum(rng.exponential(5.0 + 2.0 * at), N_ITEMS // N_TASTES - 1).astype(np.int64)
    item = rank * N_TASTES + taste
    is_new = (at > TRAIN_HORIZONS) & (rng.random(len(at)) < NEW_ITEM_SHARE)
    item = np.where(is_new, N_ITEMS + rng.integers(0, N_LATER_ITEMS, len(at)), item)
    values = (1.0 + 4.0 * rng.random(len(user)) + 0.5 * (user % 3)) * np.where(
        at < PRICES_JUMP_AT, 1.0, JUMP
    )
    kinds = ["finish" if draw < FINISHED else "view" for draw in rng.random(len(user)).tolist()]
    events = as_events(user + 1, item + 1, instants(start_at, horizon_days, at), values, kinds)
    return events.filter(~pl.Series((at > HOLE[0]) & (at < HOLE[1])))


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


def no_rows(table: str) -> pl.DataFrame:
    """Make a table without rows, of the world's ids."""
    schema = schema_of(contract_of(table), INTEGER_IDS)
    return pl.DataFrame(schema={name: column.dtype.type for name, column in schema.columns.items()})


def crowd(world: World, *, times: int) -> World:
    """Return a world in which each user stands several times, under other ids: a large log."""
    copies = [
        world.events.with_columns(user_id=pl.col("user_id") + copy * 10 * N_USERS)
        for copy in range(times)
    ]
    return world.with_events(pl.concat(copies))
