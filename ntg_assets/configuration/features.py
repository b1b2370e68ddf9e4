"""Windows of the features."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class FeatureSettings(Section):
    """What the feature SQL takes as parameters;
    the half-lives are part of the columns' names and fixed.
    """

    recent_days: int = Field(default=90, ge=1)
    """Length of the recent window that trends and drift compare with everything before it."""
