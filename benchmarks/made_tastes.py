"""Logs of made tastes: what people take in worlds whose laws are planted, several kinds of them.

They teach the prior of the blend (`python -m benchmarks.ranking_prior`) what the bundled logs
cannot: a world in which taste decides, one of news, one of series, one of habit. A user's next item
is drawn by one of four laws: what is popular at the time, what fits the user's taste, what follows
the last item, or what the user has had. A law is a share of the events; nothing of NTG is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.randomness import random_stream

SEED = 20_261_128
DAY_US = 86_400_000_000
START_US = 1_704_067_200_000_000  # 2024-01-01


@dataclass(frozen=True)
class World:
    """The laws of a made log.

    Attributes:
        n_users: Users; each arrives at some time of the first four fifths.
        n_items: Items, each released at some time (a third from the start).
        days: Length of the log.
        n_kinds: Kinds of taste.
        events: Mean events of a user.
        visits: Mean events of one visit.
        taste: Share of the events drawn from the user's kinds.
        next: Share drawn from what follows the last item in its series.
        again: Share drawn from the user's own past, the more recent the likelier.
        fades: Days after which an item's appeal has halved.
        spread: Concentration of tastes: low is one kind per user, high is everybody alike.
        drift: Share of the visits that begin with a new taste.
    """

    n_users: int = 1_500
    n_items: int = 1_200
    days: float = 400.0
    n_kinds: int = 20
    events: float = 60.0
    visits: float = 5.0
    taste: float = 0.5
    next: float = 0.1
    again: float = 0.0
    fades: float = 200.0
    spread: float = 0.15
    drift: float = 0.02


WORLDS: Mapping[str, World] = {
    "films": World(taste=0.55, next=0.10, fades=400.0, visits=12.0),
    "series": World(n_items=800, taste=0.35, next=0.40, visits=3.0, fades=300.0),
    "news": World(days=30.0, taste=0.25, next=0.0, fades=0.5, visits=4.0, n_items=2_500),
    "songs": World(taste=0.30, next=0.15, again=0.45, visits=8.0, fades=120.0, events=90.0),
    "games": World(n_items=300, taste=0.25, again=0.60, visits=2.0, fades=250.0, drift=0.10),
    "shop": World(n_items=2_000, taste=0.45, next=0.05, again=0.20, fades=60.0, spread=0.3),
}
# worlds in which most events repeat: they teach nothing, lists are judged by them
REPEAT_WORLDS: Mapping[str, World] = {
    "grocer": World(n_items=1_500, days=200.0, taste=0.35, next=0.0, again=0.45, fades=300.0,
                    visits=8.0, events=90.0, spread=0.5),
    "edits": World(n_users=1_200, n_items=5_000, days=90.0, taste=0.15, next=0.05, again=0.75,
                   fades=20.0),
    "habit": World(n_users=800, n_items=2_000, days=200.0, taste=0.1, next=0.0, again=0.8,
                   fades=500.0, visits=3.0),
}  # fmt: skip


class _Catalogue:
    """Items with kind, quality, series and release, and what of each appeals on a day."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world = world
        self.kind = rng.integers(0, world.n_kinds, world.n_items)
        quality = rng.pareto(1.2, world.n_items) + 0.05
        released = np.where(
            rng.random(world.n_items) < 1 / 3, 0.0, rng.uniform(0, world.days, world.n_items)
        )
        self.after = _series(self.kind, rng)
        grid = np.arange(0.0, world.days + 1, max(world.days / 200, world.fades / 4))
        age = grid[:, None] - released[None, :]
        appeal = np.where(age >= 0, quality * np.exp2(-np.maximum(age, 0) / world.fades), 0.0)
        self.grid, self.total = grid, np.cumsum(appeal, axis=1)
        self.of_kind = [np.flatnonzero(self.kind == kind) for kind in range(world.n_kinds)]
        self.kind_total = [np.cumsum(appeal[:, items], axis=1) for items in self.of_kind]

    def popular(self, day: float, rng: np.random.Generator) -> int:
        row = self.total[np.searchsorted(self.grid, day, side="right") - 1]
        return int(np.searchsorted(row, rng.random() * row[-1], side="right"))

    def of_taste(self, day: float, kind: int, rng: np.random.Generator) -> int:
        totals = self.kind_total[kind]
        row = totals[np.searchsorted(self.grid, day, side="right") - 1]
        if not len(row) or row[-1] <= 0:
            return self.popular(day, rng)
        return int(self.of_kind[kind][np.searchsorted(row, rng.random() * row[-1], side="right")])


def _series(kind: Longs, rng: np.random.Generator) -> Longs:
    """Chain the items of each kind in a random order: the item that follows each."""
    after = np.empty(len(kind), np.int64)
    for items in (np.flatnonzero(kind == value) for value in np.unique(kind)):
        order = rng.permutation(items)
        after[order] = np.roll(order, -1)
    return after


def made_log(name: str) -> pl.DataFrame:
    """Make the log of a world.

    Args:
        name: One of `WORLDS` or `REPEAT_WORLDS`.

    Returns:
        `user_id`, `item_id`, `event_at`; the same rows at every call.
    """
    world, rng = {**WORLDS, **REPEAT_WORLDS}[name], random_stream(SEED, f"made taste {name}")
    catalogue = _Catalogue(world, rng)
    rows = [row for user in range(world.n_users) for row in _life(user, world, catalogue, rng)]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "day"], orient="row")
    at = (START_US + pl.col("day") * DAY_US).cast(pl.Int64).cast(pl.Datetime("us"))
    return frame.select("user_id", "item_id", event_at=at).unique().sort("event_at", "user_id")


def _life(
    user: int, world: World, catalogue: _Catalogue, rng: np.random.Generator
) -> list[tuple[int, int, float]]:
    taste = rng.dirichlet(np.full(world.n_kinds, world.spread))
    arrives = rng.uniform(0, 0.8 * world.days)
    n_visits = 1 + rng.poisson(world.events / world.visits * rng.gamma(1.5, 1 / 1.5))
    rows: list[tuple[int, int, float]] = []
    had: list[int] = []
    for day in np.sort(rng.uniform(arrives, world.days, n_visits)):
        if rng.random() < world.drift:
            taste = rng.dirichlet(np.full(world.n_kinds, world.spread))
        for step in range(1 + rng.poisson(world.visits - 1)):
            item = _next_item(had, taste, float(day), world, catalogue, rng)
            had.append(item)
            rows.append((user, item, float(day) + step / 1440))
    return rows


def _next_item(
    had: list[int],
    taste: Floats,
    day: float,
    world: World,
    catalogue: _Catalogue,
    rng: np.random.Generator,
) -> int:
    law = rng.random()
    if had and law < world.again:
        return had[-1 - min(int(rng.exponential(8.0)), len(had) - 1)]
    if had and law < world.again + world.next:
        return int(catalogue.after[had[-1]])
    if law < world.again + world.next + world.taste:
        return catalogue.of_taste(day, int(rng.choice(world.n_kinds, p=taste)), rng)
    return catalogue.popular(day, rng)
