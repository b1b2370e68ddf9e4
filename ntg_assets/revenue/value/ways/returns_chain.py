"""A chain of periods in which who falls silent may come back, by the number of silent periods.

Every period of the past is a step: from a user's number of silent periods (0: was active in the
last one) and the share of periods that the user has been active in so far, to being active or
not. The shares that came back are shrunk to those of all users with as many silent periods.
"""

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs

MOST_SILENT = 6  # periods; who has been silent for longer returns as they do
SHARES = (0.2, 0.4, 0.75)  # of periods active so far, where the classes of users end
PRIOR_STEPS = 4.0  # of all users with as many silent periods, behind each class


def returns_shape(
    was_active: Flags, *, n_periods: int, last_length: float
) -> tuple[Floats, Floats]:
    """Expected active periods after the cutoff.

    Args:
        was_active: Whether a user was active in each past period, oldest first, shape (users,
            past periods).
        n_periods: Periods ahead.
        last_length: Length of the last of them, as a share of a period.

    Returns:
        Probability that each period ahead is active given that the first one is, and given that
        it is not; shape (users, n_periods).
    """
    returned, silent, share_class = _learn(was_active)
    lengths = np.ones(n_periods)
    lengths[-1] = last_length
    if_active = _walk(returned, share_class, np.zeros_like(silent), n_periods)
    if_silent = _walk(returned, share_class, np.minimum(silent + 1, MOST_SILENT), n_periods)
    if_silent[:, 0] = 0.0
    return if_active * lengths, if_silent * lengths


def _learn(was_active: Flags) -> tuple[Floats, Longs, Longs]:
    """Share that was active next, by silent periods and class; and where each user stands now."""
    active = was_active
    n_users, n_past = active.shape
    first = np.where(active.any(axis=1), active.argmax(axis=1), n_past)
    silent, n_active = np.zeros(n_users, dtype=np.int64), np.zeros(n_users)
    seen, came = (np.zeros((MOST_SILENT + 1, len(SHARES) + 1)) for _ in range(2))
    for period in range(n_past):
        is_seen = first < period
        state = (silent[is_seen], _share_class(n_active[is_seen], period - first[is_seen]))
        np.add.at(seen, state, 1.0)
        np.add.at(came, state, active[is_seen, period].astype(np.float64))
        silent = np.where(active[:, period], 0, np.minimum(silent + (first <= period), MOST_SILENT))
        n_active += active[:, period]
    overall = (came.sum() + 1) / (seen.sum() + 2)
    by_silence = (came.sum(axis=1) + overall) / (seen.sum(axis=1) + 1)
    returned = (came + PRIOR_STEPS * by_silence[:, None]) / (seen + PRIOR_STEPS)
    return returned, silent, _share_class(n_active, np.maximum(n_past - first, 1))


def _share_class(n_active: Floats, n_known: Longs) -> Longs:
    return np.searchsorted(SHARES, (n_active + 0.5) / (n_known + 1.0), side="right").astype(
        np.int64
    )


def _walk(returned: Floats, share_class: Longs, silent: Longs, n_periods: int) -> Floats:
    """Probability of being active in each period, starting after a first one that left the user
    with so many silent periods.
    """
    chance = returned[:, share_class].T
    where = np.zeros((len(silent), MOST_SILENT + 1))
    where[np.arange(len(silent)), silent] = 1.0
    chances = np.ones((len(silent), n_periods))
    for period in range(1, n_periods):
        chances[:, period] = (where * chance).sum(axis=1)
        stays = where * (1 - chance)
        where = np.concatenate([chances[:, [period]], stays[:, :-1]], axis=1)
        where[:, -1] += stays[:, -1]
    return chances
