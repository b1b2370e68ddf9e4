"""Contracts of attributes."""

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

ENTITIES = ("user", "item")


@contract("attributes")
class Attributes(Contract):
    """One row per (entity, id, attribute, time): a value that held from then on, and from when it
    was known.
    """

    entity: str = column("Whose fact it is: user or item", isin=list(ENTITIES))
    listed_id: str = column("The user or item as the log writes ids, as text")
    attribute: str = column("What the fact is called")
    value: str = column("What the file holds; null: from then on there is none", nullable=True)
    valid_from_at: Timestamp = column("From when it held (naive UTC); null: always", nullable=True)
    known_from_at: Timestamp = column(
        "From when it was known (naive UTC); null: counts as known from the start", nullable=True
    )
    place: int = column("Place of the row in its source: of rows alike in time the last counts")

    class Config:
        unique = ["entity", "attribute", "place"]


@contract("attribute_sources")
class AttributeSources(Contract):
    """One row per configured attribute: what was read of it, and whether its times are known."""

    entity: str = column("Whose facts they are", isin=list(ENTITIES))
    attribute: str = column("What the fact is called")
    n_without_id: int = column("Rows left out because they name nobody", ge=0)
    n_without_time: int = column("Rows left out because a time cannot be read", ge=0)
    first_without_time: str = column("The first such time, as it is written", nullable=True)
    is_time_assumed: bool = column("Whether it counts as known from the start for want of times")

    class Config:
        unique = ["entity", "attribute"]


@contract("attribute_report")
class AttributeReport(Contract):
    """One row per attribute: how many rows, of whom, and whether its times are known."""

    entity: str = column("Whose facts they are", isin=list(ENTITIES))
    attribute: str = column("What the fact is called")
    n_rows: int = column("Rows with a value", ge=0)
    n_entities: int = column("Users or items that have it", ge=0)
    n_known_to_log: int = column("Of them, those that the log knows", ge=0)
    n_without_id: int = column("Rows left out because they name nobody", ge=0)
    n_without_time: int = column("Rows left out because a time cannot be read", ge=0)
    is_time_assumed: bool = column("Whether it counts as known from the start for want of times")
    sentence: str = column("All of it in words")

    class Config:
        unique = ["entity", "attribute"]


@contract("user_regions")
@summary(measures={"n_users": "count(*)", "n_regions": "count(distinct region)"})
class UserRegions(Contract):
    """One row per user of TRAIN: where they are, as known at the stage's cutoff; no rows where no
    item is bound to a region.
    """

    user_id: str = identifier("user", "Who")
    region: str = column("Region, in upper case; (unknown): nothing says")

    class Config:
        unique = ["user_id"]


@contract("regional_exclusions")
@summary(measures={"n_regions": "count(distinct region)", "n_items": "count(distinct item_id)"})
class RegionalExclusions(Contract):
    """One row per (region, item): an item of TRAIN that may not be shown there at the cutoff."""

    region: str = column("Region; (unknown): what is barred in any region of the users")
    item_id: str = identifier("item", "Item")

    class Config:
        unique = ["region", "item_id"]


@contract("unavailable_items")
@summary(
    measures={
        "n_items": "count(*)",
        "n_reasons": "count(distinct reason)",
        "n_unreadable": "count(*) filter (reason = 'dates unreadable')",
    },
)
class UnavailableItems(Contract):
    """One row per item of TRAIN that may not be shown at the stage's cutoff."""

    item_id: str = identifier("item", "Item")
    reason: str = column("Not available yet, not any more, or its dates cannot be read")

    class Config:
        unique = ["item_id"]
