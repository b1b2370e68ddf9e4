"""The pace of popularity: which half-life serves users best, over many instants of the past.

Users who share an instant share what was popular at it, so one instant is one draw however many
users it has: two of them chose three hours on a news log where a quarter of an hour was right.
Popularity alone is cheap, so it is asked at many.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Flags, Floats, Ints, Longs, distinct, position_in_group
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.randomness import unit_interval
from ntg_assets.ranking.scoring.popularity import decay
from ntg_assets.statistics.ranking_metrics import user_metrics

DECISION_K = 10  # NDCG at this length decides
INSTANTS = 24  # spread evenly, by events, over the last half of the log
FIRST_SHARE = 0.5  # of the events lies before the first instant
FEWEST_INSTANTS = 5  # with fewer nothing is concluded
USERS_OF_AN_INSTANT = 300
FEWEST_USERS = 10  # of an instant that counts
LISTED = 500  # most popular items among which those are looked for that are new to a user


class Pace(NamedTuple):
    """How well each half-life of popularity would have served users at instants of the past.

    Attributes:
        half_life_days: The half-lives, ascending.
        ndcg: Instants x half-lives: mean NDCG over the users of the instant, the earliest first.
    """

    half_life_days: list[float]
    ndcg: Floats

    @property
    def mean(self) -> Floats:
        """NDCG of each half-life, every instant counting the same."""
        return self.ndcg.mean(axis=0)

    @property
    def deviation(self) -> Floats:
        """Deviation of each half-life's NDCG between instants."""
        return self.ndcg.std(axis=0, ddof=1)

    @property
    def chosen(self) -> float:
        """The longest half-life whose NDCG is within one standard error of the best one's.

        The error is that of their difference over instants. Of 40 instants of eight made logs, this
        was significantly worse than the half-life that one instant before it would have chosen at
        one and better at seven; the best by itself at two and eight.

        Source: Breiman, Friedman, Olshen and Stone 1984 (the rule of one standard error).
        """
        best = int(self.mean.argmax())
        behind = self.ndcg[:, [best]] - self.ndcg
        error = behind.std(axis=0, ddof=1) / np.sqrt(len(behind))
        return self.half_life_days[int(np.flatnonzero(behind.mean(axis=0) <= error)[-1])]


class _Pairs(NamedTuple):
    """Users, by their places among those who are asked, with items of theirs, by code."""

    user: Longs
    item: Longs | Ints

    @classmethod
    def of(cls, numbers: Longs, log: Interactions) -> "_Pairs":
        """Take numbers apart that are place of the user * items + item."""
        return cls(*np.divmod(numbers, log.n_items))


def evaluate_pace(
    log: Interactions, *, strategy: str, settings: RankingSettings, seed: int
) -> Pace | None:
    """Ask at many instants of a log which popularity would have served users best.

    At each instant users with a history are shown what was popular then, and the list is held
    against what they took in a label window (`inner_label_share` of the events) after it.

    Args:
        log: What lies before the latest inner cut.
        strategy: `split.strategy`. Under `per_user` users are cut at instants of their own, and the
            inner cuts decide.
        settings: Half-lives (filled in), share of a label window, whether a list may show what a
            user has had.
        seed: Chooses the users of an instant where there are many.

    Returns:
        None: too few instants have users to say anything.
    """
    half_lives = sorted(set(settings.popularity_half_life_days or ()))
    if strategy == "per_user" or not len(log.at) or not half_lives:
        return None
    judged = [
        ndcg.mean(axis=0)
        for ndcg in _instants(log, half_lives, settings, _places(log, seed=seed))
        if len(ndcg) >= FEWEST_USERS
    ]
    return Pace(half_lives, np.stack(judged)) if len(judged) >= FEWEST_INSTANTS else None


def _places(log: Interactions, *, seed: int) -> Longs:
    """Give each user a place by a hash of the id: the first ones of an instant are asked."""
    hashed = np.array([unit_interval(f"pace:{seed}", user) for user in log.users])
    place = np.empty(log.n_users, np.int64)
    place[np.argsort(hashed, kind="stable")] = np.arange(log.n_users)
    return place


