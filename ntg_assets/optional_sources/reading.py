"""Read every configured list and log beside the interaction log once,
before anything is made; say of each whether it can be used.

Nothing here stops a night: what cannot be read is named with its reason, and whoever would use it
does without (`consequence`). One exception: a file of items that must not be shown, where no
publication says what it held before.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl

from ntg_assets.configuration.events import IngestSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError, tell_error
from ntg_assets.experiments.data.isolation import source_of
from ntg_assets.experiments.data.logs.exposure_logs import ExperimentLogs, files_of, read_experiment
from ntg_assets.experiments.data.logs.exposure_rows import EXPOSURE_TYPES
from ntg_assets.experiments.data.logs.kept_assignments import KEPT_TYPES
from ntg_assets.experiments.data.logs.log_files import log_sources, mark_changes
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.experiments.data.logs.log_rules import COUNT_TYPES, log_rules
from ntg_assets.experiments.data.logs.outcome_rows import OUTCOME_TYPES
from ntg_assets.off_policy.impressions import ShownLog, no_shown_log, read_shown
from ntg_assets.off_policy.isolation import KEY as SHOWN_KEY
from ntg_assets.optional_sources.input_files import (
    InputFile,
    compare_files,
    hash_files,
    list_input_files,
)
from ntg_assets.optional_sources.side_tables import read_side_tables
from ntg_assets.ranking.lists.excluded_items import EXCLUSION, LAST_PUBLICATION, read_excluded
from ntg_assets.ranking.lists.excluded_items import KEY as EXCLUDED_KEY
from ntg_assets.ranking.lists.excluded_items import SCHEMA as EXCLUDED_TYPES
from ntg_assets.revenue.contacts.trial.trials import LOG_SCHEMA as TRIAL_TYPES
from ntg_assets.revenue.contacts.trial.trials import TRIAL_KEY, read_trial
from ntg_assets.revenue.contacts.user_lists import KEYS, USER_LISTS, configured_lists
from ntg_assets.sources.files.file_names import resolve_files
from ntg_assets.sources.sources import Place
from ntg_assets.sql import Query, Table
from ntg_assets.stages import LIVE
from ntg_assets.storage.connection import connect  # noqa: TID251  # the last publication, declared
from ntg_assets.storage.run import run

Read = TypeVar("Read")
VERDICTS: dict[str, Any] = {
    "source": pl.String,
    "files": pl.String,
    "n_files": pl.Int64,
    "n_rows": pl.Int64,
    "is_usable": pl.Boolean,
    "sentence": pl.String,
    "consequence": pl.String,
}
WITHOUT_LIST = "every contact list is withheld"
WITHOUT_TRIAL = "nothing is measured from it, and strategies rest on the assumed save rate"
WITHOUT_LOGS = "this experiment is not read out"
WITHOUT_SHOWN = "nothing is estimated from it"
WITHOUT_EXCLUDED = "items that it excluded at the last publication stay excluded"


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


class Found(NamedTuple):
    """What there is to say of a source that was read."""

    n_files: int
    n_rows: int
    sentence: str


class Judgements:
    """The verdicts on all sources, as they are read one after the other, and what files held."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.rows: list[tuple[Any, ...]] = []
        self.files: list[InputFile] = []

    def read(
        self,
        source: str,
        files: Sequence[str],
        read: Callable[[], Read],
        *,
        found: Callable[[Read], Found],
        without: str,
        is_hashed: bool = False,
    ) -> Read | None:
        """Read one source and judge it; None when it cannot be read, whatever the reason.

        `is_hashed`: whether the reader looks at the bytes of its files itself.
        """
        named = ", ".join(files)
        before = {} if is_hashed else hash_files(files, home=self.home)
        try:
            result = read()
            told = found(result)
        except Exception as error:  # noqa: BLE001  # whatever it is, it concerns this source alone
            self.rows.append((source, named, 0, 0, False, tell_error(error), without))
            return None
        after = hash_files(files, home=self.home) if before else {}
        self.files += compare_files(source, before, after)
        self.rows.append((source, named, told.n_files, told.n_rows, True, told.sentence, None))
        return result


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
    judged = Judgements(place.home)
    user_lists = _user_lists(settings, judged, place=place)
    trial_log = _trial_log(settings, judged, place=place, ids=ids)
    excluded_items = _excluded_items(settings, judged, place=place, published_store=published_store)
    logs = _experiment_logs(settings, judged, place=place, ids=ids, now=now)
    shown = _shown_log(settings, judged, place=place, ids=ids)
    sides = read_side_tables(settings, judged, place=place, ids=ids, found=Found)
    verdicts = pl.DataFrame(judged.rows, schema=VERDICTS, orient="row")
    inputs = list_input_files(judged.files, logs[-1])
    lists = (user_lists, trial_log, excluded_items)
    return OptionalTables(verdicts, *lists, *logs, shown.fates, shown.rows, inputs, *sides)


