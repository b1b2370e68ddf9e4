"""Where the events and the items come from, and how their columns map to the event contract."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.inputs.attributes import AttributeSettings
from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.spellings import Words
from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.configuration.inputs.written_values import DurationUnit, NumberOptions, TimeOptions
from ntg_assets.configuration.section import Section
from ntg_assets.zones import UTC_ZONE, is_zone

# clocks of devices run ahead, and zones differ; more than a day is a broken clock
CLOCK_TOLERANCE = timedelta(days=1)
IdType = Literal["integer", "string"]
NUMBERS = {3: "three "}


def _as_text(written: object) -> object:
    """Write a day as text: YAML reads one without quotes as a date."""
    return written.isoformat() if isinstance(written, date) else written


class EventSourceSettings(FileSource, TimeOptions, NumberOptions):
    """The interaction log: files, and what each contract column is called in them."""

    user_id: ColumnName = "user_id"
    """Column with the user; or where else it stands: `{file_name: '(.*)\\.json'}`,
    `{folder: 'user-(.*)'}`, `{constant: me}`, `{column: member, default: guest}`.
    """
    item_id: ColumnName = "item_id"
    """Column with the item."""
    event_at: ColumnName = "event_at"
    """Column with the time of the event."""
    value: ColumnName | None = None
    """Column with the value of the event (rating, amount, minutes);
    none: every event has value 1.
    """
    event_type: ColumnName | None = None
    """Column with the kind of event; none: every event is of `constant_event_type`."""
    constant_event_type: Annotated[str, Field(min_length=1)] = "event"
    """Kind of every event when the log has no such column."""
    event_id: ColumnName | None = None
    """Column that tells events apart (an order number). Of records with the same one that of the
    later file (by name) counts, within a file the latest; the others are counted as replaced.
    None: only records equal in all columns above are one event.
    """
    user_id_type: IdType = "string"
    item_id_type: IdType = "string"
    no_user: Words = Field(default_factory=list)
    r"""Texts in the place of a user that mean "none", such as `["NULL", "\\N", nan, anonymous]`:
    such records are skipped, counted under their own reason, and not bad.
    """
    no_item: Words = Field(default_factory=list)
    """Texts in the place of an item that mean "none": likewise."""
    value_if_empty: float | Literal["quarantine"] | None = "quarantine"
    """What an empty value means: `quarantine` (the record cannot be used), a number
    (`value_if_empty: 1.0`), or null: no value, that is 1. What is no number is quarantined anyway.
    """
    value_format: Literal["number", "duration"] = "number"
    """`duration` for `1:02:03`, `2:45` (minutes and seconds), `1h 2m 3s` and `PT1H2M3S`."""
    duration_unit: DurationUnit = "seconds"
    """Unit in which durations are stored."""
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Strength of each event type in engagement (a view 0.2, a purchase 1,
    ...); types not named weigh 1.
    """

    @model_validator(mode="after")
    def _columns_differ(self) -> "EventSourceSettings":
        raise_if_same_columns(self, ("user_id", "item_id", "event_at"))
        return self


def raise_if_same_columns(source: FileSource, keys: tuple[str, ...]) -> None:
    """Refuse settings of which two name the same column."""
    named = [column_name(given) for given in source.mapped(keys).values()]
    if len(set(named)) < len(named):
        msg = (
            f"{', '.join(keys[:-1])} and {keys[-1]} must be {NUMBERS.get(len(keys), '')}different"
            f" columns, found {', '.join(named)}"
        )
        raise ValueError(msg)


class ItemSourceSettings(FileSource):
    """The optional item table."""

    item_id: ColumnName = "item_id"
    title: ColumnName | None = None
    """Column with the name that people read; none: the id is shown."""
    categories: ColumnName | None = None
    """Column with the categories of an item: a text, or a list (of texts or of structs)."""
    categories_format: Literal["separated", "json"] = "separated"
    """`separated`: names between `category_separator`; `json`: a list in text, `["Drama"]`,
    `['Drama']` or `[{"id": 18, "name": "Drama"}]`. Lists of Parquet and JSON are read as lists.
    """
    category_separator: str | None = "|"
    """What separates several categories in one field; null: the field is one category."""
    category_name: str = "name"
    """Key of a category's name where categories are objects."""
    no_category: Words = Field(default_factory=list)
    """Texts that mean "no category" (they become null)."""


