"""Independent pieces of numeric work on several cores, whose number changes nothing but time."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

MOST_AT_ONCE = 2  # each piece has memory of its own: two take 1.7 GB for 100,000 events
AT_ONCE = min(os.cpu_count() or 1, MOST_AT_ONCE)

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Piece], Made], pieces: Sequence[Piece]) -> list[Made]:
    """Do the same work on each of some pieces, several at once, and return what they came to in
    their order. What libraries do in compiled code runs on several cores, the rest takes turns.

    Each piece may read what whoever asks may (`declared_reads`).

    Args:
        work: Depends on its piece alone.
        pieces: Independent of one another.
    """
    if min(len(pieces), AT_ONCE) < 2:  # noqa: PLR2004  # a thread of its own for one piece
        return [work(piece) for piece in pieces]
    with ThreadPoolExecutor(min(len(pieces), AT_ONCE)) as pool:
        begun = [pool.submit(copy_context().run, work, piece) for piece in pieces]
        return [piece.result() for piece in begun]
