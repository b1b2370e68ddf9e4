"""What has another value in one place than in another, by name, and how a person reads it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Change(NamedTuple):
    """One thing that has another value; none: it was not there, or is not."""

    what: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the keys whose values differ, in the order of the keys."""
    keys = sorted({*before, *after})
    return [
        Change(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give the values of a nested configuration by dotted key; lists are one value."""
    values: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            values |= flat(value, f"{prefix}{name}.")
        else:
            values[f"{prefix}{name}"] = value
    return values


def in_words(value: object) -> str:
    """Write a value as a person reads it."""
    if value is None:
        return "none"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
