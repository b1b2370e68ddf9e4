"""Scores of many users by compiled loops: one user at a time,
so memory does not grow with users x items.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntg_assets.arrays import Flags, Longs, starts_of
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.interactions.workers import NARROW, WORKERS
from ntg_assets.ranking.scoring.candidates import Candidates, Pairs, Scored
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.profiles import source_profile
from ntg_assets.ranking.scoring.scores_kernel import Found, Histories, Sources, score_users
from ntg_assets.ranking.scoring.sources import FAINT, Source


class CompiledScores:
    """What each source says of every item, for block after block of users;
    bit for bit what `DenseScores` says.

    A user's own consumption is spread over a graph that leads each item to itself.
    """

    def __init__(self, model: RankingModel, *, workers: int = WORKERS) -> None:
        self.model, self.workers = model, workers
        self.spread = [source for source in model.sources if source.kind != "popularity"]
        is_popular = np.array([source.kind == "popularity" for source in model.sources], np.bool_)
        popularity = [
            model.popularity[source.name] for source in model.sources if source.kind == "popularity"
        ]
        scores = np.array(popularity).reshape(len(popularity), model.n_items)
        names = sorted({_graph_name(source) for source in self.spread})
        graphs = [
            sp.eye_array(model.n_items, format="csr") if name == "" else model.graphs[name]
            for name in names
        ]
        columns, strengths = _entries(graphs)
        first = np.cumsum([0, *(graph.shape[0] + 1 for graph in graphs)])
        self.sources = Sources(
            _numbers(~is_popular),
            _numbers(is_popular),
            np.array([first[names.index(_graph_name(source))] for source in self.spread], np.int64),
            _joined([graph.indptr for graph in graphs]).astype(np.uint32),
            columns.astype(np.uint16 if model.n_items <= NARROW else np.uint32),
            strengths,
            scores,
            np.argsort(-scores, kind="stable", axis=1),
            np.array([source.kind == "latent" for source in self.spread], np.bool_),
            np.float32(FAINT),
        )

    def score(self, block: Interactions, *, per_source: int) -> Scored:
        """Find the best items of each source for each user of a block,
        and what every source says of all of them.
        """
        profiles = [source_profile(block, self.model, source) for source in self.spread]
        hidden = block.is_latest & (self.model.settings.recommend_consumed == "never")
        starts = _joined([profile.indptr for profile in profiles]).reshape(
            len(profiles), block.n_users + 1
        )
        hidden_start = starts_of(block.user[hidden], n_groups=block.n_users)
        histories = Histories(
            starts, *_entries(profiles), hidden_start, block.item[hidden].astype(np.uint32)
        )
        return _laid_out(
            find_best(
                self.sources, histories, k=min(per_source, self.model.n_items), workers=self.workers
            )
        )


def find_best(sources: Sources, histories: Histories, *, k: int, workers: int) -> Found:
    """Let workers share the users of a block; their number changes only speed and memory."""
    found = Found.room(
        n_users=len(histories.hidden_start) - 1,
        n_sources=len(sources.spread_of),
        n_items=sources.popularity.shape[1],
        k=k,
    )
    # numba's own threads keep a core busy while they wait for the next block
    with ThreadPoolExecutor(workers) as pool:
        for done in [
            pool.submit(score_users, sources, histories, found, worker, workers)
            for worker in range(workers)
        ]:
            done.result()
    return found


def _laid_out(found: Found) -> Scored:
    """Turn what was filled of the arrays into rows."""
    user, source, place = np.nonzero(np.arange(found.items.shape[2]) < found.sizes[:, :, None])
    items, scores = (
        found.items[user, source, place].astype(np.int64),
        found.scores[user, source, place],
    )
    of, at = np.nonzero(np.arange(found.pairs.shape[1]) < found.n_pairs[:, None])
    return Scored(
        Candidates(user, items, source, scores, place + 1),
        Pairs(of, found.pairs[of, at].astype(np.int64)),
        found.features[of, at],
    )


def _graph_name(source: Source) -> str:
    return source.graph


def _numbers(flags: Flags) -> Longs:
    """Number the flagged places from 0; the others are -1."""
    return np.where(flags, np.cumsum(flags) - 1, -1)


def _joined(starts: Sequence[npt.NDArray[np.integer]]) -> Longs:
    """Put row pointers one after the other, each counted on from the end of those before."""
    ends = np.cumsum([0, *(start[-1] for start in starts)])
    return np.concatenate(
        [
            np.empty(0, np.int64),
            *(start + end for start, end in zip(starts, ends[:-1], strict=True)),
        ]
    ).astype(np.int64)


def _entries(
    matrices: Sequence[sp.csr_array],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
    """Put columns and values of matrices one after the other."""
    columns = [np.empty(0, np.uint32), *(matrix.indices.astype(np.uint32) for matrix in matrices)]
    return np.concatenate(columns), np.concatenate(
        [np.empty(0, np.float32), *(matrix.data.astype(np.float32) for matrix in matrices)]
    )
