"""Why a step is made again: what is another than when it was made."""

from collections.abc import Mapping
from typing import NamedTuple

NOT_MADE = "it was not made before, or not to its end"
NOT_PASSED = "until they pass"


class Change(NamedTuple):
    """One reason why a step is made again.

    Attributes:
        kind: `new`, `asked`, `always`, `code`, `library`, `setting`, `file`, `clock`, `table`,
            `damaged`.
        what: The file, key or table.
    """

    kind: str
    what: str


def differing(kind: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    """Name what has another version now, was not there before, or is gone.

    Args:
        kind: Of the changes.
        before: Versions when the step was made, by name.
        now: Versions now.
    """
    if before == now:
        return []
    names = sorted(before.keys() | now.keys())
    return [Change(kind, name) for name in names if before.get(name) != now.get(name)]
