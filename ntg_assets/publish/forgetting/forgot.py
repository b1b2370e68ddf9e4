"""What a call that forgets people has done."""

from dataclasses import dataclass, field


@dataclass
class Forgot:
    """What a call has done.

    Attributes:
        ids: Who was forgotten, as the log writes ids.
        n_rows: Rows of the publication that named them, by table.
        generation: The one that is current now; none: nothing is published.
        removed: Generations that are gone.
        history: Files of the history that were written anew without them.
        landed: Fetched copies that are gone; the next run fetches again.
        touched: What else was removed, in words.
        sources: Files that NTG reads and does not own, which still hold them.
        unreached: Storages of a cluster that are not there now: their tables still hold them.
    """

    ids: list[str]
    n_rows: dict[str, int] = field(default_factory=dict)
    generation: str | None = None
    removed: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    landed: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
