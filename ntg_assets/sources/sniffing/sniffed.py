"""What a file seems to be, with the reason for each part of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SHOWN_VALUES, SHOWN_CHARACTERS = 3, 40

SAMPLE_BYTES, SAMPLE_RECORDS, SAMPLE_LINES = 4 << 20, 20_000, 200


@dataclass
class Sniffed:
    """What a file seems to be.

    Attributes:
        settings: Proposed settings, by key.
        why: Reason for each.
        open: What is not certain, by key, with the choices.
        notes: What a person should know of the file, and no setting says.
        columns: Names of the columns, in order.
        values: Some texts of each column.
        lists: Keys of arrays that hold several objects in some record, of which a column can name
            one only.
        said: Columns that a person has named, by role.
        elements: Columns that are the elements of exploded lists themselves, by role.
        key_columns: Columns of keys that are values, in exploded objects.
        inside: Columns that lie inside of the value of another one (JSON in a text, entries of key
            and value).
        opened: Columns whose values hold such.
        is_items: Whether it is an item table, not a log.
        files: Files that are like this one.
        is_cut: Whether its last line does not end.
        has_names: Whether the file says how its columns are called.
        written_at: When the file was last changed (naive UTC); none: nobody knows.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    open: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)
    elements: dict[str, str] = field(default_factory=dict)
    key_columns: list[str] = field(default_factory=list)
    inside: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    is_items: bool = False
    files: list[str] = field(default_factory=list)
    is_cut: bool = False
    has_names: bool = True
    written_at: datetime | None = None

    def is_part(self, name: str) -> bool:
        """Whether a column names one of several objects in a record (`items.0.id`), which only a
        person may take for all of it.
        """
        return name not in self.said.values() and any(
            name.startswith(f"{above}.0.") for above in self.lists
        )

    def is_one_value(self, name: str) -> bool:
        """Whether the values of a column are no objects, unless a person has named it."""
        return name not in self.opened or name in self.said.values()

    @property
    def exploded(self) -> list[str]:
        """Lists whose elements are the records."""
        return as_paths(self.settings.get("explode", []))

    @property
    def without_names(self) -> list[str]:
        """Objects whose names say nothing of the values inside: exploded lists, and one that holds
        each record as a whole (`Item` of DynamoDB).
        """
        first = {name.partition(".")[0] for name in self.columns if "." in name}
        is_whole = len(first) == 1 and all("." in name for name in self.columns)
        return [*self.exploded, *(first if is_whole else ())]

    def is_outside(self, name: str) -> bool:
        """Whether a column lies outside of the lists whose elements are the records."""
        return not any(f"{name}.".startswith(f"{path}.") for path in self.exploded)

    def take(self, key: str, value: object, why: str) -> None:
        """Propose a setting.

        Args:
            key: Setting.
            value: Its value, as YAML holds it.
            why: What in the file says so.
        """
        self.settings[key] = value
        self.why[key] = why
        self.open.pop(key, None)

    def take_questions(self, other: "Sniffed") -> None:
        """Ask, and tell, of a file that is like this one what only that one gives reason for."""
        self.open |= {key: choices for key, choices in other.open.items() if key not in self.open}
        self.notes += [note for note in other.notes if note not in self.notes]


def as_paths(explode: str | list[str]) -> list[str]:
    """Paths of exploded lists, of which one may stand alone."""
    return [explode] if isinstance(explode, str) else explode


def show_texts(texts: Sequence[str]) -> str:
    """Some different texts, cut short."""
    return ", ".join(
        repr(text[:SHOWN_CHARACTERS]) for text in list(dict.fromkeys(texts))[:SHOWN_VALUES]
    )
