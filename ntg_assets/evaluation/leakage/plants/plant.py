"""A leak to be planted: a few words exchanged in the source.

Its words must stand there exactly once: a test names a plant whose place has moved.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """Words that stand once in a file of the package, and what stands there instead."""

    file: str
    words: str
    instead: str


class Plant(NamedTuple):
    """One leak.

    Attributes:
        what: What then comes from the future.
        edits: How it is planted.
        tests: Modules of tests that may catch it, beside those of leakage.
    """

    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...] = ()


# where several of them stand: the asset of popularity, at its first lines
RANKING = "ranking/assets.py"
POPULAR = (
    "    log = code_interactions(project.columns(train_events, *HISTORY))\n    settings = with"
)
