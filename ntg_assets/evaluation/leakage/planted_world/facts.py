"""What is known of users and items of the planted world, and from when: regions, channels, what it
cost to win them, consent that is taken back, licences that are changed.

Every fact has a later version; of some users and items the later one became known after TRAIN.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from ntg_assets.evaluation.leakage.planted_world.contract_lives import by_search
from ntg_assets.local_days import first_instants

REGION, CHANNEL, COST, CONSENT = "region", "channel", "acquisition_cost", "consent"
OPENS, CLOSES, REGIONS = "available_from", "available_until", "regions"
USER_FACTS, ITEM_FACTS = (REGION, CHANNEL, COST, CONSENT), (OPENS, CLOSES, REGIONS)
YES, NO = "yes", "no"
NORTH, SOUTH = "north", "south"
EVERYWHERE = f"{NORTH}; {SOUTH}"
SEARCH, FRIENDS = "search", "friends"
MOVED_SHARE, UNKNOWN_SHARE, REFUSED_SHARE = 0.3, 0.1, 0.1
BOUND_EVERY, CLOSED_EVERY, OPENED_EVERY = 9, 17, 23  # of items
Fact = tuple[str, str, str, str, date]


def facts(
    rng: np.random.Generator, *, n_users: int, n_items: int, days: tuple[date, date], zone: str
) -> pl.DataFrame:
    """Make `attributes`.

    Args:
        rng: Source of chance.
        n_users: Users are 1 to this number.
        n_items: Items are.
        days: First day of the world, and the one after its last.
        zone: Zone whose midnights begin the days.
    """
    rows = [*_of_users(rng, n_users, days), *_of_items(rng, n_items, days)]
    return as_attributes(rows, zone=zone)


def as_attributes(rows: list[Fact], *, zone: str) -> pl.DataFrame:
    """Lay out entity, id, attribute, value and day as `attributes` are stored."""
    written = dict.fromkeys(("entity", "listed_id", "attribute", "value"), pl.String)
    table = pl.DataFrame(rows, schema={**written, "day": pl.Date}, orient="row")
    return table.select(
        *written,
        valid_from_at=first_instants(table["day"], zone),
        known_from_at=first_instants(table["day"], zone),
        place=pl.int_range(pl.len(), dtype=pl.Int64),
    )


def _of_users(rng: np.random.Generator, n_users: int, days: tuple[date, date]) -> list[Fact]:
    rows: list[Fact] = []
    for user in map(str, range(1, n_users + 1)):
        first, later = _two_days(rng, days)
        region = NORTH if rng.random() < 0.5 else SOUTH  # noqa: PLR2004  # half of them
        if rng.random() > UNKNOWN_SHARE:
            rows.append(("user", user, REGION, region, first))
        if rng.random() < MOVED_SHARE:
            rows.append(("user", user, REGION, SOUTH if region == NORTH else NORTH, later))
        rows.append(("user", user, CHANNEL, SEARCH if by_search(int(user)) else FRIENDS, days[0]))
        rows.append(("user", user, COST, f"{rng.integers(1, 20)}.50", first))
        rows.append(("user", user, CONSENT, NO if rng.random() < REFUSED_SHARE else YES, first))
        if rng.random() < MOVED_SHARE:
            rows.append(("user", user, CONSENT, NO, later))
            rows.append(("user", user, CHANNEL, SEARCH, later))
            rows.append(("user", user, COST, f"{rng.integers(20, 40)}.00", later))
    return rows


def _of_items(rng: np.random.Generator, n_items: int, days: tuple[date, date]) -> list[Fact]:
    start, _ = days
    rows: list[Fact] = []
    for number in range(1, n_items + 1):
        item, (first, later) = str(number), _two_days(rng, days)
        if number % BOUND_EVERY == 0:
            rows.append(("item", item, REGIONS, NORTH, start))
            rows.append(("item", item, REGIONS, EVERYWHERE, later))
        if number % CLOSED_EVERY == 0:
            rows.append(("item", item, CLOSES, later.isoformat(), first))
            longer = (later + timedelta(days=400)).isoformat()
            rows.append(("item", item, CLOSES, longer, later + timedelta(days=9)))
        if number % OPENED_EVERY == 0:
            rows.append(("item", item, OPENS, later.isoformat(), first))
    return rows


def _two_days(rng: np.random.Generator, days: tuple[date, date]) -> tuple[date, date]:
    """A day in the first quarter of the world, and one in all the rest of it."""
    start, span = days[0], (days[1] - days[0]).days
    first, later = rng.integers(0, span // 4), rng.integers(span // 4, span)
    return start + timedelta(days=int(first)), start + timedelta(days=int(later))