class VolumeSettings(Section):
    """How much less a load may bring before it is doubted. What a doubt means is in `volume.py`."""

    warn_below: float = Field(default=0.8, ge=0, le=1)
    """Events or users below this share of the load before,
    or of the usual level of the log, are told.
    """
    refuse_below: float = Field(default=0.5, ge=0, le=1)
    """Events or users below this share of the load before: the load is refused,
    and the tables stay as they were.
    """
    refuse_days_back: int = Field(default=7, ge=1)
    """A log that ends this many days or more before the end of the load before is refused."""
    quiet_below: float = Field(default=0.5, ge=0, le=1)
    """A log whose last weeks stay below this share of its usual level holds the contact lists
    back.
    """
    minimum_events: int = Field(default=50, ge=1)
    """A load before with fewer events says nothing about this one."""
    confirmed: list[Annotated[str, BeforeValidator(_as_text)]] = Field(default_factory=list)
    """What a person has confirmed, as the message asks for it: `<load>:<events>`,
    or the day on which a drop began.
    """

    @model_validator(mode="after")
    def _warns_first(self) -> "VolumeSettings":
        if self.refuse_below > self.warn_below:
            msg = (
                f"refuse_below {self.refuse_below} is above warn_below {self.warn_below}: a load"
                " would be refused before it is doubted"
            )
            raise ValueError(msg)
        return self


class IngestSettings(Section):
    """The source and the rules by which its rows are trusted."""

    source_name: str = Field(default="unnamed source", min_length=1)
    """Name of the data in reports."""
    events: EventSourceSettings
    items: ItemSourceSettings | None = None
    attributes: AttributeSettings = AttributeSettings()
    """Facts about users and items in time: country, device, consent, licence windows."""
    subscriptions: SubscriptionSourceSettings | None = None
    """Contracts; null: nobody has one, and silence is what leaving means."""
    payments: PaymentSourceSettings | None = None
    """Payments for them; null: nothing is known of failures and refunds."""
    service_timezone: str | None = None
    """Zone whose midnights divide the days (IANA name),
    everywhere that a day is counted or a cutoff is a day; null: `events.timezone`.
    """
    source_folders: list[str] = Field(default_factory=list)
    """Folders outside the project folder that source files may lie in
    (absolute paths); they become readable for the store.
    """
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Share of rows (0-1) that may be quarantined; above it the load is refused."""
    duplicates: Literal["drop", "keep"] = "drop"
    """Whether rows equal in all contract columns count once (`drop`) or are kept
    (amounts scanned twice).
    """
    value_range: tuple[float | None, float | None] = (None, None)
    """Smallest and largest value that can be true; rows outside are quarantined."""
    earliest_event: str = "1990-01-01"
    """Events before this day or time (ISO; without an offset in the service's zone) are
    quarantined: a zero or broken clock.
    """
    latest_event: str | None = None
    """Events at or after this day or time (ISO, as above) are quarantined;
    null: the moment of the load plus a day.
    """
    unknown_items: Literal["keep", "quarantine"] = "keep"
    """What happens to events of items that the item table does not hold."""
    volume: VolumeSettings = VolumeSettings()
    landing_glob: str | None = None
    """Files whose arrival starts a run (a sensor watches them); null: the event files."""

    @property
    def zone(self) -> str:
        """Zone whose midnights divide the days."""
        return self.service_timezone or self.events.timezone

    @field_validator("earliest_event", "latest_event")
    @classmethod
    def _is_instant(cls, text: str | None) -> str | None:
        if text is not None:
            instant(text)
        return text

    @field_validator("service_timezone")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        if name is not None and not is_zone(name):
            raise ValueError("is no IANA time zone; give a name such as Europe/Paris or UTC")
        return name

    @model_validator(mode="after")
    def _payments_belong_to_contracts(self) -> "IngestSettings":
        if self.payments is not None and self.subscriptions is None:
            raise ValueError("payments without subscriptions: name the contracts they are for, too")
        return self

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "IngestSettings":
        low, high = self.value_range
        if low is not None and high is not None and low > high:
            msg = f"value_range: the smallest value {low} is above the largest {high}"
            raise ValueError(msg)
        return self


def instant(text: str, zone: str = UTC_ZONE) -> datetime:
    """Read an ISO day or time as naive UTC; an offset in the text counts,
    without one it is a time of `zone`, a day its first instant.
    """
    read = datetime.fromisoformat(text)
    if read.tzinfo:
        return read.astimezone(UTC).replace(tzinfo=None)
    if zone == UTC_ZONE:
        return read
    from ntg_assets.local_days import first_instant  # noqa: PLC0415  # it loads polars

    return first_instant(read, zone)
