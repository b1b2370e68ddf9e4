"""Places of lists, filled one after the other: caps, places held for new items, variety (MMR)."""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs, position_in_group, starts_of
from ntg_assets.ranking.lists.evidence import edge_strengths
from ntg_assets.ranking.scoring.blend import NO_RULE, Texts
from ntg_assets.ranking.scoring.candidates import Pairs
from ntg_assets.ranking.scoring.list_rules import BITS, NO_LIMIT, ListRules, Words
from ntg_assets.ranking.scoring.model import RankingModel

GRAPH = "taste"  # whose similarity says how alike two items are
TABLE_ENTRIES = 2_000_000  # users x candidates that are looked at together: some 100 MB


class Chosen(NamedTuple):
    """Rows of the candidates that were chosen, by user and rank (from 1),
    and the rule that gave each its place (empty: its score).
    """

    row: Longs
    rank: Longs
    given_by: Texts


def first_places(user: Longs, *, k: int, n_users: int) -> Chosen:
    """Choose each user's first `k` rows, which stand in order."""
    rank = position_in_group(user, n_groups=n_users) + 1
    row = np.flatnonzero(rank <= k)
    return Chosen(row, rank[row], np.full(len(row), NO_RULE))


def choose_in_tables(
    pairs: Pairs, score: Floats, model: RankingModel, rules: ListRules, *, k: int, n_users: int
) -> Chosen:
    """Choose for as many users at once as fit a table of users x candidates."""
    start = starts_of(pairs.user, n_groups=n_users)
    at_once = max(TABLE_ENTRIES // max(int(np.diff(start).max(initial=0)), 1), 1)
    parts = []
    for first in range(0, n_users, at_once):
        last = min(first + at_once, n_users)
        rows = slice(start[first], start[last])
        found = _choose(
            Pairs(pairs.user[rows] - first, pairs.item[rows]),
            score[rows],
            model,
            rules,
            k=k,
            n_users=last - first,
        )
        parts.append(found._replace(row=found.row + start[first]))
    return (
        Chosen._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
        if parts
        else first_places(pairs.user, k=k, n_users=0)
    )


def _choose(
    pairs: Pairs, score: Floats, model: RankingModel, rules: ListRules, *, k: int, n_users: int
) -> Chosen:
    table = _Table(pairs, score, model, rules, n_users=n_users)
    places = [table.fill(place) for place in range(min(k, table.width))]
    if not places:
        return first_places(pairs.user[:0], k=k, n_users=0)
    row, given_by = (np.stack(columns, axis=1) for columns in zip(*places, strict=True))
    user, place = np.nonzero(row >= 0)
    return Chosen(row[user, place], place + 1, given_by[user, place])


class _Table:
    """Candidates of some users, best first, as users x candidates,
    and what their lists hold so far.
    """

    def __init__(
        self, pairs: Pairs, score: Floats, model: RankingModel, rules: ListRules, *, n_users: int
    ) -> None:
        self.rules, self.model, self.every = rules, model, np.arange(n_users)
        self.start = starts_of(pairs.user, n_groups=n_users)
        self.width = int(np.diff(self.start).max(initial=0))
        column = position_in_group(pairs.user, n_groups=n_users)
        self.open = np.zeros((n_users, self.width), np.bool_)
        self.open[pairs.user, column] = True
        self.item = np.zeros((n_users, self.width), np.int64)
        self.item[pairs.user, column] = pairs.item
        self.score = np.zeros((n_users, self.width))
        self.score[pairs.user, column] = score
        self.is_new = rules.is_new[self.item] & self.open
        fresh = rules.settings.freshness
        self.wanted = np.minimum(self.is_new.sum(axis=1), fresh.at_least if fresh else 0)
        self.counts = np.zeros((n_users, len(rules.limits)), np.int64)
        self.full: Words = np.zeros((n_users, rules.words.shape[1]), np.uint64)
        self.likeness = np.zeros((n_users, self.width))
        self.is_capped = bool((rules.limits < NO_LIMIT).any())
        self._close_categories()

    def fill(self, place: int) -> tuple[Longs, Texts]:
        """Choose the item of one place for every user: its row among the candidates
        (-1: none), and the rule that gave it.
        """
        allowed = self._allowed()
        by_score = np.where(allowed, self.score, -np.inf).argmax(axis=1)
        value = self._value(allowed)
        best = value.argmax(axis=1)
        chosen, is_held = self._held_for_new(value, best, place)
        is_there = allowed[self.every, chosen]
        given_by = np.where(is_held, "freshness", np.where(best != by_score, "diversity", NO_RULE))
        self._take(chosen, is_there)
        return np.where(is_there, self.start[:-1] + chosen, -1), given_by

    def _allowed(self) -> Flags:
        if not self.is_capped:
            return self.open.copy()
        allowed = self.open.copy()
        for word in range(self.full.shape[1]):
            allowed &= (self.rules.words[:, word][self.item] & self.full[:, word, None]) == 0
        return allowed

    def _value(self, allowed: Flags) -> Floats:
        """Return what each candidate is worth at the next place;
        of equal ones the first, which has the better score, is taken.
        """
        diversity = self.rules.settings.diversity
        if diversity is None:
            return np.where(allowed, self.score, -np.inf)
        best = np.where(
            self.score.max(axis=1, initial=0.0) > 0, self.score.max(axis=1, initial=0.0), 1.0
        )
        weight = diversity.relevance_weight
        return np.where(
            allowed, weight * (self.score / best[:, None]) - (1 - weight) * self.likeness, -np.inf
        )

    def _held_for_new(self, value: Floats, best: Longs, place: int) -> tuple[Longs, Flags]:
        left = self.model.settings.top_k - place
        must = (self.wanted > 0) & (self.wanted >= left) & (left > 0)
        new_value = np.where(self.is_new, value, -np.inf)
        of_new = new_value.argmax(axis=1)
        is_held = must & (new_value[self.every, of_new] > -np.inf) & ~self.is_new[self.every, best]
        return np.where(is_held, of_new, best), is_held

    def _take(self, chosen: Longs, is_there: Flags) -> None:
        user, item = self.every[is_there], self.item[self.every, chosen][is_there]
        self.open[user, chosen[is_there]] = False
        self.wanted[user] -= self.is_new[user, chosen[is_there]]
        if self.is_capped:
            held = self.rules.categories[item]
            row, slot = np.nonzero(held >= 0)
            self.counts[user[row], held[row, slot]] += 1
            self._close_categories()
        if self.rules.settings.diversity is not None:
            self._grow_alike(user, item)

    def _close_categories(self) -> None:
        user, category = np.nonzero(self.counts >= self.rules.limits)
        bit = np.left_shift(np.uint64(1), (category % BITS).astype(np.uint64))
        np.bitwise_or.at(self.full, (user, category // BITS), bit)

    def _grow_alike(self, user: Longs, item: Longs) -> None:
        """Raise each candidate's likeness to the list by the item just taken."""
        by_graph = (
            self.rules.settings.diversity is not None
            and self.rules.settings.diversity.by == "graph"
        )
        alike = self._edges_from(user, item) if by_graph else self._shared_categories(user, item)
        self.likeness[user] = np.maximum(self.likeness[user], alike)

    def _shared_categories(self, user: Longs, item: Longs) -> Floats:
        candidates = self.item[user]
        shared = np.zeros(candidates.shape, np.int64)
        for word in range(self.full.shape[1]):
            bits = self.rules.words[:, word]
            shared += np.bitwise_count(bits[candidates] & bits[item][:, None])
        either = (
            self.rules.n_categories[candidates] + self.rules.n_categories[item][:, None] - shared
        )
        return shared / np.maximum(either, 1)

    def _edges_from(self, user: Longs, item: Longs) -> Floats:
        candidates = self.item[user]
        if GRAPH not in self.model.graphs:
            return np.zeros(candidates.shape)
        start = np.repeat(item, candidates.shape[1])
        return edge_strengths(self.model, GRAPH, start, candidates.ravel()).reshape(
            candidates.shape
        )
