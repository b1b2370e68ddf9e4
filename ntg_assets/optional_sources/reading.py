"""Read every configured list and log beside the interaction log once,
before anything is made; say of each whether it can be used.

Nothing here stops a night: what cannot be read is named with its reason, and whoever would use it
does without (`consequence`). One exception: a file of items that must not be shown, where no
publication says what it held before.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.off_policy.impressions import ShownLog, no_shown_log, read_shown
from ntg_assets.off_policy.isolation import KEY as SHOWN_KEY
from ntg_assets.optional_sources.excluded_items import read_excluded_items
from ntg_assets.optional_sources.experiment_logs import read_experiment_logs
from ntg_assets.optional_sources.input_files import (
    list_input_files,
)
from ntg_assets.optional_sources.side_tables import read_side_tables
from ntg_assets.optional_sources.validation import VERDICTS, Found, ValidatedSources
from ntg_assets.revenue.contacts.lists.listed_rows import KEYS, USER_LISTS
from ntg_assets.revenue.contacts.lists.user_lists import configured_lists
from ntg_assets.revenue.contacts.trial.trial_log import LOG_SCHEMA as TRIAL_TYPES
from ntg_assets.revenue.contacts.trial.trial_log import TRIAL_KEY, read_trial
from ntg_assets.sources.files.file_names import resolve_files
from ntg_assets.sources.reading.refused_values import IN_FUTURE, PossibleTimes
from ntg_assets.sources.sources import Place

WITHOUT_LIST = "every contact list is withheld"
WITHOUT_TRIAL = "nothing is measured from it, and strategies rest on the assumed save rate"
WITHOUT_SHOWN = "nothing is estimated from it"


class OptionalTables(NamedTuple):
    """The tables that are made of all of them, in the order in which they are stored."""

    optional_sources: pl.DataFrame
    user_lists: pl.DataFrame
    trial_log: pl.DataFrame
    excluded_items: pl.DataFrame
    exposure_log: pl.DataFrame
    outcome_log: pl.DataFrame
    log_row_counts: pl.DataFrame
    kept_assignments: pl.DataFrame
    experiment_sources: pl.DataFrame
    shown_log_losses: pl.DataFrame
    shown_items: pl.DataFrame
    input_files: pl.DataFrame
    attributes: pl.DataFrame
    attribute_sources: pl.DataFrame
    subscription_terms: pl.DataFrame
    subscription_payments: pl.DataFrame
    subscription_quarantine: pl.DataFrame
    subscription_checks: pl.DataFrame


def require_source_files(ingest: IngestSettings, place: Place) -> None:
    """Refuse a run without its main files at once, before anything else is read.

    Raises:
        SourceError: a file of the interaction log or of the item table is missing.
    """
    for source in (ingest.events, ingest.items):
        if source is not None:
            resolve_files(source.files, home=place.home, roots=place.folders)


def read_optional_sources(
    settings: Settings, *, place: Place, ids: IdTypes, published_store: Path, now: datetime
) -> OptionalTables:
    """Read everything that is configured beside the interaction log.

    Args:
        settings: The configuration.
        place: Where files may lie, and how much a reader may use.
        ids: How the interaction log writes ids.
        published_store: What was published last; it may not exist.
        now: The present instant (naive UTC): what lies after it has not happened yet.

    Raises:
        SourceError: the file of excluded items cannot be read, and nothing says what it held
            before.
    """
    judged = ValidatedSources(place.home)
    times = PossibleTimes.of(settings.ingest, now=now)
    user_lists = _user_lists(settings, judged, place=place, times=times)
    trial_log = _trial_log(settings, judged, place=place, ids=ids, times=times)
    excluded_items = read_excluded_items(
        settings, judged, place=place, published_store=published_store
    )
    logs = read_experiment_logs(settings, judged, place=place, ids=ids, now=now)
    shown = _shown_log(settings, judged, place=place, ids=ids, times=times)
    sides = read_side_tables(settings, judged, place=place, ids=ids, possible=times, found=Found)
    verdicts = pl.DataFrame(judged.rows, schema=VERDICTS, orient="row")
    inputs = list_input_files(judged.files, logs[-1])
    lists = (user_lists, trial_log, excluded_items)
    return OptionalTables(verdicts, *lists, *logs, shown.fates, shown.rows, inputs, *sides)


def rests_on_the_clock(tables: OptionalTables) -> bool:
    """Whether a later night may find something else in the same files: a source that cannot be
    read, or rows that have not happened yet.
    """
    judged = tables.optional_sources
    is_told = judged["sentence"].fill_null("").str.contains(IN_FUTURE, literal=True)
    return bool(
        not judged["is_usable"].all()
        or is_told.any()
        or tables.log_row_counts["n_out_of_time"].sum()
    )


def _user_lists(
    settings: Settings, judged: ValidatedSources, *, place: Place, times: PossibleTimes
) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=USER_LISTS)]
    for name, (files, read) in configured_lists(
        settings.radar, place=place, zone=settings.ingest.zone, times=times
    ).items():
        listed = judged.read(
            KEYS[name],
            files,
            read,
            found=lambda one: Found(one.n_files, one.rows.height, one.sentence),
            without=WITHOUT_LIST,
        )
        parts += [listed.rows] if listed else []
    return pl.concat(parts)


def _trial_log(
    settings: Settings,
    judged: ValidatedSources,
    *,
    place: Place,
    ids: IdTypes,
    times: PossibleTimes,
) -> pl.DataFrame:
    trial = settings.radar.trial
    if trial is None:
        return pl.DataFrame(schema=TRIAL_TYPES)
    read = judged.read(
        TRIAL_KEY,
        trial.files,
        lambda: read_trial(
            trial, place=place, id_type=ids.user, zone=settings.ingest.zone, possible=times
        ),
        found=lambda log: Found(log.n_files, log.rows.height, log.sentence),
        without=WITHOUT_TRIAL,
    )
    return read.rows if read else pl.DataFrame(schema=TRIAL_TYPES)


def _shown_log(
    settings: Settings,
    judged: ValidatedSources,
    *,
    place: Place,
    ids: IdTypes,
    times: PossibleTimes,
) -> ShownLog:
    log = settings.off_policy.shown
    if log is None:
        return no_shown_log(ids)
    read = judged.read(
        SHOWN_KEY,
        log.files,
        lambda: read_shown(
            log,
            place=place,
            ids=ids,
            max_bad_share=settings.ingest.max_bad_share,
            day_zone=settings.ingest.zone,
            possible=times,
        ),
        found=lambda shown: Found(shown.n_files, shown.rows.height, shown.sentence),
        without=WITHOUT_SHOWN,
    )
    return read or no_shown_log(ids)
