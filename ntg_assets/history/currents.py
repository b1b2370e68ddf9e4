"""Which generation was current when: one record per change, appended, never changed."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from ntg_assets.history.records import append_record, read_records

Action = Literal["published", "accepted", "rolled back", "kept aside", "found", "forgot"]
MADE_CURRENT = ("published", "accepted", "rolled back", "found", "forgot")


class Change(BaseModel):
    """What became of a generation.

    Attributes:
        at: When (naive UTC).
        action: `published` by a run, `accepted` or `rolled back` by a person, `kept aside` for a
            person to look at, `found` current without a record (the process ended between the two,
            or an older version had published it), `forgot`: the one before, without people who were
            forgotten.
        generation: Its name.
        as_of: First instant that its data do not hold.
        before: The one that was current until then.
        reasons: Why it was kept aside.
        draws: Rolled back: files of the history with the draws that people may have acted on.
        run: The run that published it.
    """

    at: datetime
    action: Action
    generation: str
    as_of: str
    before: str | None = None
    reasons: list[str] = []
    draws: list[str] = []
    run: str | None = None


def append_change(history: Path, change: Change) -> Path:
    """Append what became of a generation."""
    return append_record(history / "generations", change, name=change.generation)


def read_changes(history: Path) -> list[Change]:
    """Read what became of all generations, oldest first.

    Raises:
        StorageError: a file is damaged.
    """
    return read_records(history / "generations", Change)


def last_current(changes: list[Change]) -> Change | None:
    """Return the change that made a generation current last."""
    return next((change for change in reversed(changes) if change.action in MADE_CURRENT), None)


def was_current(changes: list[Change], generation: str) -> bool:
    """Whether people have seen a generation."""
    return any(
        change.generation == generation and change.action in MADE_CURRENT for change in changes
    )


def kept_aside(changes: list[Change]) -> Change | None:
    """Return what waits for a person; a later publication, or an accepted one, ends that."""
    for change in reversed(changes):
        if change.action in {"published", "accepted", "forgot"}:
            return None
        if change.action == "kept aside":
            return change
    return None


def taken_back(changes: list[Change]) -> dict[str, list[str]]:
    """Return the generations that a person has taken back, and nobody put in force again.

    Returns:
        By name, the files of the history with draws that people may have acted on.
    """
    back: dict[str, list[str]] = {}
    for change in changes:
        if change.action not in {"accepted", "rolled back"}:
            continue
        is_put_in_force_again = back.pop(change.generation, None) is not None
        if change.action == "rolled back" and change.before and not is_put_in_force_again:
            back[change.before] = change.draws
    return back
