"""Items and users of a planted subscription world, and what is known of them in time."""

from datetime import timedelta

import numpy as np
import polars as pl

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.contract_records import NEVER, Lives
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_terms import as_decimal, day_of

CHANNELS = ("search", "social", "partner", "friends")
CHANNEL_COSTS = (1800, 2600, 1200, 0)  # cents
COUNTRIES = ("SE", "NO", "DK", "FI")
LATER_EVERY, GONE_EVERY, BOUND_EVERY = 20, 10, 6
GENRES = ("Drama", "Comedy", "Crime", "Nature", "Sport", "Music")


def item_rows(rules: ContractRules) -> pl.DataFrame:
    """Titles and genres of the items."""
    numbers = np.arange(rules.n_items)
    genres = np.array(GENRES)[numbers % len(GENRES)]
    return pl.DataFrame(
        {
            "item_id": numbers + 1,
            "title": [f"{genre} {place // len(GENRES) + 1}" for place, genre in enumerate(genres)],
            "categories": genres,
        }
    )


def item_windows(rules: ContractRules) -> pl.DataFrame:
    """One item in ten leaves before the world ends, one in twenty is announced for later, one in
    six may be shown in two of the countries only.
    """
    end_on = rules.start_on + timedelta(days=rules.n_days)
    numbers = pl.DataFrame({"item_id": np.arange(1, rules.n_items + 1)})
    number = pl.col("item_id")
    opens, closes = end_on + timedelta(days=14), end_on - timedelta(days=3)
    return numbers.select(
        "item_id",
        known_from=pl.lit(rules.start_on - timedelta(days=1)),
        available_from=pl.when(number % LATER_EVERY == 0).then(pl.lit(opens)),
        available_until=pl.when(number % GONE_EVERY == 1).then(pl.lit(closes)),
        regions=pl.when(number % BOUND_EVERY == 0).then(pl.lit("|".join(COUNTRIES[:2]))),
    )


def user_rows(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Country, channel, cost and consent, each known from the first contract on."""
    rng = random_stream(rules.seed, f"contract users:{rules.law}")
    first = np.full(rules.n_users, NEVER)
    np.minimum.at(first, lives.contracts.user, lives.contracts.start)
    channel = rng.choice(len(CHANNELS), size=rules.n_users, p=[0.4, 0.3, 0.2, 0.1])
    return pl.DataFrame(
        {
            "user_id": np.arange(rules.n_users) + 1,
            "day": first - 1,
            "country": np.array(COUNTRIES)[rng.integers(0, len(COUNTRIES), rules.n_users)],
            "channel": np.array(CHANNELS)[channel],
            "cents": np.array(CHANNEL_COSTS)[channel],
            "consent": np.where(rng.random(rules.n_users) < rules.consent_share, "yes", "no"),
        }
    ).select(
        "user_id",
        known_from=day_of(pl.col("day"), rules),
        country="country",
        channel="channel",
        acquisition_cost=as_decimal("cents"),
        consent="consent",
    )
