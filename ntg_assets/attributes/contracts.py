"""Contracts of attributes."""

from typing import Annotated

import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract

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


@contract("attribute_report")
class AttributeReport(Contract):
    """One row per attribute: how many rows, of whom, and whether its times are known."""

    entity: str = column("Whose facts they are", isin=list(ENTITIES))
    attribute: str = column("What the fact is called")
    n_rows: int = column("Rows that can be used", ge=0)
    n_entities: int = column("Users or items that have it", ge=0)
    n_known_to_log: int = column("Of them, those that the log knows", ge=0)
    n_without_id: int = column("Rows left out because they name nobody", ge=0)
    n_without_time: int = column("Rows left out because a time cannot be read", ge=0)
    first_without_time: str = column("The first such time, as it is written", nullable=True)
    is_time_assumed: bool = column("Whether it counts as known from the start for want of times")
    sentence: str = column("All of it in words")

    class Config:
        unique = ["entity", "attribute"]


class AttributesAsOf(Contract):
    """One row per (id, cutoff, attribute): the value that was known before the cutoff and held at
    it.
    """

    listed_id: str = column("User or item")
    cutoff_at: Annotated[pl.Datetime, "us", None] = column("Cutoff (naive UTC)")
    attribute: str = column("What the fact is called")
    value: str = column("Its value", nullable=True)

    class Config:
        unique = ["listed_id", "cutoff_at", "attribute"]