def _user_lists(settings: Settings, judged: Judgements, *, place: Place) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=USER_LISTS)]
    for name, (files, read) in configured_lists(
        settings.radar, place=place, zone=settings.ingest.zone
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
    settings: Settings, judged: Judgements, *, place: Place, ids: IdTypes
) -> pl.DataFrame:
    trial = settings.radar.trial
    if trial is None:
        return pl.DataFrame(schema=TRIAL_TYPES)
    read = judged.read(
        TRIAL_KEY,
        trial.files,
        lambda: read_trial(trial, place=place, id_type=ids.user, zone=settings.ingest.zone),
        found=lambda log: Found(log.n_files, log.rows.height, log.sentence),
        without=WITHOUT_TRIAL,
    )
    return read.rows if read else pl.DataFrame(schema=TRIAL_TYPES)


def _excluded_items(
    settings: Settings, judged: Judgements, *, place: Place, published_store: Path
) -> pl.DataFrame:
    file = settings.ranking.rules.exclude_items_file
    if file is None:
        return pl.DataFrame(schema=EXCLUDED_TYPES)
    read = judged.read(
        EXCLUDED_KEY,
        file.files,
        lambda: read_excluded(file, place=place),
        found=lambda listed: Found(listed.n_files, listed.rows.height, listed.sentence),
        without=WITHOUT_EXCLUDED,
    )
    if read:
        return read.rows
    known = excluded_at_last_publication(published_store, settings)
    if known is None:
        raise SourceError(
            f"{EXCLUDED_KEY}: {judged.rows[-1][5]} Nothing was published before that says which"
            " items must not be shown."
        )
    return known


def excluded_at_last_publication(published_store: Path, settings: Settings) -> pl.DataFrame | None:
    """Return the items that such a file excluded when something was published last;
    None when there was none then.
    """
    if not published_store.exists():
        return None
    rules = Query("select rule from stored", {"stored": Table(LIVE, "ranking_rules_report")})
    items = Query("select item_id, exclusion from stored", {"stored": Table(LIVE, "item_rules")})
    with connect(published_store, engine=settings.engine, read_only=True) as connection:
        if EXCLUSION not in run(rules, connection)["rule"]:
            return None
        judged = run(items, connection)
    listed = judged.filter(pl.col("exclusion") == EXCLUSION).sort("item_id")
    return listed.select(
        listed_id=pl.col("item_id").cast(pl.String), origin=pl.lit(LAST_PUBLICATION)
    )


def _experiment_logs(
    settings: Settings, judged: Judgements, *, place: Place, ids: IdTypes, now: datetime
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
    read = [_experiment(one, judged, readers=readers) for one in definitions if files_of(one)]
    sources = mark_changes(before, log_sources(definitions, home=home))
    logs = [one for one in read if one is not None]
    return (
        pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *(one.exposures for one in logs)]),
        pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *(one.outcomes for one in logs)]),
        pl.concat([pl.DataFrame(schema=COUNT_TYPES), *(one.counts for one in logs)]),
        pl.concat([pl.DataFrame(schema=KEPT_TYPES), *(one.kept for one in logs)]),
        sources,
    )


def _experiment(
    one: ExperimentSettings, judged: Judgements, *, readers: Mapping[bool, LogFiles]
) -> ExperimentLogs | None:
    files, reader = files_of(one), readers[one.unit == "user"]
    return judged.read(
        source_of(one.id),
        files,
        lambda: read_experiment(one, files=reader),
        found=lambda logs: Found(
            reader.count(files),
            logs.exposures.height + logs.outcomes.height + logs.kept.height,
            logs.sentence,
        ),
        without=WITHOUT_LOGS,
        is_hashed=True,
    )


def _shown_log(settings: Settings, judged: Judgements, *, place: Place, ids: IdTypes) -> ShownLog:
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
        ),
        found=lambda shown: Found(
            shown.n_files, shown.rows.height, f"{shown.rows.height:,} usable rows"
        ),
        without=WITHOUT_SHOWN,
    )
    return read or no_shown_log(ids)
