"""What the sources say of a block of users: one definition, two engines with the same bits."""

from collections.abc import Iterator
from typing import Protocol

from ntg_assets.ranking.candidates import Candidates, Pairs
from ntg_assets.ranking.dense_scores import DenseScores
from ntg_assets.ranking.model import RankingModel
from ntg_assets.taste.interactions import Floats, Interactions
from ntg_assets.taste.neighbours import rows_at_once

COMPILED_FROM = 50_000_000  # users x items; below, dense rows take a few seconds and compiling would take longer
COMPILED_USERS = 4_096  # users of a block of the compiled engine: some 100 MB of candidates


class Scores(Protocol):
    """What an engine offers for one block of users."""

    def candidates(self, *, per_source: int) -> Candidates:
        """Find the best items of each source for each user."""

    def features(self, pairs: Pairs) -> Floats:
        """Return pairs x sources, each relative to the source's best for the user (0 to 1)."""


def is_large(log: Interactions) -> bool:
    """Whether the compiled engine pays."""
    return log.n_users * log.n_items >= COMPILED_FROM


def score_block(block: Interactions, model: RankingModel, *, compiled: bool = False) -> Scores:
    """Let every source score a block of users.

    Args:
        block: Users with all their rows; coded with the items of the model.
        model: Sources, graphs, popularity, settings.
        compiled: Which engine; both give the same bits.
    """
    if compiled:
        from ntg_assets.ranking.compiled_scores import CompiledScores  # noqa: PLC0415  # a small input never pays for numba

        return CompiledScores(block, model)
    return DenseScores(block, model)


def user_blocks(log: Interactions, *, compiled: bool) -> Iterator[Interactions]:
    """Cut a log into blocks of users that one engine takes at once."""
    at_once = COMPILED_USERS if compiled else rows_at_once(log.n_items)
    for first in range(0, log.n_users, at_once):
        yield log.block(first, first + at_once)
