"""Facts about users and items that change with time: files, columns, and what they mean."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import TimeOptions
from ntg_assets.configuration.section import Section

Word = Annotated[str, Field(min_length=1)]


class AttributeSourceSettings(FileSource, TimeOptions):
    """One table of facts: one row per entity, or per entity and time."""

    entity: Literal["user", "item"]
    """Whose facts they are."""
    id: ColumnName
    """Column with the user or the item; ids as in `ingest.events`."""
    valid_from: ColumnName | None = None
    """Column with the day or time from which the row holds; null: from when it was known."""
    known_from: ColumnName | None = None
    """Column with the day or time at which the row became known; null: when it began to hold.

    Where both are null, the table counts as known from the start, and the page says that this is
    assumed."""
    attributes: dict[str, ColumnName] = Field(min_length=1)
    """Name of each attribute, with the column that holds it (`{country: country_code}`)."""


class ConsentSettings(Section):
    """Which attribute says that a user may be contacted."""

    attribute: Word
    """Attribute of users; who has none, or another word, is on no contact list."""
    granted: list[Word] = Field(default=["true", "yes", "1"])
    """What the attribute holds for users who agreed; upper and lower case are the same, and so are
    the words for true (`yes`, `ja`, `1.0`, `WAHR`).
    """


class AvailabilitySettings(Section):
    """Which attributes say when an item may be shown."""

    available_from: Word | None = None
    """Attribute of items: first day (or time) on which it may be shown; none: always was."""
    available_until: Word | None = None
    """Attribute of items: day (or time) from which it may not be shown any more; none: no end."""
    regions: Word | None = None
    """Attribute of items: the regions in which it may be shown, apart by `,`, `;` or `|`; an item
    without a word there may be shown everywhere. None: no item is bound to a region."""
    user_region: Word | None = None
    """Attribute of users: the region that they are in, in the words of `regions` (upper and lower
    case are the same). Whoever has none is shown what may be shown in every region of the users."""

    @model_validator(mode="after")
    def _regions_need_users(self) -> "AvailabilitySettings":
        if (self.regions is None) != (self.user_region is None):
            has, lacks = ("regions", "user_region") if self.regions else ("user_region", "regions")
            raise ValueError(f"{has} is named without {lacks}: both say together what is shown")
        return self


class AttributeSettings(Section):
    """Facts about users and items in time, and what some of them decide."""

    sources: list[AttributeSourceSettings] = Field(default_factory=list)
    """Tables of facts."""
    consent: ConsentSettings | None = None
    """Who may be contacted; null: everyone who is on no opt-out list."""
    availability: AvailabilitySettings | None = None
    """What may be shown tonight; null: everything."""

    @model_validator(mode="after")
    def _names_meet(self) -> "AttributeSettings":
        for entity in ("user", "item"):
            names = [
                name
                for source in self.sources
                if source.entity == entity
                for name in source.attributes
            ]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(
                    f"attribute {twice[0]!r} of {entity}s stands in two sources: give each its own"
                    " name"
                )
        if missing := sorted(self._needed() - self._given()):
            entity, name = missing[0]
            raise ValueError(f"no source of {entity}s has an attribute {name!r}")
        return self

    def _given(self) -> set[tuple[str, str]]:
        return {(source.entity, name) for source in self.sources for name in source.attributes}

    def _needed(self) -> set[tuple[str, str]]:
        needed: set[tuple[str, str | None]] = set()
        if self.consent:
            needed.add(("user", self.consent.attribute))
        if shown := self.availability:
            needed |= {
                ("item", shown.available_from),
                ("item", shown.available_until),
                ("item", shown.regions),
                ("user", shown.user_region),
            }
        return {(entity, name) for entity, name in needed if name is not None}

    def windows(self) -> list[str]:
        """Attributes of items that are days of a licence window."""
        shown = self.availability
        if shown is None:
            return []
        return [name for name in (shown.available_from, shown.available_until) if name]

    def decisive(self, entity: str) -> list[str]:
        """Attributes that decide who may be contacted or what may be shown."""
        return sorted(name for owner, name in self._needed() if owner == entity)

    def names_of(self, entity: str) -> set[str]:
        """Attributes of one kind of entity, over all sources."""
        return {
            name for source in self.sources if source.entity == entity for name in source.attributes
        }
