"""Answers of commands as JSON: on standard output, and nothing else there."""

import json
import sys
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path

from pydantic import BaseModel


def print_json(answer: object) -> None:
    """Print an answer (a dataclass, a model, rows) as one JSON document."""
    sys.stdout.write(json.dumps(plain(answer), indent=2, ensure_ascii=False) + "\n")


def plain(value: object) -> object:  # noqa: PLR0911  # one kind of value a line
    """Return a value as JSON knows it: times as ISO 8601, decimals as text, no infinity."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return value.as_posix()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
