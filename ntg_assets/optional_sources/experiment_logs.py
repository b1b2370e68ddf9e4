"""The logs of all experiments, each experiment judged for itself."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.experiments.data.isolation import source_of
from ntg_assets.experiments.data.logs.exposure_logs import ExperimentLogs, files_of, read_experiment
from ntg_assets.experiments.data.logs.exposure_rows import EXPOSURE_TYPES
from ntg_assets.experiments.data.logs.kept_assignments import KEPT_TYPES
from ntg_assets.experiments.data.logs.log_files import log_sources, mark_changes
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.experiments.data.logs.log_rules import COUNT_TYPES, log_rules
from ntg_assets.experiments.data.logs.outcome_rows import OUTCOME_TYPES
from ntg_assets.optional_sources.validation import Found, ValidatedSources
from ntg_assets.sources.sources import Place

WITHOUT_LOGS = "this experiment is not read out"


def read_experiment_logs(
    settings: Settings, judged: ValidatedSources, *, place: Place, ids: IdTypes, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read the logs of every experiment between two looks at the bytes of their files;
    files that several share are read once.
    """
    home, zone = place.home, settings.ingest.zone
    definitions = settings.experiments.definitions
    rules = log_rules(settings.ingest, max_bad_share=settings.experiments.max_bad_share, now=now)
    readers = {
        True: LogFiles(home, ids.user, zone=zone, rules=rules, place=place),
        False: LogFiles(home, zone=zone, rules=rules, place=place),
    }
    before = log_sources(definitions, home=home)
    read = [
        _experiment(definition, judged, readers=readers)
        for definition in definitions
        if files_of(definition)
    ]
    sources = mark_changes(before, log_sources(definitions, home=home))
    logs = [entry for entry in read if entry is not None]
    return (
        pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *(log.exposures for log in logs)]),
        pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *(log.outcomes for log in logs)]),
        pl.concat([pl.DataFrame(schema=COUNT_TYPES), *(log.counts for log in logs)]),
        pl.concat([pl.DataFrame(schema=KEPT_TYPES), *(log.kept for log in logs)]),
        sources,
    )


def _experiment(
    experiment: ExperimentSettings, judged: ValidatedSources, *, readers: Mapping[bool, LogFiles]
) -> ExperimentLogs | None:
    files, reader = files_of(experiment), readers[experiment.unit == "user"]
    return judged.read(
        source_of(experiment.id),
        files,
        lambda: read_experiment(experiment, files=reader),
        found=lambda logs: Found(
            reader.count(files),
            logs.exposures.height + logs.outcomes.height + logs.kept.height,
            logs.sentence,
        ),
        without=WITHOUT_LOGS,
        is_hashed=True,
    )
