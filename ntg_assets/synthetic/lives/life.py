"""Play the life of all users, block by block: active days,
the trial with both its outcomes, the churn truth.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.lives.activity import NO_EFFECT, Clock, Flags, Floats, Habits
from ntg_assets.synthetic.lives.beliefs import Beliefs
from ntg_assets.synthetic.lives.population import Population
from ntg_assets.synthetic.lives.trial import Trial
from ntg_assets.synthetic.spec import WorldSpec

BLOCK_USERS = 16_384  # one random stream each: part of the world's definition, not a tuning knob
PILOT_USERS = 1_024
BISECTIONS = 8
HIGHEST_RATE = 0.9

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Lives:
    """What all users did.

    Attributes:
        day, user: The active user-days, by day and then by user index.
        fates: Per user, in order: `died` (day number or -1) and `compensator` (sum of the hazards
        lived through).
        churn: Per cutoff and user (people who joined before it): the probabilities of silence and
        what came true.
        trial: Per eligible user: arm, risk, active days under both arms.
        rates: Daily rate of each activity class.
    """

    day: NDArray[np.int16]
    user: NDArray[np.int32]
    fates: pl.DataFrame
    churn: pl.DataFrame
    trial: pl.DataFrame
    rates: Floats


@dataclass
class _Block:
    """One block of users on its way through the days."""

    clock: Clock
    first_user: int
    habits: Habits
    beliefs: Beliefs
    in_treatment: Flags
    active: Flags
    trial: Trial | None = None
    churn: list[pl.DataFrame] = field(default_factory=list)


def live(population: Population, *, spec: WorldSpec, progress: Progress) -> Lives:
    """Simulate all users; the common scale of the rates is what gives the wanted number of active
    days.

    In the rare world whose active days come out more than its events, activity is lowered until
    they fit.
    """
    scale = _calibrate(population, spec=spec)
    lives = _live_at(population, clock=Clock(spec, _rates(spec, scale=scale)), progress=progress)
    for shrink in (0.5, 0.25, 0.0):
        if len(lives.day) <= spec.n_events:
            break
        lives = _live_at(
            population, clock=Clock(spec, _rates(spec, scale=scale * shrink)), progress=progress
        )
    return lives


def _rates(spec: WorldSpec, *, scale: float) -> Floats:
    return np.minimum(scale * np.array(spec.rate_steps), HIGHEST_RATE)


def _calibrate(population: Population, *, spec: WorldSpec) -> float:
    """Find by bisection the scale at which a pilot of the users has the wanted mean number of
    active days.
    """
    low, high = 0.0, 2 * HIGHEST_RATE / max(spec.rate_steps)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_enough = (
            _pilot_active_days(population, clock=Clock(spec, _rates(spec, scale=middle)))
            >= spec.wanted_active_days
        )
        low, high = (low, middle) if is_enough else (middle, high)
    return low


def _pilot_active_days(population: Population, *, clock: Clock) -> float:
    pilot = slice(0, PILOT_USERS)
    habits = Habits.start(
        clock, joined=population.joined[pilot], rate=clock.rates[population.rate_class[pilot]]
    )
    rng = random_stream(clock.spec.seed, "synthetic pilot")
    n_active = 0
    for day in range(clock.spec.n_days):
        draws, hazard = rng.random((2, len(habits.joined))), habits.hazard(day, effect=NO_EFFECT)
        n_active += int(habits.advance(day, draws=draws, effect=NO_EFFECT, hazard=hazard).sum())
    return n_active / len(habits.joined)


def _live_at(population: Population, *, clock: Clock, progress: Progress) -> Lives:
    n_users = clock.spec.n_users
    days, users, fates, churn, trial = [], [], [], [], []
    for first_user in range(0, n_users, BLOCK_USERS):
        block = _play(population, clock=clock, first_user=first_user)
        block_day, block_user = np.nonzero(block.active)
        days.append(block_day.astype(np.int16))
        users.append((block_user + first_user).astype(np.int32))
        fates.append(
            pl.DataFrame({"died": block.habits.died, "compensator": block.habits.compensator})
        )
        churn += block.churn
        trial += [block.trial.outcomes(first_user)] if block.trial else []
        progress("users", min(first_user + BLOCK_USERS, n_users), n_users)
    day = np.concatenate(days)
    by_day = np.argsort(day, kind="stable")
    return Lives(
        day=day[by_day],
        user=np.concatenate(users)[by_day],
        fates=pl.concat(fates),
        churn=pl.concat(churn).sort("cutoff_day", "user"),
        trial=pl.concat(trial),
        rates=clock.rates,
    )


def _play(population: Population, *, clock: Clock, first_user: int) -> _Block:
    spec = clock.spec
    block = _open_block(population, clock=clock, first_user=first_user)
    rng = random_stream(spec.seed, f"synthetic lives from user {first_user}")
    for day in range(spec.n_days):
        if day == spec.trial_start:
            risk, _ = block.beliefs.silence(day, habits=block.habits, effect=NO_EFFECT)
            block.trial = Trial.begin(
                block.habits, day=day, risk=risk, in_treatment=block.in_treatment
            )
        if day in spec.cutoffs:
            block.churn.append(_churn_truth(block, cutoff=day))
        _play_day(block, day=day, draws=rng.random((2, len(block.in_treatment))))
    block.churn.append(_churn_truth(block, cutoff=spec.n_days))
    block.churn = [
        _with_outcome(rows, block=block, cutoff=cutoff)
        for rows, cutoff in zip(block.churn, spec.cutoffs, strict=True)
    ]
    _add_bots(population, block=block)
    return block


def _open_block(population: Population, *, clock: Clock, first_user: int) -> _Block:
    users = slice(first_user, first_user + BLOCK_USERS)
    never = clock.spec.n_days + clock.spec.horizon_days + 1
    # bots have no habits
    joined = np.where(population.is_bot[users], np.int32(never), population.joined[users])
    habits = Habits.start(clock, joined=joined, rate=clock.rates[population.rate_class[users]])
    active = np.zeros((clock.spec.n_days, len(joined)), dtype=bool)
    return _Block(
        clock,
        first_user,
        habits,
        Beliefs.start(clock, len(joined)),
        population.in_treatment[users],
        active,
    )


def _play_day(block: _Block, *, day: int, draws: Floats) -> None:
    effect = block.trial.effect if block.trial else NO_EFFECT
    hazard = block.habits.hazard(day, effect=effect)
    active = block.habits.advance(day, draws=draws, effect=effect, hazard=hazard)
    block.beliefs.observe(day, habits=block.habits, active=active, hazard=hazard, effect=effect)
    if block.trial:
        block.trial.advance(day, draws=draws, active=active)
    block.active[day] = active


def _churn_truth(block: _Block, *, cutoff: int) -> pl.DataFrame:
    """Everyone's probability of silence in `[cutoff, cutoff + horizon)`,
    before anything of it has happened.
    """
    is_over = cutoff == block.clock.spec.n_days
    effect = block.trial.effect if block.trial and not is_over else NO_EFFECT
    from_log, own = block.beliefs.silence(cutoff, habits=block.habits, effect=effect)
    rows = pl.DataFrame(
        {
            "user": block.first_user + np.arange(len(own)),
            "cutoff_day": np.full(len(own), cutoff, dtype=np.int32),
            "silence_probability": from_log,
            "silence_probability_own_rate": own,
            "daily_hazard": block.habits.hazard(cutoff, effect=effect),
            "is_alive": block.habits.is_alive,
            "recency_days": cutoff - block.habits.last_active,
        }
    )
    return rows.filter(pl.Series(block.habits.joined < cutoff))


def _with_outcome(rows: pl.DataFrame, *, block: _Block, cutoff: int) -> pl.DataFrame:
    """Add whether the silence came true; null while the window is open."""
    spec = block.clock.spec
    if cutoff + spec.horizon_days > spec.n_days:
        return rows.with_columns(pl.lit(None, dtype=pl.Boolean).alias("was_silent"))
    is_silent = np.logical_not(block.active[cutoff : cutoff + spec.horizon_days].any(axis=0))
    users = rows["user"].to_numpy() - block.first_user
    return rows.with_columns(pl.Series("was_silent", is_silent[users]))


def _add_bots(population: Population, *, block: _Block) -> None:
    users = slice(block.first_user, block.first_user + BLOCK_USERS)
    for bot in np.flatnonzero(population.is_bot[users]):
        joined = population.joined[users][bot]
        block.active[joined : joined + block.clock.spec.bot_days, bot] = True
