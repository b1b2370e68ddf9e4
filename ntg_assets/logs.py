"""Structured logs: one JSON object a line on standard error, for whatever collects them."""

import json
import logging
from datetime import UTC, datetime

import dagster as dg


class JsonLines(logging.Formatter):
    """Write a record as one JSON line: time, level, run, step, message."""

    def format(self, record: logging.LogRecord) -> str:
        about = getattr(record, "dagster_meta", {})
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "run": about.get("run_id"),
            "step": about.get("step_key"),
            "message": about.get("orig_message") or record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in line.items() if value is not None}, ensure_ascii=False)


@dg.logger(
    {"log_level": dg.Field(str, default_value="INFO", description="Lowest level that is written")},
    description="JSON lines on standard error",
)
def structured_log(init_context: dg.InitLoggerContext) -> logging.Logger:
    """Make the console logger of runs."""
    log = logging.getLogger("ntg")
    log.setLevel(init_context.logger_config["log_level"])
    log.propagate = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    log.handlers = [handler]
    return log
