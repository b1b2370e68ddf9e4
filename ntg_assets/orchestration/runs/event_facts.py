"""What Dagster's events say, in the words of a program that reads logs."""

import logging
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from ntg_assets.orchestration.remembered_steps import REUSED

# Dagster logs these as DEBUG, among ten times as many about its own doings
TOLD_EVENTS = frozenset(
    {
        dg.DagsterEventType.RUN_START,
        dg.DagsterEventType.RUN_SUCCESS,
        dg.DagsterEventType.STEP_START,
        dg.DagsterEventType.STEP_SUCCESS,
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    }
)


def reason_of(error: SerializableErrorInfo | None) -> str:
    """Tell a failure in the words of the innermost error."""
    while error is not None and error.cause is not None:
        error = error.cause
    message = error.message.strip() if error else "no reason was recorded"
    name, _, text = message.partition(": ")
    return " ".join((text if text and " " not in name else message).split())


def level_of(record: logging.LogRecord) -> int:
    """Say how important a record is: a table, a step, a check or a run that is done is
    information.
    """
    event: dg.DagsterEvent | None = getattr(record, "dagster_meta", {}).get("dagster_event")
    if event is None or event.event_type not in TOLD_EVENTS:
        return record.levelno
    if (
        event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and not event.asset_check_evaluation_data.passed
    ):
        return logging.getLevelNamesMapping()[event.asset_check_evaluation_data.severity.value]
    return logging.INFO


def facts_of(event: dg.DagsterEvent) -> dict[str, Any]:
    """What a program wants to know of an event without reading its message."""
    facts: dict[str, Any] = {"event": event.event_type.name}
    if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
        made = event.step_materialization_data.materialization
        rows = made.metadata.get("dagster/row_count")
        facts |= {"table": table_of(made.asset_key), "rows": rows.value if rows else None}
        facts |= _reused(made.metadata)
    elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
        facts["seconds"] = round(event.step_success_data.duration_ms / 1000, 3)
    elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        verdict = event.asset_check_evaluation_data
        facts |= {
            "check": verdict.check_name,
            "passed": verdict.passed,
            "message": verdict.description,
            **_reused(verdict.metadata),
        }
    elif error := getattr(event.event_specific_data, "error", None):
        facts |= {"error": reason_of(error), "exception": error.to_string()}
    return {name: value for name, value in facts.items() if value is not None}


def _reused(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, Any]:
    """Name the run that made what was left as it is."""
    return {REUSED: metadata[REUSED].value} if REUSED in metadata else {}


def table_of(key: dg.AssetKey | dg.AssetCheckKey) -> str:
    """Name the table that an asset is, or that a check looks at."""
    return ".".join(key.path if isinstance(key, dg.AssetKey) else key.asset_key.path)