def _instants(
    log: Interactions, half_lives: Sequence[float], settings: RankingSettings, place: Longs
) -> Iterator[Floats]:
    """Yield the NDCG of users x half-lives of each instant, the earliest first."""
    by_time = np.argsort(log.at, kind="stable")
    at, item = log.at[by_time], log.item[by_time]
    is_repeated = settings.recommend_consumed == "allow"
    counts = np.ones(len(at), np.bool_) if is_repeated else _is_first(log)[by_time]
    window = max(round(settings.inner_label_share * len(at)), 1)
    scores, now, seen = np.zeros((len(half_lives), log.n_items)), int(at[0]), 0
    for instant in _cuts(at, window):
        until = int(np.searchsorted(at, instant))
        for row, days in enumerate(half_lives):
            fresh = decay(at[seen:until], now=instant, half_life_days=days)
            scores[row] *= decay(np.array([now]), now=instant, half_life_days=days)
            scores[row] += np.bincount(item[seen:until], fresh, minlength=log.n_items)
        now, seen = instant, until
        labels = by_time[until : until + window][counts[until : until + window]]
        labels = labels[_had_before(log, labels, instant)]
        users = _asked(log.user[labels], place)
        yield _ndcg(log, labels, users, scores, instant, is_repeated=is_repeated)


def _cuts(at: Longs, window: int) -> Longs:
    """Return the instants: a label window of events follows each."""
    first, last = round(FIRST_SHARE * len(at)), len(at) - window
    places = np.linspace(first, last, INSTANTS).round().astype(np.int64)
    instants = np.unique(at[np.clip(places, 0, len(at) - 1)])
    return instants[instants > at[0]]


def _is_first(log: Interactions) -> Flags:
    """Say of each row whether its user had its item for the first time."""
    if log.is_latest.all():
        return log.is_latest
    pair = log.user.astype(np.int64) * log.n_items + log.item
    _, last = np.unique(pair[::-1], return_index=True)  # a user's rows run from the latest on
    first = np.zeros(len(pair), np.bool_)
    first[len(pair) - 1 - last] = True
    return first


def _had_before(log: Interactions, rows: Longs, instant: int) -> Flags:
    """Say of each row whether its user was there before an instant."""
    arrival = log.at[log.start[1:] - 1]
    return arrival[log.user[rows]] < instant


def _asked(user: Ints, place: Longs) -> Ints:
    """Return at most so many of the users, by their place."""
    users = np.unique(user)
    return users[np.argsort(place[users])][:USERS_OF_AN_INSTANT]


def _ndcg(
    log: Interactions,
    labels: Longs,
    users: Ints,
    scores: Floats,
    instant: int,
    *,
    is_repeated: bool,
) -> Floats:
    """Return users x half-lives."""
    if not len(users):
        return np.empty((0, len(scores)))
    number = np.full(log.n_users, -1, np.int64)
    number[users] = np.arange(len(users))
    labels = labels[number[log.user[labels]] >= 0]
    wanted = _Pairs.of(distinct(number[log.user[labels]] * log.n_items + log.item[labels]), log)
    n_relevant = np.bincount(wanted.user, minlength=len(users))
    hidden = None if is_repeated else _past(log, users, instant)
    ndcg = np.empty((len(users), len(scores)))
    for position, score in enumerate(scores):
        listed = np.argsort(-score, kind="stable")[:LISTED]
        listed = listed[score[listed] > 0]
        is_new = ~_stand_in(listed, hidden, log, n_users=len(users))
        rank = np.cumsum(is_new, axis=1) - 1
        user, column = np.nonzero(is_new & (rank < DECISION_K))
        hits = np.zeros((len(users), DECISION_K), np.bool_)
        is_wanted = _stand_in(listed, wanted, log, n_users=len(users))
        hits[user, rank[user, column]] = is_wanted[user, column]
        ndcg[:, position] = user_metrics(hits, n_relevant, k=DECISION_K).ndcg
    return ndcg


def _stand_in(listed: Longs, pairs: _Pairs | None, log: Interactions, *, n_users: int) -> Flags:
    """Say of each user and place of a list whether the item there is among the user's pairs."""
    stands = np.zeros((n_users, len(listed)), np.bool_)
    if pairs is not None:
        place = np.full(log.n_items, -1)
        place[listed] = np.arange(len(listed))
        column = place[pairs.item]
        stands[pairs.user[column >= 0], column[column >= 0]] = True
    return stands


def _past(log: Interactions, users: Ints, instant: int) -> _Pairs:
    """Return what users had before an instant, by their places among `users`."""
    sizes = np.diff(log.start)[users]
    number = np.repeat(np.arange(len(users)), sizes)
    row = np.repeat(log.start[users], sizes) + position_in_group(number, n_groups=len(users))
    before = log.at[row] < instant
    return _Pairs(number[before], log.item[row[before]])
