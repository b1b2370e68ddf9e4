"""What the sources say of a block of users: one definition, two engines with the same bits."""

from collections.abc import Callable, Iterator

from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.candidates import Scored, distinct_pairs
from ntg_assets.ranking.scoring.dense_scores import DenseScores
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.taste.neighbours import rows_at_once

# users x items; below, dense rows take a few seconds and compiling would take longer
COMPILED_FROM = 50_000_000
# users of a block of the compiled engine: some 150 MB of candidates and features
COMPILED_USERS = 1_024

Tell = Callable[[int, int], None]
Scorer = Callable[[Interactions], Scored]


def is_large(log: Interactions) -> bool:
    """Whether the compiled engine pays."""
    return are_many(log.n_users, log.n_items)


def are_many(n_users: int, n_items: int) -> bool:
    """Whether the compiled engine pays for so many users of so many items."""
    return n_users * n_items >= COMPILED_FROM


def scorer(model: RankingModel, *, compiled: bool) -> Scorer:
    """Return a function that finds the candidates of a block of users and scores them by every
    source.

    Args:
        model: Sources, graphs, popularity, settings.
        compiled: Which engine; both give the same bits.
    """
    per_source = model.settings.candidates_per_source
    if compiled:
        from ntg_assets.ranking.scoring.compiled_scores import (  # noqa: PLC0415  # a small input never pays for numba
            CompiledScores,
        )

        engine = CompiledScores(model)
        return lambda block: engine.score(block, per_source=per_source)
    return lambda block: _score_densely(block, model, per_source=per_source)


def score_users(block: Interactions, model: RankingModel, *, compiled: bool = False) -> Scored:
    """Find the candidates of one block of users, coded with the items of the model,
    and score them; see `scorer`.
    """
    return scorer(model, compiled=compiled)(block)


def user_blocks(
    log: Interactions, *, compiled: bool, tell: Tell | None = None
) -> Iterator[Interactions]:
    """Cut a log into blocks of users that one engine takes at once;
    an empty log is one empty block.

    Args:
        log: All users.
        compiled: Which engine.
        tell: Is told how many of how many users are done, after each block.
    """
    at_once = COMPILED_USERS if compiled else rows_at_once(log.n_items)
    for first in range(0, max(log.n_users, 1), at_once):
        yield log.block(first, first + at_once)
        if tell is not None:
            tell(min(first + at_once, log.n_users), log.n_users)


def _score_densely(block: Interactions, model: RankingModel, *, per_source: int) -> Scored:
    scores = DenseScores(block, model)
    found = scores.candidates(per_source=per_source)
    pairs = distinct_pairs(found, n_items=model.n_items)
    return Scored(found, pairs, scores.features(pairs))
