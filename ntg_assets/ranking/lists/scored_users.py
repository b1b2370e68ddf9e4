"""One walk over the users makes every table that rests on their scores.

Candidates have to be found and scored for a list in any case, so what each source found, what is
recommended and what other strategies would show come from the same scores, block by block.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.audiences import Audience
from ntg_assets.ranking.lists.recommendations import recommendation_table, titled
from ntg_assets.ranking.lists.reranking import make_lists
from ntg_assets.ranking.lists.strategies import strategy_rows, strategy_weights
from ntg_assets.ranking.scoring.blend import Lists
from ntg_assets.ranking.scoring.candidates import Scored, candidate_table
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.scores import Tell, is_large, scorer, user_blocks


@dataclass(frozen=True)
class ScoredBlock:
    """A block of users with their scored candidates.

    Attributes:
        users: The block.
        scored: Its candidates and what every source says of them.
        model: What scored them.
    """

    users: Interactions
    scored: Scored
    model: RankingModel
    _made: dict[int, Lists] = field(default_factory=dict, repr=False)

    def lists(self, k: int) -> Lists:
        """Return the users' lists of at most `k` items, made once."""
        if k not in self._made:
            pairs, features = self.scored.pairs, self.scored.features
            self._made[k] = make_lists(pairs, features, self.model, k=k, n_users=self.users.n_users)
        return self._made[k]


RowsOf = Callable[[ScoredBlock], pl.DataFrame]


def walk_audiences(
    log: Interactions,
    divided: Iterable[Audience],
    tables: Sequence[RowsOf],
    *,
    tell: Tell | None = None,
    compiled: bool | None = None,
) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Walk over the users of each audience with its own model; see `walk_users`.

    Args:
        log: Everybody.
        divided: The audiences.
        tables: Makes the rows of a block, one per table.
        tell: Is told how many of how many users are done.
        compiled: Which engine, which gives the same bits; None: by the size of the log.
    """
    compiled, before = is_large(log) if compiled is None else compiled, 0
    for users, model in divided:
        told = None if tell is None else _from(tell, before, log.n_users)
        yield from walk_users(users, model, tables, tell=told, compiled=compiled)
        before += users.n_users


def _from(tell: Tell, before: int, n_users: int) -> Tell:
    return lambda done, _: tell(before + done, n_users)


def walk_users(
    log: Interactions,
    model: RankingModel,
    tables: Sequence[RowsOf],
    *,
    tell: Tell | None = None,
    compiled: bool | None = None,
) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Score each block of users once, and make its rows of each table.

    Args:
        log: TRAIN, coded with the items of the model.
        model: Sources, weights, settings.
        tables: Makes the rows of a block, one per table.
        tell: Is told how many of how many users are done.
        compiled: Which engine; None: by the size of the log.

    Yields:
        One frame per table and block.
    """
    compiled = is_large(log) if compiled is None else compiled
    score = scorer(model, compiled=compiled)
    for users in user_blocks(log, compiled=compiled, tell=tell):
        block = ScoredBlock(users, score(users), model)
        yield tuple(rows_of(block) for rows_of in tables)


def candidate_rows(block: ScoredBlock) -> pl.DataFrame:
    """Make the rows of `candidates`: one per user, item and source."""
    return candidate_table(block.scored.candidates, block.users, block.model)


def recommendation_rows(
    model: RankingModel, *, titles: pl.DataFrame, cutoff_at: datetime
) -> RowsOf:
    """Return what makes the rows of `recommendations`: one per user and rank, at most `top_k` per
    user, fewer where fewer candidates are known.

    Args:
        model: Items, list length.
        titles: `item_id`, `title`; items without one show their id.
        cutoff_at: The cutoff of the stage, part of each recommendation's id.
    """
    shown, k = titled(model.items, titles), model.settings.top_k
    return lambda block: recommendation_table(
        block.lists(k), block.users, block.model, titles=shown, cutoff_at=cutoff_at
    )


def strategy_list_rows(model: RankingModel, weights: pl.DataFrame, *, k: int) -> RowsOf:
    """Return what makes the rows of `strategy_lists`: what each strategy would show each user.

    Args:
        model: Sources.
        weights: `ranking_weights`.
        k: Length of the lists.
    """
    chosen = strategy_weights(model, weights)
    return lambda block: strategy_rows(
        block.scored, block.users, block.model, chosen, blend=block.lists(k), k=k
    )
