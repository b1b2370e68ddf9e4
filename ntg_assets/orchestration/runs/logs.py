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

from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.runs.event_facts import facts_of, level_of, table_of

TO_STANDARD_ERROR: dict[str, Any] = {"loggers": {"console": {"config": {"standard_error": True}}}}
# a command's progress lines say it better
TO_FILE_ONLY: dict[str, Any] = {"loggers": {"console": {"config": {"standard_error": False}}}}
KEPT_FILES = 100  # runs whose lines are kept: a season of nights
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Told(logging.Filter):
    """Let through what is important enough; a table, a step,
    a check or a run that is done is information.
    """

    def __init__(self, lowest: str) -> None:
        super().__init__()
        self.lowest = logging.getLevelNamesMapping()[lowest]

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno = level_of(record)
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
        entry = line if event is None else {**line, **facts_of(event), **self._cpu_of(event)}
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


def _tables_of_steps(job: dg.JobDefinition) -> dict[str, str]:
    """Find the table of each step that makes or checks only one."""
    made = {
        node.name: job.asset_layer.get_selected_entity_keys_for_node(NodeHandle(node.name, None))
        for node in job.nodes
    }
    tables = {step: {table_of(key) for key in keys} for step, keys in made.items()}
    return {step: next(iter(names)) for step, names in tables.items() if len(names) == 1}
