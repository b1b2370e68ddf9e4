"""How many publications are kept, and how far tonight's may differ from the one that people see."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class LargestChanges(Section):
    """By which factor a headline figure may grow or shrink from one publication to the next.

    2 lets it double or halve; null: whatever it does. A jump beyond one of them keeps the new
    publication aside until somebody has looked (`ntg publish --accept`).
    """

    events: float | None = Field(default=2.0, gt=1)
    """Accepted events of the log."""
    users: float | None = Field(default=2.0, gt=1)
    """Users of the log."""
    lists: float | None = Field(default=2.0, gt=1)
    """Users with a list of recommendations."""
    items_shown: float | None = Field(default=3.0, gt=1)
    """Different items on these lists."""
    users_at_risk: float | None = Field(default=3.0, gt=1)
    """Users who can still be lost."""
    churn_probability: float | None = Field(default=2.0, gt=1)
    """Their mean churn probability."""
    revenue_at_risk: float | None = Field(default=3.0, gt=1)
    """What is at risk in all."""
    value: float | None = Field(default=3.0, gt=1)
    """What all users are worth."""


class PublishSettings(Section):
    """What is kept of earlier publications, and when a new one waits for a person."""

    keep: int = Field(default=3, ge=3)
    """So many of the newest generations are kept, beside the current one and one kept aside."""
    keep_hours: float = Field(default=24, ge=24)
    """None younger than this is removed: a reader may have just begun with it."""
    minimum_users: int = Field(default=100, ge=1)
    """Figures of fewer users than this, before and now, are not compared: they jump by chance."""
    largest_changes: LargestChanges = LargestChanges()
