"""What leaves for the CRM with the contacts, and what was heard of them."""

from pydantic import Field, field_validator, model_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.spellings import Delimiter
from ntg_assets.configuration.inputs.written_values import TimeOptions
from ntg_assets.configuration.section import Section


class HandoverSettings(Section):
    """What the CRM is given: one row per person and night."""

    strategies: list[str] = Field(default_factory=list)
    """Strategies that are handed over; whom several want, the first has. Empty: all, in the order
    of `radar.strategies`.
    """
    attributes: list[str] = Field(default_factory=list)
    """Attributes of users (`ingest.attributes`) that are passed through, each as a column."""

    @field_validator("strategies", "attributes")
    @classmethod
    def _are_different(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError(f"names {min(n for n in names if names.count(n) > 1)!r} twice")
        return names


class TakenSettings(TimeOptions):
    """How the CRM reports what it did (`ntg contacts taken`): one row per person and status."""

    delimiter: Delimiter = ","
    """What stands between the fields of a CSV line."""
    encoding: str = "utf-8"
    """How the text is written."""
    user_id: ColumnName = "user_id"
    assigned_on: ColumnName | None = "handed_over_on"
    """Column with the night whose list it was; null: `--night` says it for the whole file."""
    status: ColumnName = "status"
    """Column with what was done; upper and lower case are the same."""
    sent: list[str] = Field(default=["sent", "delivered", "opened"])
    """What it holds where a contact was made."""
    bounced: list[str] = Field(default=["bounced", "undeliverable", "failed"])
    """Where it did not reach the person."""
    answered: list[str] = Field(default=["answered", "clicked", "accepted"])
    """Where the person answered."""
    not_sent: list[str] = Field(default=["not_sent", "skipped", "suppressed"])
    """Where the CRM made none."""

    @model_validator(mode="after")
    def _words_are_different(self) -> "TakenSettings":
        all_words = [*self.sent, *self.bounced, *self.answered, *self.not_sent]
        words = [word.lower() for word in all_words]
        if len(set(words)) < len(words):
            twice = min(word for word in words if words.count(word) > 1)
            raise ValueError(f"{twice!r} means two things")
        return self
