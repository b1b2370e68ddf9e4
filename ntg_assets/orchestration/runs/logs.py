"""Structured logs: one JSON object a line, for whatever collects them.

Each run keeps its lines in a file below the workspace; runs that nobody watches write them to
standard error too. Dagster uses a logger only when the configuration of a run names it, so jobs and
commands name it (`TO_STANDARD_ERROR`, `TO_FILE_ONLY`).
"""

import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.dependency import NodeHandle
from dagster_shared.error import SerializableErrorInfo

from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.remembered_steps import REUSED

TO_STANDARD_ERROR: dict[str, Any] = {"loggers": {"console": {"config": {"standard_error": True}}}}
# a command's progress lines say it better
TO_FILE_ONLY: dict[str, Any] = {"loggers": {"console": {"config": {"standard_error": False}}}}
KEPT_FILES = 100  # runs whose lines are kept: a season of nights
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
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


class Told(logging.Filter):
    """Let through what is important enough; a table, a step,
    a check or a run that is done is information.
    """

    def __init__(self, lowest: str) -> None:
        super().__init__()
        self.lowest = logging.getLevelNamesMapping()[lowest]

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno = _level_of(record)
        record.levelname = logging.getLevelName(record.levelno)
        return record.levelno >= self.lowest


class JsonLines(logging.Formatter):
    """Write a record as one JSON line: time, level, run, step, table,
    event, message, and what is known of it.
    """

    def __init__(self, tables: Mapping[str, str] | None = None) -> None:
        """Take the table of each step that makes or checks one;
        the events of other steps name theirs.
        """
        super().__init__()
        self.tables = tables or {}
        self._cpu_at_start: dict[str, float] = {}  # of this process, by the step that began
        self._cpu_of_step: dict[str, float] = {}

    def format(self, record: logging.LogRecord) -> str:
        about = getattr(record, "dagster_meta", {})
        event = about.get("dagster_event")
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "run": about.get("run_id"),
            "step": about.get("step_key"),
            "table": self.tables.get(about.get("step_key") or ""),
            "message": about.get("orig_message") or record.getMessage(),
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        entry = line if event is None else {**line, **_facts(event), **self._cpu_of(event)}
        return json.dumps(
            {key: value for key, value in entry.items() if value is not None}, ensure_ascii=False
        )

    def _cpu_of(self, event: dg.DagsterEvent) -> dict[str, float]:
        """What a step took of the processors, which other work on the machine does not lengthen;
        measured once, whoever writes the line.
        """
        step, cpu = event.step_key or "", time.process_time()
        if event.event_type == dg.DagsterEventType.STEP_START:
            self._cpu_at_start[step] = cpu
        elif event.event_type == dg.DagsterEventType.STEP_SUCCESS and step in self._cpu_at_start:
            seconds = round(cpu - self._cpu_at_start[step], 3)
            return {"cpu_seconds": self._cpu_of_step.setdefault(step, seconds)}
        return {}


class LinesFile(logging.Handler):
    """Append to a file that is open only while a line is written: a run leaves nothing open,
    however it ends.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def emit(self, record: logging.LogRecord) -> None:
        try:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(self.format(record) + "\n")
        except OSError:
            self.handleError(record)


LEVEL = dg.Enum("LogLevel", [dg.EnumValue(level) for level in LEVELS])


@dg.logger(
    {
        "log_level": dg.Field(
            LEVEL, default_value="INFO", description="Lowest level that is written."
        ),
        "standard_error": dg.Field(
            bool, default_value=True, description="Whether the lines go to standard error too."
        ),
    },
    description=(
        "JSON lines in a file of the run (data/logs of the workspace), and on standard error"
    ),
)
def structured_log(init_context: dg.InitLoggerContext) -> logging.Logger:
    """Make the logger of a run."""
    config, job = init_context.logger_config, init_context.job_def
    log = logging.getLogger("ntg")
    log.setLevel(logging.DEBUG)  # what is important is for `Told` to say
    log.propagate = False
    log.handlers = (
        [LinesFile(run_log(project_paths(load_settings()).logs, init_context.run_id))]
        if init_context.run_id
        else []
    )
    if config["standard_error"]:
        log.addHandler(logging.StreamHandler())
    lines = JsonLines(_tables_of_steps(job) if job else {})
    for handler in log.handlers:
        handler.addFilter(Told(config["log_level"]))
        handler.setFormatter(lines)
    return log


def run_log(folder: Path, run_id: str) -> Path:
    """Make the file of a run's lines, and let those of the oldest runs go.

    Raises:
        StorageError: the folder cannot be written.
    """
    file = log_file(folder, run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError as error:
        raise StorageError(
            f"{error.filename}: {error.strerror}. Give a writable folder with the `workspace` key."
        ) from None
    by_age = sorted(folder.glob("*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for old in by_age[:-KEPT_FILES]:
        old.unlink(missing_ok=True)
    return file


def log_file(folder: Path, run_id: str) -> Path:
    """Name the file of a run's lines."""
    return folder / f"{run_id}.jsonl"


def reason_of(error: SerializableErrorInfo | None) -> str:
    """Tell a failure in the words of the innermost error."""
    while error is not None and error.cause is not None:
        error = error.cause
    message = error.message.strip() if error else "no reason was recorded"
    name, _, text = message.partition(": ")
    return " ".join((text if text and " " not in name else message).split())


def _level_of(record: logging.LogRecord) -> int:
    event: dg.DagsterEvent | None = getattr(record, "dagster_meta", {}).get("dagster_event")
    if event is None or event.event_type not in TOLD_EVENTS:
        return record.levelno
    if (
        event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and not event.asset_check_evaluation_data.passed
    ):
        return logging.getLevelNamesMapping()[event.asset_check_evaluation_data.severity.value]
    return logging.INFO


def _facts(event: dg.DagsterEvent) -> dict[str, Any]:
    """What a program wants to know of an event without reading its message."""
    facts: dict[str, Any] = {"event": event.event_type.name}
    if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
        made = event.step_materialization_data.materialization
        rows = made.metadata.get("dagster/row_count")
        facts |= {"table": _table(made.asset_key), "rows": rows.value if rows else None}
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


def _tables_of_steps(job: dg.JobDefinition) -> dict[str, str]:
    """Find the table of each step that makes or checks only one."""
    made = {
        node.name: job.asset_layer.get_selected_entity_keys_for_node(NodeHandle(node.name, None))
        for node in job.nodes
    }
    tables = {step: {_table(key) for key in keys} for step, keys in made.items()}
    return {step: next(iter(names)) for step, names in tables.items() if len(names) == 1}


def _table(key: dg.AssetKey | dg.AssetCheckKey) -> str:
    return ".".join(key.path if isinstance(key, dg.AssetKey) else key.asset_key.path)
