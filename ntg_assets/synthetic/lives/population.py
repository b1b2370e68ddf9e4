"""The users of a synthetic world: when they come, how active they are,
what they like; power users and bots.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntg_assets.arrays import Flags, Longs
from ntg_assets.randomness import random_stream, unit_interval
from ntg_assets.synthetic.spec import WorldSpec

FOUNDING_DAYS = 28
INTENSITY_SPREAD = 0.5  # sd of the logarithm of a user's events per active day
VALUE_SPREAD = 0.6  # sd of the logarithm of what a user's event is worth
TYPICAL_VALUE = 3.0


@dataclass(frozen=True)
class Population:
    """Users by index 0 .. n_users - 1; `user_id` is what the log calls them.

    Attributes:
        user_id: Id of each user.
        joined: Day number of the first activity.
        rate_class: Index into the activity classes.
        community: Own taste community; second_community: the next best (the same when there is only
        one).
        intensity: Relative number of further events on an active day.
        value_level: Median worth of one event.
        is_power_user: Whether the intensity is that of a power user.
        is_bot: Whether a machine.
        in_treatment: Side of the trial's coin, for everyone; only eligible users are treated.
    """

    user_id: NDArray[np.int64]
    joined: NDArray[np.int32]
    rate_class: NDArray[np.int32]
    community: NDArray[np.int32]
    second_community: NDArray[np.int32]
    intensity: NDArray[np.float64]
    value_level: NDArray[np.float64]
    is_power_user: NDArray[np.bool_]
    is_bot: NDArray[np.bool_]
    in_treatment: NDArray[np.bool_]


def make_population(spec: WorldSpec) -> Population:
    """Draw the users."""
    rng = random_stream(spec.seed, "synthetic users")
    n = spec.n_users
    user_id = np.arange(1, n + 1)
    is_bot = np.zeros(n, dtype=bool)
    is_bot[rng.permutation(n)[: spec.n_bots]] = True
    is_power_user = (rng.random(n) < spec.power_user_share) & ~is_bot
    intensity = np.exp(INTENSITY_SPREAD * rng.standard_normal(n)) * np.where(
        is_power_user, spec.power_user_factor, 1.0
    )
    community = rng.integers(0, spec.communities, n)
    step = rng.integers(1, max(2, spec.communities), n)
    return Population(
        user_id=user_id,
        joined=_joining_days(is_bot, spec=spec, rng=rng),
        rate_class=rng.integers(0, len(spec.rate_steps), n).astype(np.int32),
        community=community.astype(np.int32),
        second_community=((community + step) % spec.communities).astype(np.int32),
        intensity=intensity,
        value_level=TYPICAL_VALUE * np.exp(VALUE_SPREAD * rng.standard_normal(n)),
        is_power_user=is_power_user,
        is_bot=is_bot,
        in_treatment=_in_treatment(user_id, spec),
    )


def _in_treatment(user_id: Longs, spec: WorldSpec) -> Flags:
    """Assign each user by a hash of the id, as any bucketing does."""
    shares = [unit_interval(spec.trial.salt, unit) for unit in user_id.tolist()]
    return np.array(shares) >= spec.trial.control_share


def _joining_days(
    is_bot: NDArray[np.bool_], *, spec: WorldSpec, rng: np.random.Generator
) -> NDArray[np.int32]:
    founding = rng.integers(0, FOUNDING_DAYS, spec.n_users)
    later = rng.integers(0, spec.n_days, spec.n_users)
    bots = rng.integers(0, max(1, spec.n_days - spec.bot_days), spec.n_users)
    people = np.where(rng.random(spec.n_users) < spec.founder_share, founding, later)
    return np.where(is_bot, bots, people).astype(np.int32)
