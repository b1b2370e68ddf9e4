"""Records that are no part of a source, by its configuration: left out under a reason of their own,
counted, and not bad.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ntg_assets.configuration.inputs.events import EventSourceSettings
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.exploding import place_column

SHOWN_WORDS = 5


@dataclass(frozen=True)
class Filter:
    """One reason to leave records out.

    Attributes:
        column: Column of the files that is looked at.
        reason: Why a record is left out.
        words: Texts that are looked for (trimmed); null_words count as empty.
        place: Among the filters; it makes the name of the parameter unique.
        keeps: Whether records with one of the words stay (else they go).
    """

    column: str
    reason: str
    words: tuple[str, ...]
    place: int
    keeps: bool = False

    @property
    def parameter(self) -> str:
        """Name of the parameter that holds the words."""
        return f"filter_words_{self.place}"

    def leaves_out(self, text: str) -> str:
        """SQL of whether a record is left out, by the trimmed text of the column."""
        result = f"list_contains(${self.parameter}, {text})"
        return f"not {result}" if self.keeps else result


def filters_of(described: Described, *, repeats_header: bool = False) -> tuple[Filter, ...]:
    """The filters of a source, in the order in which they are tried.

    Args:
        described: The source.
        repeats_header: Whether a header comes again in some file, where files were put together.
    """
    source = described.source
    made: list[Filter] = []

    def add(given: str, reason: str, words: Sequence[str], *, keeps: bool = False) -> None:
        made.append(Filter(described.column_of(given), reason, tuple(words), len(made), keeps))

    in_files = {key: name for key, name in described.columns.items() if isinstance(name, str)}
    if repeats_header and in_files:  # no time is written like the name of its column
        name = in_files.get("event_at", next(iter(in_files.values())))
        add(name, "the line repeats the header", (name, f"\ufeff{name}"))
    if source.explode:
        reason = f"{' and '.join(source.explode)} holds nothing (explode)"
        add(place_column(source.explode), reason, ("",))
    for given, words in source.keep.items():
        add(given, f"{given} is none of {_some_of(words)} (keep)", words, keeps=True)
    for given in source.skip_when_empty:
        add(given, f"{given} is empty (skip_when_empty)", ("",))
    if isinstance(source, EventSourceSettings):
        for setting, key in (("no_user", "user_id"), ("no_item", "item_id")):
            if none_words := getattr(source, setting):
                add(key, f"{key} is a word for none ({setting})", none_words)
    return tuple(made)


def _some_of(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN_WORDS]) + (", ..." if len(words) > SHOWN_WORDS else "")


def filter_parameters(filters: tuple[Filter, ...]) -> Mapping[str, Any]:
    """Values that the filters' SQL is bound to."""
    return {entry.parameter: list(entry.words) for entry in filters}
