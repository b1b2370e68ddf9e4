"""A trial that is large enough to say whom a contact changes: it takes more people than the planted
world has, so everyone stands there several times.
"""

from dataclasses import replace
from datetime import timedelta

import polars as pl

from ntg_assets.evaluation.leakage.planted_world.log import TRAIN_HORIZONS, ZONE
from ntg_assets.evaluation.leakage.planted_world.types import no_rows
from ntg_assets.evaluation.leakage.planted_world.world import PROPENSITY, World, crowd
from ntg_assets.local_days import first_instant
from ntg_assets.randomness import random_stream

CROWDED = ("uplift_estimates", "persuadability_report", "trial_outcomes")
TAKEN = "contacts_taken"  # needs half of the back-test, and changes two counts of the report
TIMES = 6
HORIZONS_BEFORE_END = 3.0  # of the day on which everyone is given an arm
MORE_DAYS = (1, 2, 3)  # after each event of somebody treated comes one more


def trial_crowd(world: World) -> World:
    """Return a world of many people in one trial: whoever comes and is treated comes more often.

    Args:
        world: The planted world.
    """
    many = crowd(world, times=TIMES)
    users = many.events["user_id"].unique().sort()
    assigned_on = world.day(TRAIN_HORIZONS - HORIZONS_BEFORE_END)
    rng = random_stream(7, "trial crowd")
    is_treated = pl.Series(rng.random(len(users)) < PROPENSITY)
    trial = pl.DataFrame(
        {
            "listed_id": users.cast(pl.String),
            "assigned_on": assigned_on,
            "is_treated": is_treated,
            "propensity": PROPENSITY,
        }
    )
    since = first_instant(assigned_on, ZONE)
    until = since + timedelta(days=world.horizon_days)
    of_treated = many.events.filter(
        pl.col("event_at").is_between(since, until, closed="left")
        & pl.col("user_id").is_in(users.filter(is_treated).implode())
    )
    more = [
        of_treated.with_columns(pl.col("event_at").dt.offset_by(f"{day}d")) for day in MORE_DAYS
    ]
    events = pl.concat([many.events, *more])
    nothing_reported = {TAKEN: no_rows(TAKEN)}
    return replace(
        many.with_events(events), trial_log=trial.sort("listed_id"), given=nothing_reported
    )
