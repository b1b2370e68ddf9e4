"""The base of every part of the configuration: typed, documented,
closed to unknown keys, immutable.
"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One part of the configuration. Subclasses document each field with
    `Field(description=...)`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True
    )
