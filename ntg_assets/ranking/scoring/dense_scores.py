"""Scores of a small block of users as dense rows: no compilation,
and the reference for the compiled engine.
"""

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.interactions.top_k import top_k_rows
from ntg_assets.ranking.scoring.candidates import Candidates, Pairs, by_user
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.profiles import source_profile
from ntg_assets.ranking.scoring.sources import FAINT, Source


class DenseScores:
    """What each source says of every item, for every user of a block.

    A score of 0: nothing to say, or not to be shown. What a profile spreads over a graph is added
    up in single precision.
    """

    def __init__(self, block: Interactions, model: RankingModel) -> None:
        self.model = model
        self.scores: list[Floats] = [self._of(block, source) for source in model.sources]

    def _of(self, block: Interactions, source: Source) -> Floats:
        """Score users x items, up to the last column that the source can reach."""
        if source.kind == "popularity":
            scores = np.tile(self.model.popularity[source.name], (block.n_users, 1))
        elif source.kind == "consumed":
            scores = source_profile(block, self.model, source).toarray()
        elif source.kind == "latent":
            # whole profiles from the other side: the same sums in the same order, and no search for
            # which of the places have any
            places = source_profile(block, self.model, source).toarray()
            scores = (self.model.graphs[source.graph].T @ places.T).T
            # what a source says against an item counts as nothing, and so does what is faint
            scores[scores < np.float32(FAINT)] = 0.0
        else:
            scores = (
                source_profile(block, self.model, source) @ self.model.graphs[source.graph]
            ).toarray()
        if self.model.settings.recommend_consumed == "never":
            reached = block.item < scores.shape[1]
            scores[block.user[reached], block.item[reached]] = 0.0
        return scores.astype(np.float64, order="C", copy=False)

    def candidates(self, *, per_source: int) -> Candidates:
        """Find the best items of each source for each user."""
        parts = []
        for position, scores in enumerate(self.scores):
            top = top_k_rows(scores, per_source)
            parts.append(
                Candidates(
                    top.row, top.column, np.full(len(top.row), position), top.value, top.rank + 1
                )
            )
        return by_user(parts)

    def features(self, pairs: Pairs) -> Floats:
        """Look up what each source says of each pair,
        relative to the best that it says of any item for the user (0 to 1).
        """
        features = np.zeros((len(pairs.user), len(self.scores)))
        for position, scores in enumerate(self.scores):
            best = scores.max(axis=1, initial=0.0)
            best[best == 0] = 1.0
            reached = np.flatnonzero(pairs.item < scores.shape[1])
            user, item = pairs.user[reached], pairs.item[reached]
            features[reached, position] = scores[user, item] / best[user]
        return features
