"""What an active user is worth at their pace: a run rate whose half-life is learned on the log.

    E[value of the next horizon | active] = level x sum of value x 0.5^(age / half-life)

The half-life is one churn horizon (`present_pace`: what somebody brings now), or the one that
foretells best (`learned_pace`). It and the level are learned at earlier cutoffs whose window had
closed, on whoever was active in it: the level is what they brought over the sum of their paces, the
half-life has the smallest Poisson deviance. Two numbers per log and no regression, so who brings
much keeps their rank; how much of that is luck is asked of the past (`value_shapes`).
"""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.ways.day_log import MILLION, DayLog
from ntg_assets.revenue.value.ways.seasons import Season

HALF_LIVES = (0.5, 1.0, 2.0, 4.0, 8.0)  # in churn horizons
MOST_WINDOWS = 3  # the newest closed ones
MOST_LEARNED_FROM = 20_000  # users; every k-th by id beyond
FINE = 1_000  # steps of a decayed amount, in each millionth


class PaceLevel(NamedTuple):
    """What a unit of pace of one half-life then brought."""

    half_life_days: float
    level: float


def present_paces(
    log: DayLog, season: Season, *, log_days: int, churn: ChurnSettings, value: ValueSettings
) -> dict[str, Floats]:
    """Foresee what each user brings over the next horizon if active, at their pace.

    Args:
        log: Days of whom is asked about, seen from the cutoff; later days are not looked at.
        season: Of the log: days count as they would at the mean of the year.
        log_days: Days from the first day of the log to the cutoff.
        churn: Horizon.
        value: Basis of value.

    Returns:
        `present_pace` (a half-life of one horizon) and `learned_pace`, each in the unit of value,
            shape (users,); nothing where no window has closed in which anybody brought anything.
    """
    half_lives = [share * churn.horizon_days for share in HALF_LIVES]
    worth = _worth(log, season, value)
    levels = pace_levels(half_lives, *_evidence(log, worth, half_lives, log_days, churn))
    if not levels:
        return {}
    usual = min(levels, key=lambda row: abs(row.half_life_days - churn.horizon_days))
    return {
        name: row.level * _paces(log, worth, [row.half_life_days], 0)[:, 0]
        for name, row in {"present_pace": usual, "learned_pace": levels[0]}.items()
    }


def pace_levels(half_lives: list[float], pace: Floats, seen: Floats) -> list[PaceLevel]:
    """Level of each half-life, the one of the smallest Poisson deviance first.

    Args:
        half_lives: In days.
        pace: Of users who were active in a closed window, shape (rows, half-lives).
        seen: What they brought in it, shape (rows,).

    Returns:
        Half-lives by which anybody had a pace and brought something; none where nobody did.
    """
    fits: list[tuple[float, PaceLevel]] = []
    for number, half_life in enumerate(half_lives):
        moves = pace[:, number] > 0
        rate, brought = pace[moves, number], seen[moves]
        total = float(brought.sum())
        if total <= 0:
            continue
        level = total / float(rate.sum())
        likelihood = float((brought * np.log(rate)).sum()) + total * np.log(level)
        fits.append((-likelihood, PaceLevel(half_life, level)))
    return [row for _, row in sorted(fits)]


def _worth(log: DayLog, season: Season, value: ValueSettings) -> Floats:
    """What each day brought, in millionths, at the mean of the year."""
    days = np.full(len(log.user), MILLION * value.day_price)
    brought = log.amount if value.basis == "event_value" else days
    return brought if season.is_flat else brought / season.at(-log.age_days)


def _evidence(
    log: DayLog, worth: Floats, half_lives: list[float], log_days: int, churn: ChurnSettings
) -> tuple[Floats, Floats]:
    """Pace and what followed of whoever was active in one of the newest closed windows."""
    horizon, every_kth = churn.horizon_days, -(-log.n_users // MOST_LEARNED_FROM)
    is_learned_from = np.arange(log.n_users) % max(every_kth, 1) == 0
    paces, brought = [np.zeros((0, len(half_lives)))], [np.zeros(0)]
    for number in range(MOST_WINDOWS):
        ended = number * horizon
        if ended + horizon >= log_days:
            break
        window = (log.age_days > ended) & (log.age_days <= ended + horizon)
        rows = is_learned_from & (log.n_days(window) > 0)
        paces.append(_paces(log, worth, half_lives, ended + horizon)[rows])
        seen = log.per_user(np.rint(worth), window) / MILLION
        brought.append(np.maximum(seen, 0.0)[rows])
    return np.concatenate(paces), np.concatenate(brought)


def _paces(log: DayLog, worth: Floats, half_lives: list[float], since_days: int) -> Floats:
    """Decayed value of each user some days before the cutoff, shape (users, half-lives); not below
    0.
    """
    chosen = log.age_days > since_days
    users, ages = log.user[chosen], log.age_days[chosen] - since_days
    amount, days = FINE * worth[chosen], np.arange(ages.max(initial=0) + 1)
    columns = [
        np.bincount(
            users,
            weights=np.rint(amount * (0.5 ** (days / half_life))[ages]),
            minlength=log.n_users,
        )
        for half_life in half_lives
    ]
    return np.maximum(np.column_stack(columns), 0.0) / (FINE * MILLION)
