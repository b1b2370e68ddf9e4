"""From active days to events: of which items, at what time,
worth what. One day at a time, in order of time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.catalogue import NO_ITEM, daily_weights
from ntg_assets.synthetic.lives.activity import Flags, Floats
from ntg_assets.synthetic.planted import Planted

DAY_US = 86_400_000_000
SESSION_GAP_US = 20 * 60 * 1_000_000  # mean time between two events of a person
EVENING_HOUR, EVENING_SPREAD_HOURS, EVENING_SHARE = 20.0, 2.0, 0.7
# of the time to the next event: below 1, so that no two events of a user fall on one instant
JITTER = 0.9
PLAY_SHARE = 0.7  # the other events are views, worth a tenth
VIEW_FACTOR = 0.1
AMOUNT_SPREAD = 0.5  # sd of the logarithm of the worth around the user's level
MEAN_AMOUNT = float(np.exp(AMOUNT_SPREAD**2 / 2)) * (PLAY_SHARE + (1 - PLAY_SHARE) * VIEW_FACTOR)
EVENT_TYPES = ("view", "play")

EVENT_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.int64(), nullable=False),
        pa.field("item_id", pa.int64(), nullable=False),
        pa.field("event_at", pa.timestamp("us"), nullable=False),
        pa.field("event_type", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class _Day:
    """The events of one day before they have an item, session by session.

    Attributes:
        user: User index of each event.
        position: 0, 1, 2, ... inside the session (one session per active user).
        at: Microseconds after midnight, rising inside each session.
        weights: Draw of every item on this day.
    """

    number: int
    user: NDArray[np.int32]
    position: NDArray[np.int64]
    at: NDArray[np.int64]
    weights: Floats


def daily_events(planted: Planted) -> Iterator[pa.Table]:
    """Yield the events of each day, by time, then by user;
    no two events of a user have one timestamp.
    """
    spec, lives = planted.spec, planted.lives
    starts = np.searchsorted(lives.day, np.arange(spec.n_days + 1))
    treated = np.zeros(spec.n_users, dtype=bool)
    treated[lives.trial.filter("in_treatment")["user"].to_numpy()] = True
    for number, weights in enumerate(daily_weights(planted.catalogue, spec.n_days)):
        rng = random_stream(spec.seed, f"synthetic events of day {number}")
        sessions = slice(starts[number], starts[number + 1])
        day = _open_day(number, planted=planted, sessions=sessions, weights=weights, rng=rng)
        item = _draw_items(day, planted=planted, rng=rng)
        is_lifted = treated[day.user] & (number >= spec.trial_start)
        level = planted.population.value_level[day.user] * np.where(
            is_lifted, 1 + spec.trial.value_lift, 1.0
        )
        kind, value = _draw_values(level, rng=rng)
        yield _as_table(day, planted=planted, item=item, kind=kind, value=value)


def _open_day(
    number: int, *, planted: Planted, sessions: slice, weights: Floats, rng: np.random.Generator
) -> _Day:
    user, counts = planted.lives.user[sessions], planted.n_events[sessions]
    ends = np.cumsum(counts)
    position = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
    is_bot = planted.population.is_bot[user]
    at = _draw_times(position, counts=counts, is_bot=is_bot, rng=rng)
    return _Day(number, np.repeat(user, counts), position, at, weights)


def _draw_times(
    position: NDArray[np.int64],
    *,
    counts: NDArray[np.int64],
    is_bot: Flags,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """People mostly start in the evening and go on at their pace until midnight;
    bots run all day.
    """
    n = len(counts)
    evening = rng.normal(EVENING_HOUR, EVENING_SPREAD_HOURS, n) % 24
    hour = np.where(rng.random(n) < EVENING_SHARE, evening, rng.uniform(0, 24, n))
    start = np.where(is_bot, 0, hour * (DAY_US / 24)).astype(np.int64)
    room = (DAY_US - start) // counts
    gap = np.where(is_bot, room, np.minimum(room, SESSION_GAP_US))
    since_start = np.repeat(gap, counts) * (position + JITTER * rng.random(len(position)))
    at: NDArray[np.int64] = np.repeat(start, counts) + since_start.astype(np.int64)
    return at


def _draw_items(day: _Day, *, planted: Planted, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw by the day's weights, mostly from the user's communities;
    some items are what comes after the one before.
    """
    cumulated = np.concatenate([[0.0], np.cumsum(day.weights)])
    low, high = _reach(day, rng.random(len(day.user)), cumulated, planted=planted)
    drawn = np.minimum(low + rng.random(len(day.user)) * (high - low), np.nextafter(high, 0.0))
    item = np.searchsorted(cumulated, drawn, side="right") - 1
    is_sequel = (rng.random(len(day.user)) < planted.spec.sequel_share) & (day.position > 0)
    return _with_sequels(item, is_sequel=is_sequel, successor=planted.catalogue.successor)


def _reach(
    day: _Day, choice: Floats, cumulated: Floats, *, planted: Planted
) -> tuple[Floats, Floats]:
    """Between which cumulated weights each event draws: its user's community, the second one, or
    (and bots always) everything.
    """
    spec, population, bounds = planted.spec, planted.population, planted.catalogue.bounds
    community = np.where(
        choice < spec.loyalty, population.community[day.user], population.second_community[day.user]
    )
    is_anywhere = (choice >= spec.loyalty + spec.second_loyalty) | population.is_bot[day.user]
    low = np.where(is_anywhere, 0.0, cumulated[bounds[community]])
    high = np.where(is_anywhere, cumulated[-1], cumulated[bounds[community + 1]])
    return low, high


def _with_sequels(
    item: NDArray[np.int64], *, is_sequel: Flags, successor: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Replace the marked items by the successor of the one before, never two in a row."""
    marked = is_sequel.copy()
    marked[1:] &= ~is_sequel[:-1]
    before = np.flatnonzero(marked) - 1
    after = successor[item[before]]
    item[before[after != NO_ITEM] + 1] = after[after != NO_ITEM]
    return item


def _draw_values(level: Floats, *, rng: np.random.Generator) -> tuple[NDArray[np.int8], Floats]:
    """Kind of each event (index into `EVENT_TYPES`) and its worth, in hundredths."""
    kind = (rng.random(len(level)) < PLAY_SHARE).astype(np.int8)
    spread = np.exp(AMOUNT_SPREAD * rng.standard_normal(len(level)))
    factor = np.where(kind == 1, 1.0, VIEW_FACTOR)
    return kind, np.round(level * spread * factor, 2)


def _as_table(
    day: _Day, *, planted: Planted, item: NDArray[np.int64], kind: NDArray[np.int8], value: Floats
) -> pa.Table:
    order = np.argsort(day.at, kind="stable")
    midnight = np.datetime64(planted.spec.start_on, "us") + np.timedelta64(day.number, "D")
    columns = [
        pa.array(planted.population.user_id[day.user[order]]),
        pa.array(planted.catalogue.item_id[item[order]]),
        pa.array(midnight + day.at[order].astype("timedelta64[us]")),
        pa.DictionaryArray.from_arrays(pa.array(kind[order]), pa.array(EVENT_TYPES)),
        pa.array(value[order]),
    ]
    return pa.Table.from_arrays(columns, schema=EVENT_SCHEMA)
