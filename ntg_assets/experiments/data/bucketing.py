"""Which unit gets which arm: by hash alone, the same in Python
(here) and in SQL (`assignments.sql`).

A unit draws one number per arm and takes the arm with the smallest `-ln(draw) / weight`. So each
arm gets its share, and a change of one arm's weight moves only units into that arm or out of it:
the fewest that any scheme can move. Source: Mosharaf and others 1998, highest random weight
("rendezvous") hashing; the weighted form is Schindelhauer and Schomaker 2005.
"""

from datetime import date
from math import log
from typing import NamedTuple

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments.data.designs import arm_salt, layer_salt, salt_of
from ntg_assets.randomness import HASH_SPACE, bucket_of, unit_interval


class Assignment(NamedTuple):
    """Where one unit stands in one experiment.

    Attributes:
        bucket: Its number in the experiment.
        is_in_layer: Whether it lies in the experiment's part of the layer.
        is_ramped_up: Whether the ramp has reached it.
        is_holdout: Whether it is in the global holdout.
        arm: Its arm; None when it takes no part.
    """

    bucket: int
    is_in_layer: bool
    is_ramped_up: bool
    is_holdout: bool
    arm: str | None


def assign(
    unit: object,
    experiment: ExperimentSettings,
    programme: ExperimentsSettings,
    *,
    on: date = date.max,
) -> Assignment:
    """Place one unit in one experiment on a day, as the nightly SQL does for all of them."""
    start, end = experiment.layer_range
    is_in_layer = start <= unit_interval(layer_salt(experiment), unit) < end
    is_holdout = unit_interval(programme.holdout_salt, unit) < programme.holdout_share
    bucket = bucket_of(salt_of(experiment), unit)
    is_ramped_up = bucket / HASH_SPACE < experiment.ramp_share(on)
    takes_part = is_in_layer and is_ramped_up and not is_holdout
    return Assignment(
        bucket=bucket,
        is_in_layer=is_in_layer,
        is_ramped_up=is_ramped_up,
        is_holdout=is_holdout,
        arm=choose_arm(unit, experiment) if takes_part else None,
    )


def choose_arm(unit: object, experiment: ExperimentSettings) -> str:
    """Return the arm that a participating unit gets; the earlier arm wins a tie."""
    return min(
        experiment.arms,
        key=lambda arm: _draw(arm_salt(experiment, arm.name), unit, weight=arm.weight),
    ).name


def _draw(salt: str, unit: object, *, weight: float) -> float:
    """Draw an exponential waiting time with rate `weight`; + 1 keeps the logarithm finite."""
    return -log((bucket_of(salt, unit) + 1) / HASH_SPACE) / weight
