"""Checks of the ingest stage: what is stored is what the ledger says,
and how well the log and the item table agree.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.events.item_suspicions import (
    describe_category_lists,
    describe_odd_categories,
    describe_unknown_items,
)
from ntg_assets.events.load import Survey
from ntg_assets.events.suspicions import (
    about_ids,
    describe_alike_ids,
    describe_changed_ids,
    describe_contradictions,
    describe_folded,
    describe_largest_user,
    describe_null_words,
    find_alike_ids,
    words_for_none,
)
from ntg_assets.events.volume import describe_doubts
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Table, query
from ntg_assets.stages import INGEST

SHOWN_FILES = 5


@staged_check("events", stages=(INGEST,), blocking=True)
def ledger_reconciles(
    events: Table, quarantine: Table, load_ledger: Table, project: Project
) -> dg.AssetCheckResult:
    """For every source file the stored events and quarantined rows are as many as the ledger
    counted.
    """
    tables = {"events": events, "quarantine": quarantine, "load_ledger": load_ledger}
    broken = project.read(query("events", "unreconciled_files", tables))
    sentence = (
        "every file reconciles"
        if broken.is_empty()
        else f"{broken.height} file(s) do not reconcile: {broken.head(SHOWN_FILES).to_dicts()}"
    )
    return dg.AssetCheckResult(
        passed=broken.is_empty(), description=sentence, metadata={"n_broken_files": broken.height}
    )


@staged_check("events", stages=(INGEST,))
def items_are_known(events: Table, items: Table, project: Project) -> dg.AssetCheckResult:
    """Every item of the log is in the item table; where it is not,
    its title is its id and it has no categories.
    """
    if project.settings.ingest.items is None:
        return dg.AssetCheckResult(passed=True, description="no item table is configured")
    tables = {"events": events, "items": items}
    counts = project.read(query("events", "unknown_items", tables)).row(0, named=True)
    alike = (
        project.read(query("events", "unknown_item_ids", tables))
        if counts["n_unknown_items"]
        else pl.DataFrame()
    )
    return _warning(
        describe_unknown_items(counts, alike),
        otherwise=f"0 of {counts['n_items']:,} items, in 0 of {counts['n_events']:,} events, are"
        " not in the item table",
        **counts,
    )


@staged_check("events", stages=(INGEST,))
def ids_are_ids(events: Table, project: Project) -> dg.AssetCheckResult:
    """No user and no item of the log is a word that means "none" (NULL, nan, undefined)."""
    rows = project.read(
        about_ids(
            "null_words",
            project.settings.ingest.events,
            events=events,
            words_for_none=words_for_none(),
        )
    )
    sentence = describe_null_words(rows.iter_rows(named=True))
    return _warning(sentence, otherwise="no id is a word for none", n_words=rows.height)


@staged_check("events", stages=(INGEST,))
def ids_have_one_spelling(events: Table, project: Project) -> dg.AssetCheckResult:
    """No id is there in several spellings (42 beside 00042 or 42.0, `Ann` beside `ann`, accents in
    two forms of Unicode).
    """
    rows = find_alike_ids(project.read, project.settings.ingest.events, events)
    sentence = describe_alike_ids(rows.iter_rows(named=True))
    return _warning(sentence, otherwise="each id has one spelling", n_ids=rows.height)


@staged_check("events", stages=(INGEST,))
def ids_are_of_one_kind(
    events: Table, load_ledger: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """Ids are numbers in all files or in none, and no spreadsheet has cut their digits."""
    rows = project.read(about_ids("id_kinds", project.settings.ingest.events, events=events))
    names = dict(load_ledger.select("load_file", "file_name").iter_rows())
    sentence = describe_changed_ids(rows.iter_rows(named=True), names)
    return _warning(sentence, otherwise="ids are of one kind in all files")


@staged_check("events", stages=(INGEST,))
def no_user_is_most_of_the_log(events: Table, project: Project) -> dg.AssetCheckResult:
    """No single user has a great part of all events."""
    rows = project.read(query("events", "largest_user", {"events": events}))
    largest = rows.row(0, named=True) if rows.height else {}
    return _warning(
        describe_largest_user(largest) if largest else "",
        otherwise="no user has a great part of the events",
        n_user_events=largest.get("n_user_events"),
    )


@staged_check("item_categories", stages=(INGEST,))
def categories_are_single(item_categories: Table, project: Project) -> dg.AssetCheckResult:
    """Categories are names, not lists of names that were not divided, and each is written in one
    way.
    """
    counts = project.read(
        query("events", "category_lists", {"item_categories": item_categories})
    ).row(0, named=True)
    names = project.columns(item_categories, "category")["category"]
    sentences = filter(None, [describe_category_lists(counts), describe_odd_categories(names)])
    return _warning(
        " ".join(sentences),
        otherwise=f"{counts['n_categories']:,} categories are single names",
        **counts,
    )


@staged_check("volume_report", stages=(INGEST,))
def volume_is_usual(volume_report: pl.DataFrame) -> dg.AssetCheckResult:
    """The load brought as much as the one before, and the log ends at its usual level;
    a doubt that holds lists back is an error.
    """
    held, warned = describe_doubts(volume_report, "hold"), describe_doubts(volume_report, "warn")
    severity = dg.AssetCheckSeverity.ERROR if held else dg.AssetCheckSeverity.WARN
    sentence = "; ".join([*held, *warned]) or "as much as before, at the usual level"
    return dg.AssetCheckResult(
        passed=not (held or warned),
        severity=severity,
        description=sentence,
        metadata={"n_holds": len(held)},
    )


def _warning(sentence: str, *, otherwise: str, **metadata: str | int | None) -> dg.AssetCheckResult:
    """A check that warns with what is told, and passes when nothing is."""
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or otherwise,
        metadata={**metadata},
    )


LEDGER = dg.AssetKey([INGEST, "load_ledger"])
FILES_ARE_AS_NAMED = dg.AssetCheckSpec(
    "files_are_as_named",
    asset=LEDGER,
    description=(
        "Each source file is what its name promises; where it is not, its first bytes decide how it"
        " is read."
    ),
)


VALUES_AGREE = dg.AssetCheckSpec(
    "values_agree",
    asset=LEDGER,
    description=(
        "No two rows of the log differ in the value only: a corrected export counts twice unless"
        " `ingest.events.event_id` says which rows are one event."
    ),
)
TIMES_ARE_CLEAR = dg.AssetCheckSpec(
    "times_are_clear",
    asset=LEDGER,
    description=(
        "No local time of the log is one that clocks showed twice; of those the later (standard"
        " time) is meant."
    ),
)


def validate_names(surveyed: Survey) -> dg.AssetCheckResult:
    """Say which files are not what their names promise, and what was passed over."""
    n_files, misnamed = len(surveyed.files), surveyed.misnamed
    sentence = (
        f"{len(misnamed)} of {n_files} file(s): {'; '.join(misnamed[:SHOWN_FILES])}"
        if misnamed
        else f"{n_files} file(s)"
    )
    description = "; ".join([sentence, *surveyed.notes])
    return _load_warning(FILES_ARE_AS_NAMED, description, passed=not misnamed)


def validate_rows(surveyed: Survey, ingest: IngestSettings) -> Iterator[dg.AssetCheckResult]:
    """Say which rows may count twice, and which times could be two."""
    n_contradictions, n_folded = surveyed.n_contradictions, surveyed.n_folded
    folded = describe_folded(n_folded, ingest.events.timezone)
    for spec, sentence, count in (
        (VALUES_AGREE, describe_contradictions(n_contradictions), n_contradictions),
        (TIMES_ARE_CLEAR, folded, n_folded),
    ):
        yield _load_warning(spec, sentence or "none", passed=not sentence, n_rows=count)


def _load_warning(
    spec: dg.AssetCheckSpec, description: str, *, passed: bool, **counts: int
) -> dg.AssetCheckResult:
    """Verdict of a check that the step of the sources makes itself; a warning where it fails."""
    return dg.AssetCheckResult(
        check_name=spec.name,
        asset_key=spec.asset_key,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata=counts,
    )
