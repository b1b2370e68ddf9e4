"""Scores of many users by compiled loops: one user at a time, so memory does not grow with users x items."""

import numpy as np
import scipy.sparse as sp

from ntg_assets.ranking.candidates import Candidates, Pairs, by_user
from ntg_assets.ranking.model import RankingModel
from ntg_assets.ranking.profiles import source_profile
from ntg_assets.ranking.scores_kernel import popular_candidates, popular_features, spread_candidates, spread_features
from ntg_assets.ranking.sources import Source
from ntg_assets.taste.interactions import Floats, Interactions, Longs, starts_of
from ntg_assets.taste.neighbours_kernel import WORKERS


class CompiledScores:
    """What each source says of every item, for every user of a block; bit for bit what `DenseScores` says."""

    def __init__(self, block: Interactions, model: RankingModel) -> None:
        self.block, self.model = block, model
        hidden = block.is_latest & (model.settings.recommend_consumed == "never")
        self.hidden = (starts_of(block.user[hidden], n_groups=block.n_users), block.item[hidden])

    def candidates(self, *, per_source: int) -> Candidates:
        """Find the best items of each source for each user."""
        parts = []
        for position, source in enumerate(self.model.sources):
            items, scores = self._best(source, min(per_source, self.model.n_items))
            user, place = np.nonzero(items >= 0)
            found = items[user, place].astype(np.int64)
            parts.append(Candidates(user, found, np.full(len(user), position), scores[user, place], place + 1))
        return by_user(parts)

    def features(self, pairs: Pairs) -> Floats:
        """Look up what each source says of each pair, relative to the best that it says of any item for the user (0 to 1)."""
        start = starts_of(pairs.user, n_groups=self.block.n_users)
        features = np.empty((len(pairs.user), len(self.model.sources)))
        for position, source in enumerate(self.model.sources):
            features[:, position] = self._relative(source, start, pairs.item)
        return features

    def _best(self, source: Source, k: int) -> tuple[Longs, Floats]:
        if source.kind == "popularity":
            popularity = self.model.popularity[source.name]
            return popular_candidates(popularity, np.argsort(-popularity, kind="stable"), *self.hidden, k, WORKERS)
        return spread_candidates(*self._spread(source), *self.hidden, self.model.n_items, k, WORKERS)

    def _relative(self, source: Source, start: Longs, item: Longs) -> Floats:
        if source.kind == "popularity":
            popularity = self.model.popularity[source.name]
            return popular_features(popularity, np.argsort(-popularity, kind="stable"), *self.hidden, start, item, WORKERS)
        return spread_features(*self._spread(source), *self.hidden, start, item, self.model.n_items, WORKERS)

    def _spread(self, source: Source) -> tuple[Longs, Longs, Floats, Longs, Longs, Floats]:
        """Return profile and graph as arrays; a user's own consumption is spread over a graph that leads each item to itself."""
        profile = source_profile(self.block, self.model, source)
        graph = sp.eye_array(self.model.n_items, format="csr") if source.kind == "consumed" else self.model.graphs[source.graph]
        return (*_arrays(profile), *_arrays(graph))


def _arrays(matrix: sp.csr_array) -> tuple[Longs, Longs, Floats]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float64)
