"""The base of every part of the configuration: typed, documented,
closed to unknown keys, immutable.
"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One part of the configuration. Subclasses document each field with a docstring below it, for
    who reads the source and for who asks (`field_docs.py`): pydantic would read the sources of all
    of them in every command, which takes .1 s.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
