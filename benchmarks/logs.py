"""Any log by its configuration: the benchmarks of quality take `--config FILE` and need nothing to
have been built before.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings, load_settings, project_home
from ntg_assets.errors import SourceError
from ntg_assets.events.load import load_events


@dataclass(frozen=True)
class ConfiguredLog:
    """A log that a configuration names.

    Attributes:
        settings: The effective configuration: base, the file, `NTG_SECTION__KEY` variables.
        events: Accepted events as in `ingest.events`, by time, user and item.
    """

    settings: Settings
    events: pl.DataFrame


def configured_log(config: str | Path) -> ConfiguredLog:
    """Load the log of a configuration into memory, by the rules of the ingest stage;
    no workspace is read or written.

    Raises:
        ConfigurationError: the file is missing or wrong.
        SourceError: a source file cannot be trusted, or no event was accepted.
    """
    settings = load_settings(config)
    events = load_events(
        settings.ingest, project_home(), now=datetime.now(UTC).replace(tzinfo=None)
    )
    if events.is_empty():
        raise SourceError(
            f"{settings.ingest.source_name}: no event was accepted. Look at ingest.events in"
            f" {config}."
        )
    return ConfiguredLog(settings, events)
