"""One question about the numbers of an experiment, and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check says: a warning stops nothing, thin waits, sick makes no claim."""

    HEALTHY = "healthy"
    WARNING = "warning"
    THIN = "thin"
    SICK = "sick"

    def when(self, *, fault: bool) -> "Verdict":
        """Return this verdict where there is a fault, healthy where there is none."""
        return self if fault else Verdict.HEALTHY


ENOUGH_UNITS = "enough_units"
# chance alone trips a check once in a thousand experiments, so an alarm is worth stopping for
# (Fabijan and others 2019)
FAULT_P = 0.001
NOTICE_P = 0.01  # for what only warns: a false alarm costs a look, a missed one the promise


@dataclass(frozen=True)
class HealthCheck:
    """One question about the numbers: the value found, the limit, and what it means for people.

    A check of one metric beside the primary one says so: a metric that cannot be trusted makes no
    claim, and the others keep theirs.
    """

    check: str
    value: float
    limit: float
    verdict: Verdict
    sentence: str
    metric: str | None = None


def concerning(checks: Sequence[HealthCheck], metric: str) -> list[HealthCheck]:
    """Keep the checks that stand for one metric: its own, and those of the whole experiment."""
    return [check for check in checks if check.metric in {None, metric}]


def is_unfit(checks: Sequence[HealthCheck], metric: str) -> bool:
    """Whether the numbers of one metric cannot be trusted, whatever the others are."""
    return any(check.verdict == "sick" for check in checks if check.metric == metric)
