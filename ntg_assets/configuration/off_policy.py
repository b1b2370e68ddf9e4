"""A log of exposures with their probabilities, and how much evidence a claim from it needs."""

from typing import Literal

from pydantic import Field, model_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.events import raise_if_same_columns
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.configuration.section import Section


class ShownLogSettings(FileSource, TimeOptions, NumberOptions):
    """One row per shown item: who saw what, when, where, how probable that was,
    what came of it. Ids as in `ingest.events`.
    """

    user_id: ColumnName = "user_id"
    """Column with the user."""
    item_id: ColumnName = "item_id"
    """Column with the item that was shown."""
    shown_at: ColumnName = "shown_at"
    """Column with the time of the exposure."""
    propensity: ColumnName = "propensity"
    """Column with the probability, in (0, 1], with which this place of this list came to show this
    item, as known when it was drawn. Of a whole list without positions: the probability of the item
    in one of its places (that of being on a list of n, divided by n)."""
    reward: ColumnName = "reward"
    """Column with what came of it: a click (0 or 1), minutes, an amount."""
    empty_reward: Literal["reject", "zero"] = "reject"
    """Whether a row without a reward cannot be used, or earned nothing."""
    position: ColumnName | None = None
    """Column with the place in the list; none: the log does not know places
    (see `docs/ranking.md` for what is then estimated).
    """
    first_position: int = 1
    """What the log calls the first place (0 or 1)."""
    impression_id: ColumnName | None = None
    """Column that tells impressions apart (of the row, or of the list it belongs to);
    none: see `duplicates`.
    """
    duplicates: Literal["drop", "keep"] = "drop"
    """Whether rows alike in every column above count once,
    or are impressions of their own (times to the day, no ids).
    """

    @model_validator(mode="after")
    def _columns_differ(self) -> "ShownLogSettings":
        raise_if_same_columns(
            self, ("user_id", "item_id", "shown_at", "propensity", "reward", "position")
        )
        return self


class OffPolicySettings(Section):
    """Estimates of what strategies would have earned, from what another policy has shown."""

    shown: ShownLogSettings | None = None
    """Log of exposures with their probabilities; null: nothing is estimated."""
    list_length: int | None = Field(default=None, ge=1)
    """Places of each list that are looked at;
    null: `ranking.top_k`. Exposures at later places are left out, and counted.
    """
    largest_weight: float | None = Field(default=None, gt=0)
    """Weights above it are cut down to it: less noise,
    and where rewards are not negative IPS is then too low. Null: none is cut.
    """
    minimum_effective_users: int = Field(default=100, ge=1)
    """With fewer effective users (Kish) behind an estimate it supports no claim."""
    minimum_support_share: float = Field(default=0.9, ge=0, le=1)
    """With a smaller share of a strategy's places that the log has ever shown in this way it
    supports no claim.
    """
