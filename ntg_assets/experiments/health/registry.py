"""The health checks of every experiment, in order: one file each, found by being in a folder of
checks.

A check is a function of an experiment and its evidence that yields what it found. It is added by
adding a file with a function under `@health_check(place)`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck

Check = Callable[[ExperimentSettings, Evidence], Iterator[HealthCheck]]


class RegisteredCheck(NamedTuple):
    """One check, and its place among the others."""

    place: int
    name: str
    run: Check


HEALTH_CHECKS: list[RegisteredCheck] = []


def health_check(place: int) -> Callable[[Check], Check]:
    """Register a check under the name of its file.

    Raises:
        ValueError: another check has the same place.
    """

    def register(check: Check) -> Check:
        name = check.__module__.rsplit(".", maxsplit=1)[-1]
        for other in HEALTH_CHECKS:
            if other.place == place:
                msg = f"{name} and {other.name} both want to be check {place}"
                raise ValueError(msg)
        HEALTH_CHECKS.append(RegisteredCheck(place, name, check))
        HEALTH_CHECKS.sort()
        return check

    return register
