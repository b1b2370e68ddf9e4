"""One question about the numbers of an experiment, and its answer."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["healthy", "warning", "thin", "sick"]
FAULT_P = 0.001  # chance alone trips a check once in a thousand experiments, so an alarm is worth stopping for (Fabijan and others 2019)
NOTICE_P = 0.01  # for what only warns: a false alarm costs a look, a missed one the promise


@dataclass(frozen=True)
class HealthCheck:
    """One question about the numbers: the value found, the limit, and what it means for people."""

    check: str
    value: float
    limit: float
    verdict: Verdict
    sentence: str
