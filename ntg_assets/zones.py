"""Names of time zones, asked without loading what counts in them."""

from datetime import datetime
from functools import lru_cache

from ntg_assets.errors import ConfigurationError

UTC_ZONE = "UTC"


@lru_cache  # ten thousand logs name a handful
def is_zone(name: str) -> bool:
    """Tell whether days can be cut in a zone of this (IANA) name."""
    if name in {"", UTC_ZONE}:
        return bool(name)
    import polars as pl  # noqa: PLC0415  # a third of a second; its calendar of zones is the one used

    try:
        pl.Series([datetime(2024, 1, 1)]).dt.replace_time_zone("UTC").dt.convert_time_zone(name)
    except pl.exceptions.PolarsError:
        return False
    return True


def require_zone(name: str, *, key: str) -> str:
    """Return the zone, or refuse.

    Raises:
        ConfigurationError: it is none.
    """
    if not is_zone(name):
        raise ConfigurationError(
            f"{key}: {name!r} is no IANA time zone. Give a name such as 'Europe/Paris' or 'UTC'."
        )
    return name
